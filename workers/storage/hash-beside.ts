import * as Comlink from 'comlink';
import type { Clock } from '#kernel/clock';
import type { RunningHashesApi } from '#contracts/hash-worker';
import type { HashStream, StoreHashes } from '../../src/storage/model-store/store-hashes.ts';

/**
 * Nobody waits longer than this for the other thread; whoever does may lose some speed, nothing else. The page, which
 * watches that thread, says much sooner when it is gone.
 */
const SILENCE_ALLOWED_MS = 30_000;

/** A thread that hashes for this one, until it is lost. */
class Line {
  readonly #port: MessagePort;
  readonly #api: Comlink.Remote<RunningHashesApi>;
  readonly #clock: Clock;
  /** Those who wait for an answer: comlink itself never rejects when nobody is there any more. */
  readonly #waiting = new Set<(reason: Error) => void>();
  /** Memory that came back, of one chunk each. */
  readonly #free: ArrayBuffer[] = [];
  #streams = 0;
  #lost = false;

  constructor(port: MessagePort, clock: Clock) {
    this.#port = port;
    this.#api = Comlink.wrap<RunningHashesApi>(port);
    this.#clock = clock;
  }

  get lost(): boolean {
    return this.#lost;
  }

  /** Rejects where the thread is lost, or cannot take the state up. */
  async open(state: Uint8Array | null): Promise<HashStream> {
    this.#streams += 1;
    const id = this.#streams;
    await this.#ask((api) => api.open(id, state));
    return {
      update: async (bytes) => {
        const copy = this.#copyOf(bytes);
        const back = await this.#ask((api) => api.update(id, Comlink.transfer(copy, [copy.buffer])));
        this.#free.push(back.buffer);
      },
      save: () => this.#ask((api) => api.save(id)),
      digest: () => this.#ask((api) => api.digest(id)),
    };
  }

  lose(): void {
    if (this.#lost) return;
    this.#lost = true;
    this.#free.length = 0;
    for (const reject of [...this.#waiting]) reject(gone());
    this.#port.close();
  }

  /** Copied, not lent: the writing goes on with the bytes as they are. */
  #copyOf(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
    const found = this.#free.findLastIndex((memory) => memory.byteLength >= bytes.length);
    const [memory = new ArrayBuffer(bytes.length)] = found < 0 ? [] : this.#free.splice(found, 1);
    const copy = new Uint8Array(memory, 0, bytes.length);
    copy.set(bytes);
    return copy;
  }

  #ask<T>(question: (api: Comlink.Remote<RunningHashesApi>) => Promise<T>): Promise<T> {
    if (this.#lost) return Promise.reject(gone());
    return new Promise<T>((resolve, reject) => {
      this.#waiting.add(reject);
      const cancel = this.#clock.after(SILENCE_ALLOWED_MS, () => {
        this.lose();
      });
      const forget = (): void => {
        this.#waiting.delete(reject);
        cancel();
      };
      // Posted within this call, whatever it throws.
      const asked = (async () => question(this.#api))();
      asked.then(resolve, reject);
      asked.then(forget, forget);
    });
  }
}

const gone = (): Error => new Error('the thread that hashes is gone');

/**
 * Hashes over whole files in a thread beside this one, as long as there is one; else in this one. A stream whose thread is
 * lost is lost (see `HashStream`); the next one is computed where that can be done then.
 */
export class HashBeside {
  readonly #clock: Clock;
  #line: Line | null = null;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** @param port on which `RunningHashesApi` is served from now on; null: the one that was is gone */
  connect(port: MessagePort | null): void {
    this.#line?.lose();
    this.#line = port === null ? null : new Line(port, this.#clock);
  }

  /** @param own the hashes of this thread */
  over(own: StoreHashes): StoreHashes {
    return {
      ...own,
      stream: async (state) => {
        const line = this.#line;
        if (line === null || line.lost) return own.stream(state);
        try {
          return await line.open(state);
        } catch {
          // A state that is refused there is refused here, too: then it is for the caller to know.
          return own.stream(state);
        }
      },
    };
  }
}
