import { assert } from '#kernel/assert';
import type { StreamMark } from './journal.ts';
import type { HashStream, StoreHashes } from './store-hashes.ts';

/** SHA-256 over a file whose chunks are given in order, over several sessions. */
export class WholeHash {
  readonly #hashes: StoreHashes;
  #stream: HashStream | null = null;
  #chunks = 0;
  /** Where the journal believes the hash to be. */
  #journaled = 0;

  constructor(hashes: StoreHashes) {
    this.#hashes = hashes;
  }

  /** The next chunk that it has to see. */
  get chunks(): number {
    return this.#chunks;
  }

  get journaled(): number {
    return this.#journaled;
  }

  /** Takes the hash up where the journal has it, unless it is under way; from the first chunk where it cannot. */
  async resume(mark: StreamMark | null): Promise<void> {
    this.#journaled = mark?.chunks ?? 0;
    if (this.#stream !== null) return;
    try {
      this.#stream = await this.#hashes.stream(mark?.state ?? null);
      this.#chunks = this.#journaled;
    } catch {
      // The state of another build of the hash: what is kept is hashed once more.
      this.#stream = await this.#hashes.stream(null);
      this.#chunks = 0;
    }
  }

  update(bytes: Uint8Array<ArrayBuffer>): void {
    assert(this.#stream !== null, 'the hash was not resumed');
    this.#stream.update(bytes);
    this.#chunks += 1;
  }

  mark(): StreamMark {
    assert(this.#stream !== null, 'the hash was not resumed');
    return { chunks: this.#chunks, state: this.#stream.save() };
  }

  /** The journal took the newest mark, or has another: then that one counts. */
  settle(mark: StreamMark | null): void {
    this.#journaled = mark?.chunks ?? 0;
    if (this.#journaled !== this.#chunks) this.forget();
  }

  /** What was hashed since the last mark may not have been kept: the next `resume` starts from the journal. */
  forget(): void {
    this.#stream = null;
  }

  /** SHA-256 of all that was given, 32 bytes; ends the hash. */
  digest(): Uint8Array {
    assert(this.#stream !== null, 'the hash was not resumed');
    const digest = this.#stream.digest();
    this.#stream = null;
    return digest;
  }
}
