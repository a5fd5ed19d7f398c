/** All time in Witan comes from an injected clock, so that every controller can be replayed from a trace. */
export interface Clock {
  /** Monotonic time in milliseconds since an arbitrary origin. */
  nowMs(): number;
  /** Wall-clock time in milliseconds since the Unix epoch; for records only, never for intervals. */
  epochMs(): number;
  /** Calls `task` once after at least `delayMs`; returns a function that cancels it. */
  after(delayMs: number, task: () => void): () => void;
}

export const systemClock: Clock = {
  nowMs: () => performance.now(),
  epochMs: () => Date.now(),
  after: (delayMs, task) => {
    const timer = setTimeout(task, delayMs);
    return () => {
      clearTimeout(timer);
    };
  },
};

/** Resolves after `delayMs` on the given clock. */
export function delay(clock: Clock, delayMs: number): Promise<void> {
  return new Promise((resolve) => {
    clock.after(delayMs, resolve);
  });
}
