import { assert } from '#kernel/assert';

interface Wanted {
  /** Somebody is fetching it. */
  claimed: boolean;
  /** Servers whose bytes for it were wrong. */
  readonly badFrom: Set<string>;
  bad: number;
}

/** Chunks that one request is to bring; nobody else fetches them as long as they are held. */
export class Claim {
  readonly first: number;
  readonly count: number;
  /** Servers whose bytes for it were wrong. */
  readonly avoid: ReadonlySet<string>;
  readonly #queue: ChunkQueue;
  readonly #held: Set<number>;

  constructor(queue: ChunkQueue, held: readonly number[], avoid: ReadonlySet<string>) {
    this.#queue = queue;
    this.#held = new Set(held);
    this.first = held[0] ?? 0;
    this.count = held.length;
    this.avoid = avoid;
  }

  holds(index: number): boolean {
    return this.#held.has(index);
  }

  /** This chunk is on its way into the sink, which decides what becomes of it. */
  handOver(index: number): void {
    this.#held.delete(index);
  }

  /** Gives back what is still held. */
  release(): void {
    for (const index of this.#held) this.#queue.release(index);
    this.#held.clear();
  }
}

/** Which chunks are still wanted, and who is at them. */
export class ChunkQueue {
  readonly #wanted = new Map<number, Wanted>();

  /** @param missing indices in ascending order */
  constructor(missing: readonly number[]) {
    for (const index of missing) this.#wanted.set(index, { claimed: false, badFrom: new Set(), bad: 0 });
  }

  /** Chunks that are not kept. */
  get size(): number {
    return this.#wanted.size;
  }

  /**
   * Takes the first chunks that nobody is at; one that came with wrong bytes before goes alone, because another server
   * is asked for it.
   * @returns null when there is none
   */
  claim(atMost: number): Claim | null {
    const held: number[] = [];
    let avoid: ReadonlySet<string> = new Set();
    for (const [index, wanted] of this.#wanted) {
      if (held.length === 0) {
        if (wanted.claimed) continue;
        avoid = new Set(wanted.badFrom);
      } else if (index !== (held[0] ?? 0) + held.length || wanted.claimed || wanted.bad > 0) break;
      wanted.claimed = true;
      held.push(index);
      if (held.length >= atMost || wanted.bad > 0) break;
    }
    return held.length === 0 ? null : new Claim(this, held, avoid);
  }

  /** Takes those of these chunks that are wanted and that nobody is at. */
  claimWithin(first: number, end: number): Claim {
    const held: number[] = [];
    for (let index = first; index < end; index += 1) {
      const wanted = this.#wanted.get(index);
      if (wanted === undefined || wanted.claimed) continue;
      wanted.claimed = true;
      held.push(index);
    }
    return new Claim(this, held, new Set());
  }

  release(index: number): void {
    const wanted = this.#wanted.get(index);
    if (wanted !== undefined) wanted.claimed = false;
  }

  kept(index: number): void {
    this.#wanted.delete(index);
  }

  /** Wrong bytes came for it. @returns how often that was so */
  bad(index: number, url: string): number {
    const wanted = this.#wanted.get(index);
    assert(wanted !== undefined, 'bad bytes of a chunk that nobody wanted');
    wanted.claimed = false;
    wanted.badFrom.add(url);
    wanted.bad += 1;
    return wanted.bad;
  }

  /** Whether anything from this chunk on is free to take. */
  anyFreeFrom(index: number): boolean {
    for (const [at, { claimed }] of this.#wanted) if (at >= index && !claimed) return true;
    return false;
  }
}
