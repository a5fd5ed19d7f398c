/** What `promise` resolves to, or null as soon as `signal` aborts. The promise itself goes on. */
export function untilAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T | null> {
  if (signal.aborted) return Promise.resolve(null);
  return new Promise((resolve, reject) => {
    const onAbort = (): void => {
      resolve(null);
    };
    signal.addEventListener('abort', onAbort, { once: true });
    const leave = (): void => {
      signal.removeEventListener('abort', onAbort);
    };
    promise.then(resolve, reject).then(leave, leave);
  });
}
