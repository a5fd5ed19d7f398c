/**
 * Stops at once on a broken invariant (a bug in Witan, never bad input).
 * @throws Error with `message`
 */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Error(`invariant broken: ${message}`);
}

/** Narrows away `undefined` and `null` where the surrounding code guarantees a value. */
export function present<T>(value: T | null | undefined, what: string): T {
  assert(value !== undefined && value !== null, `${what} is missing`);
  return value;
}

/** Compile-time proof that a union is handled completely. */
export function unreachable(value: never): never {
  throw new Error(`unreachable case: ${JSON.stringify(value)}`);
}
