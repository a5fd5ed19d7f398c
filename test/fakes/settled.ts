import type { VirtualClock } from './virtual-clock.ts';

/** Turns of the event loop without a timer before a promise counts as one that never settles. */
const PATIENCE = 100_000;

/**
 * What `promise` settles to, while the clock jumps from timer to timer whenever nothing else happens.
 * @throws Error when nothing is left that could settle it
 */
export async function settled<T>(clock: VirtualClock, promise: Promise<T>): Promise<T> {
  let isSettled = false;
  const note = (): void => {
    isSettled = true;
  };
  promise.then(note, note);
  for (let idle = 0; idle < PATIENCE; idle += 1) {
    await new Promise((resolve) => setImmediate(resolve));
    if (isSettled) return promise;
    if (clock.step()) idle = 0;
  }
  throw new Error('it never settles');
}
