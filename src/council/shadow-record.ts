import type { Deliberation } from '#contracts/deliberation';
import { STOPS, type Ballot, type RuleName } from '#contracts/rules';
import { ruleNamed } from './rules/rule-named.ts';
import type { Seat } from './seat.ts';
import { shadowOf } from './stops/shadow.ts';
import { stopNamed } from './stops/stop-named.ts';

/** Rules that decide by the answers alone, so that a stop could have ended them sooner. */
export const STOPPABLE: ReadonlySet<RuleName> = new Set([
  'plurality',
  'slm-mux',
  'model-switch',
  'confidence',
]);

/**
 * What each stop would have saved of this round. Only a vote that was heard to its end tells that; null for all others.
 */
export function shadowOfRound(
  seats: readonly Seat[],
  ballot: Ballot,
  rule: RuleName,
): NonNullable<Deliberation['shadow']> | null {
  const heard = seats.every(({ samples, planned }) => samples.length === planned);
  if (!heard || seats.length === 0 || !STOPPABLE.has(rule)) return null;
  const stops = new Map(
    STOPS.flatMap((name) => {
      const stop = stopNamed(name, rule);
      return stop === null ? [] : [[name, stop] as const];
    }),
  );
  return shadowOf(ballot, ruleNamed(rule), stops).stops.flatMap(
    ({ name, callsSaved, tokensSaved, changed }) => {
      const stop = STOPS.find((each) => each === name);
      return stop === undefined ? [] : [{ stop, callsSaved, tokensSaved, changed }];
    },
  );
}
