import * as v from 'valibot';
import type { Deliberation } from '#contracts/deliberation';

/**
 * added, merged: `record` is to be written · unchanged: both say the same · conflict: they contradict each other, ours stays ·
 * foreign: what is there is of another version, and stays.
 */
export type Merge<T> =
  | { readonly kind: 'added' | 'merged'; readonly record: T }
  | { readonly kind: 'unchanged' | 'conflict' | 'foreign' };

/** Whether two pieces of plain data say the same, whatever the order of their keys. */
export function isSame(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const [left, right] = [Object.entries(a), Object.entries(b)];
  return (
    left.length === right.length &&
    left.every(([key, value]) => Object.hasOwn(b, key) && isSame(value, Reflect.get(b, key)))
  );
}

/**
 * What is to be done with a record of a file.
 * @param ours what the store has under its id, undefined where it has nothing; bytes of another version stay untouched
 * @param join makes one of both, and says whether they contradict each other
 */
export function mergeRecord<T>(
  ours: unknown,
  theirs: T,
  schema: v.GenericSchema<unknown, T>,
  join: (ours: T, theirs: T) => { readonly record: T; readonly conflict: boolean },
): Merge<T> {
  if (ours === undefined) return { kind: 'added', record: theirs };
  const parsed = v.safeParse(schema, ours);
  if (!parsed.success) return { kind: 'foreign' };
  const { record, conflict } = join(parsed.output, theirs);
  if (conflict) return { kind: 'conflict' };
  return isSame(record, parsed.output) ? { kind: 'unchanged' } : { kind: 'merged', record };
}

/** Ours, with what only theirs knows. A round is what it was: where both know and differ, there is a contradiction. */
export function joinDeliberations(
  ours: Deliberation,
  theirs: Deliberation,
): { readonly record: Deliberation; readonly conflict: boolean } {
  const conflict = Object.entries(theirs).some(
    ([name, value]) => Object.hasOwn(ours, name) && !isSame(Reflect.get(ours, name), value),
  );
  return { record: { ...theirs, ...ours }, conflict };
}
