import { assert } from '#kernel/assert';
import type { StreamMark } from './journal.ts';
import type { HashStream, StoreHashes } from './store-hashes.ts';

/** What a commit tells the journal of the hash: where it was there, and where it is now. */
export interface HashAdvance {
  readonly from: number;
  readonly mark: StreamMark;
}

/**
 * SHA-256 over a file whose chunks are given in order, over several sessions. It runs ahead of the journal: chunks are
 * hashed when they are written, and the journal hears of it when they are flushed.
 */
export class WholeHash {
  readonly #hashes: StoreHashes;
  #stream: HashStream | null = null;
  #chunks = 0;
  /** Where the journal believes the hash to be. */
  #journaled = 0;
  /** It has seen what may not have been kept. */
  #isAstray = false;

  constructor(hashes: StoreHashes) {
    this.#hashes = hashes;
  }

  /** The next chunk that it has to see. */
  get chunks(): number {
    return this.#chunks;
  }

  /** Whether it is to be taken up from the journal. */
  get isToResume(): boolean {
    return this.#stream === null || this.#isAstray;
  }

  /**
   * Takes the hash up where the journal has it, unless it is under way; from the first chunk where it cannot. While it has
   * to (`isToResume`), nothing may be on its way into the journal.
   */
  async resume(mark: StreamMark | null): Promise<void> {
    if (!this.isToResume) return;
    this.#stream = null;
    this.#isAstray = false;
    this.#journaled = mark?.chunks ?? 0;
    try {
      this.#stream = await this.#hashes.stream(mark?.state ?? null);
      this.#chunks = this.#journaled;
    } catch {
      // The state of another build of the hash: what is kept is hashed once more.
      this.#stream = await this.#hashes.stream(null);
      this.#chunks = 0;
    }
  }

  /**
   * The next chunk. It counts as seen from now on; when the hash is lost over it, it is to be taken up again (`isToResume`).
   * @returns resolves when it is hashed, or the hash is lost: whoever has many to give waits for it
   */
  async update(bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    assert(this.#stream !== null, 'the hash was not resumed');
    const hashing = this.#stream.update(bytes);
    this.#chunks += 1;
    await this.#unlessLost(this.#stream, hashing);
  }

  /**
   * What is to be told with the chunks that it has seen when this is called; null when there is nothing new, it is of no use,
   * or the hash is lost. Never rejects.
   */
  async advance(): Promise<HashAdvance | null> {
    if (this.#stream === null || this.#isAstray || this.#chunks === this.#journaled) return null;
    const [from, chunks] = [this.#journaled, this.#chunks];
    const state = await this.#unlessLost(this.#stream, this.#stream.save());
    return state === null ? null : { from, mark: { chunks, state } };
  }

  /** @param found what the journal has now; anything but what it was told sends the hash back there */
  settle(told: HashAdvance | null, found: StreamMark | null): void {
    const chunks = found?.chunks ?? 0;
    if (chunks !== (told?.mark.chunks ?? this.#journaled)) this.#isAstray = true;
    this.#journaled = chunks;
  }

  /** What it has seen may not have been kept: the next `resume` starts from the journal. */
  stray(): void {
    this.#isAstray = true;
  }

  /** SHA-256 of all that was given, 32 bytes; null when it was lost on the way. Ends the hash. */
  async digest(): Promise<Uint8Array | null> {
    assert(this.#stream !== null, 'the hash was not resumed');
    const stream = this.#stream;
    const digest = this.#isAstray ? null : await this.#unlessLost(stream, stream.digest());
    this.#stream = null;
    return digest;
  }

  /** A lost stream is no failure of the file's: what is kept can be hashed again. */
  async #unlessLost<T>(stream: HashStream, answer: Promise<T>): Promise<T | null> {
    try {
      return await answer;
    } catch {
      if (this.#stream === stream) this.#isAstray = true;
      return null;
    }
  }
}
