import type { Clock } from './clock.ts';

/** Waits `pauseMs`. @returns false as soon as `signal` aborts; no timer is left behind */
export function pause(clock: Clock, signal: AbortSignal, pauseMs: number): Promise<boolean> {
  if (signal.aborted) return Promise.resolve(false);
  return new Promise((resolve) => {
    const onAbort = (): void => {
      cancel();
      resolve(false);
    };
    const cancel = clock.after(pauseMs, () => {
      signal.removeEventListener('abort', onAbort);
      resolve(true);
    });
    signal.addEventListener('abort', onAbort, { once: true });
  });
}
