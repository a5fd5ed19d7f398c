import type { Clock } from '#kernel/clock';

/** The reading, or `fallback` when it throws. */
export function guarded<T>(read: () => T, fallback: T): T {
  try {
    return read();
  } catch {
    return fallback;
  }
}

/** The reading, or `fallback` when it rejects or has not settled after `limitMs`: some drivers never answer. */
export function guardedAsync<T>(
  clock: Clock,
  limitMs: number,
  read: () => Promise<T>,
  fallback: T,
): Promise<T> {
  return new Promise((resolve) => {
    const cancel = clock.after(limitMs, () => {
      resolve(fallback);
    });
    // In an async function of its own, so that a reading that throws at once counts as a rejection.
    const settle = async (): Promise<void> => {
      try {
        resolve(await read());
      } catch {
        resolve(fallback);
      } finally {
        cancel();
      }
    };
    void settle();
  });
}

/** A property of anything; undefined where there is none, or where its getter throws. */
export function property(source: unknown, name: string): unknown {
  const isObject = typeof source === 'object' && source !== null;
  return guarded<unknown>(() => (isObject ? Reflect.get(source, name) : undefined), undefined);
}

export function numberOrNull(value: unknown): number | null {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : null;
}

/** For readings of which 0 means that the browser hides them. */
export function positiveOrNull(value: unknown): number | null {
  return numberOrNull(value) === 0 ? null : numberOrNull(value);
}

export function textOrEmpty(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
