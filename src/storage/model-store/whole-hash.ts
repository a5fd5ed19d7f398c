import { assert } from '#kernel/assert';
import type { StreamMark } from './journal.ts';
import type { HashStream, StoreHashes } from './store-hashes.ts';

/** What a commit tells the journal of the hash: where it was there, and where it is now. */
export interface HashAdvance {
  readonly from: number;
  readonly mark: StreamMark;
}

/** Chunks that wait for the hash, at most: the memory of more would buy nothing where it is the slower part. */
const MOST_WAITING = 2;

/**
 * SHA-256 over a file whose chunks are given in order, over several sessions. It is computed beside the writing: the journal
 * is told of it what is known when chunks are committed, and nothing waits for the rest.
 */
export class WholeHash {
  readonly #hashes: StoreHashes;
  #stream: HashStream | null = null;
  #chunks = 0;
  /** Where the journal believes the hash to be. */
  #journaled = 0;
  /** The newest state that is known, and of how many chunks it is. */
  #ready: StreamMark | null = null;
  /** What was given and is not hashed yet. */
  readonly #waiting = new Set<Promise<unknown>>();
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
    this.#ready = null;
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
    const stream = this.#stream;
    assert(stream !== null, 'the hash was not resumed');
    this.#chunks += 1;
    const chunks = this.#chunks;
    const hashed = Promise.all([stream.update(bytes), stream.save()]);
    const settled = this.#unlessLost(stream, hashed);
    this.#waiting.add(settled);
    const state = (await settled)?.[1] ?? null;
    this.#waiting.delete(settled);
    if (state !== null && this.#stream === stream) this.#ready = { chunks, state };
  }

  /** Resolves when there is room for another chunk. */
  async room(): Promise<void> {
    while (this.#waiting.size >= MOST_WAITING) await Promise.race(this.#waiting);
  }

  /** What can be told with the chunks that it has been given so far; null when nothing new is known. */
  advance(): HashAdvance | null {
    const [mark, from] = [this.#ready, this.#journaled];
    return mark === null || this.isToResume || mark.chunks <= from ? null : { from, mark };
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
