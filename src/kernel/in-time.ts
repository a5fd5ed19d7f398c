import type { Clock } from './clock.ts';

/** What `coming` resolves to; null when it rejects, or takes longer than `limitMs`. The promise itself goes on. */
export function inTime<T>(clock: Clock, limitMs: number, coming: Promise<T>): Promise<T | null> {
  return new Promise((resolve) => {
    const cancel = clock.after(limitMs, () => {
      resolve(null);
    });
    const settle = (value: T | null): void => {
      cancel();
      resolve(value);
    };
    coming.then(settle, () => {
      settle(null);
    });
  });
}
