import type { HashStream, StoreHashes } from '../../src/storage/model-store/store-hashes.ts';
import { SerialQueue } from '../../src/storage/model-store/serial-queue.ts';

/**
 * Streams as if another thread computed them: later, in order, over a copy; and lost for good when that thread dies.
 * @param dies asked before each piece of work
 */
export function mortalHashes(own: StoreHashes, dies: () => boolean): StoreHashes {
  return { ...own, stream: async (state) => new MortalStream(await own.stream(state), dies) };
}

class MortalStream implements HashStream {
  readonly #stream: HashStream;
  readonly #dies: () => boolean;
  readonly #thread = new SerialQueue();
  #dead = false;

  constructor(stream: HashStream, dies: () => boolean) {
    this.#stream = stream;
    this.#dies = dies;
  }

  update(bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    const copy = bytes.slice();
    return this.#run(() => this.#stream.update(copy));
  }

  save(): Promise<Uint8Array> {
    return this.#run(() => this.#stream.save());
  }

  digest(): Promise<Uint8Array> {
    return this.#run(() => this.#stream.digest());
  }

  #run<T>(work: () => Promise<T>): Promise<T> {
    return this.#thread.run(async () => {
      // As long as a message takes.
      for (let turns = 0; turns < 5; turns += 1) await Promise.resolve();
      this.#dead ||= this.#dies();
      if (this.#dead) throw new Error('the thread that hashes is gone');
      return work();
    });
  }
}
