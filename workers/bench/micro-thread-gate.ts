/** 32-bit words of the gate, at the beginning of the shared memory. */
const ARRIVED = 0;
const MEETING = 1;
const TAKEN = 2;
const POSITION = 3;

/** A thread that does not come so long is lost, or the machine is too busy to measure. Shorter than workers may be silent. */
const PATIENCE_MS = 1_000;

/**
 * Where threads of a group begin and end together, and share out the work between: fast cores take more of it than slow
 * ones. The barrier is the usual one that can be used again: the last to arrive opens the next meeting.
 */
export class ThreadGate {
  readonly #words: Int32Array;
  readonly #threads: number;

  /** @param memory shared by all threads of the group, all 0 at the beginning */
  constructor(memory: ArrayBufferLike, threads: number) {
    this.#words = new Int32Array(memory, 0, POSITION + 1);
    this.#threads = threads;
  }

  /**
   * Waits for all others.
   * @param pieces of work that there are this time: those who take them go on where the last repetition ended
   * @returns the number of the first; null when the others did not come: the gate is of no use any more
   */
  begin(pieces: number): number | null {
    const met = this.#meet(() => {
      Atomics.store(this.#words, TAKEN, 0);
      Atomics.add(this.#words, POSITION, pieces);
    });
    return met ? Atomics.load(this.#words, POSITION) - pieces : null;
  }

  /** The next piece of work that nobody has taken, from 0. */
  take(): number {
    return Atomics.add(this.#words, TAKEN, 1);
  }

  /** Waits until all others have done their work, too. @returns false when they did not end */
  end(): boolean {
    return this.#meet(() => undefined);
  }

  /** @param asLast runs in one thread, while all others wait */
  #meet(asLast: () => void): boolean {
    const meeting = Atomics.load(this.#words, MEETING);
    if (Atomics.add(this.#words, ARRIVED, 1) + 1 < this.#threads)
      return Atomics.wait(this.#words, MEETING, meeting, PATIENCE_MS) !== 'timed-out';
    asLast();
    Atomics.store(this.#words, ARRIVED, 0);
    Atomics.add(this.#words, MEETING, 1);
    Atomics.notify(this.#words, MEETING);
    return true;
  }
}
