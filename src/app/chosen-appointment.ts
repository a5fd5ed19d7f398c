import { ok } from '#kernel/result';
import type { Outcome } from '#contracts/errors';
import type { MemberChoice } from '#contracts/settings';
import type { MemberSpec } from '../resources/member-spec.ts';
import type { Appointment } from './council-service.ts';

/** What is to be known of members that do not come with the app. */
export interface FurtherSpecs {
  readonly specs: (
    signal: AbortSignal,
    choices: readonly MemberChoice[],
  ) => Promise<Outcome<readonly MemberSpec[]>>;
  readonly deadlyRungs: () => Promise<ReadonlyMap<string, readonly string[]>>;
}

/** A seat that is named twice is one seat. */
export function oncePerId(choices: readonly MemberChoice[]): readonly MemberChoice[] {
  return choices.filter(({ id }, index) => choices.findIndex((other) => other.id === id) === index);
}

/**
 * The council as it was chosen, in that order; the bundled one when nobody chosen exists any more.
 * Errors: cancelled.
 * @param starters bundled members by their ids, or all
 */
export async function chosenAppointment(
  signal: AbortSignal,
  chosen: readonly MemberChoice[],
  starters: (ids?: readonly string[]) => readonly MemberSpec[],
  further: FurtherSpecs,
): Promise<Outcome<Appointment>> {
  const choices = oncePerId(chosen);
  const bundled = starters(choices.flatMap(({ engine, id }) => (engine === 'starter' ? [id] : [])));
  const others = choices.filter(({ engine }) => engine !== 'starter');
  const specs = await further.specs(signal, others);
  if (!specs.ok) return specs;
  const all = [...bundled, ...specs.value];
  const inOrder = choices.flatMap(({ id }): readonly MemberSpec[] => all.filter((spec) => spec.id === id));
  if (inOrder.length === 0) return ok({ specs: starters() });
  return ok({
    specs: inOrder,
    deadlyRungs: await further.deadlyRungs(),
    incomplete: all.some(({ unavailable }) => unavailable !== undefined),
  });
}
