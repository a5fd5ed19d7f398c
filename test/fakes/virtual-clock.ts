import type { Clock } from '#kernel/clock';

interface Timer {
  readonly dueMs: number;
  readonly order: number;
  readonly task: () => void;
}

/** A clock that moves only when told. Timers run in due order; equal times in the order they were set. */
export class VirtualClock implements Clock {
  #nowMs: number;
  #epochOffsetMs: number;
  #order = 0;
  readonly #timers = new Set<Timer>();

  constructor(nowMs = 0, epochMs = 1_700_000_000_000) {
    this.#nowMs = nowMs;
    this.#epochOffsetMs = epochMs - nowMs;
  }

  nowMs(): number {
    return this.#nowMs;
  }

  epochMs(): number {
    return Math.round(this.#nowMs + this.#epochOffsetMs);
  }

  after(delayMs: number, task: () => void): () => void {
    this.#order += 1;
    const timer: Timer = { dueMs: this.#nowMs + Math.max(0, delayMs), order: this.#order, task };
    this.#timers.add(timer);
    return () => {
      this.#timers.delete(timer);
    };
  }

  /** Timers that are set and have not run. */
  get pending(): number {
    return this.#timers.size;
  }

  /** When the next timer is due; Infinity when none is set. */
  get nextDueMs(): number {
    return this.#next(Infinity)?.dueMs ?? Infinity;
  }

  /** Moves time on and runs what comes due on the way, each at its own time. */
  advance(byMs: number): void {
    const endMs = this.#nowMs + byMs;
    for (let next = this.#next(endMs); next !== null; next = this.#next(endMs)) {
      this.#timers.delete(next);
      this.#nowMs = Math.max(this.#nowMs, next.dueMs);
      next.task();
    }
    this.#nowMs = Math.max(this.#nowMs, endMs);
  }

  /** Moves to the moment when the next timer is due, and runs it. @returns false when none is set */
  step(): boolean {
    const next = this.#next(Infinity);
    if (next === null) return false;
    this.advance(Math.max(0, next.dueMs - this.#nowMs));
    return true;
  }

  /** Moves time on without running anything: a thread that is blocked. What came due runs at the next `advance`. */
  block(forMs: number): void {
    this.#nowMs += forMs;
  }

  /** Somebody sets the wall clock. */
  setEpoch(epochMs: number): void {
    this.#epochOffsetMs = epochMs - this.#nowMs;
  }

  #next(untilMs: number): Timer | null {
    let best: Timer | null = null;
    for (const timer of this.#timers) {
      if (timer.dueMs > untilMs) continue;
      if (
        best === null ||
        timer.dueMs < best.dueMs ||
        (timer.dueMs === best.dueMs && timer.order < best.order)
      )
        best = timer;
    }
    return best;
  }
}
