import type { CapacityPlan } from '#contracts/plan';
import { bitOf, CHECKS, type Terms } from './check-bits.ts';
import type { Contender } from './contender.ts';
import { CouncilSearch, type Choice } from './council-search.ts';
import { answerTime, firstTokenTime, times } from './council-time.ts';
import { CONTEXTS } from './goal-limits.ts';
import { planChecks, type Expectation } from './plan-checks.ts';
import { countText, listText } from './plan-words.ts';

type Iterations = CapacityPlan['iterations'];

export interface Refinement {
  /** Passes all that is required; null where nothing does. */
  readonly choice: Choice | null;
  /** The last one that was looked at: what a refusal speaks of. Null for an empty pool. */
  readonly last: Choice | null;
  readonly iterations: Iterations;
  /** What stood in the way of the last one. */
  readonly because: string;
  readonly tried: number;
}

const nameOf = ({ candidate }: Contender): string => candidate.prediction.name;
const tokens = (level: number): string => (CONTEXTS[level] ?? 0).toLocaleString('en');

function changeOf(before: Choice, after: Choice): string {
  const gone = before.members.filter(({ id }) => !after.members.some((each) => each.id === id)).map(nameOf);
  const come = after.members.filter(({ id }) => !before.members.some((each) => each.id === id)).map(nameOf);
  const parts: string[] = [];
  if (gone.length > 0 && come.length > 0) parts.push(`${listText(come)} instead of ${listText(gone)}`);
  else if (gone.length > 0) parts.push(`without ${listText(gone)}`);
  else if (come.length > 0) parts.push(`with ${listText(come)} as well`);
  if (before.level !== after.level)
    parts.push(`a context of ${tokens(after.level)} tokens instead of ${tokens(before.level)}`);
  if (before.samples !== after.samples)
    parts.push(
      `${countText(after.samples, 'answer', 'answers')} of each member instead of ${before.samples}`,
    );
  return parts.length === 0 ? 'nothing' : parts.join('; ');
}

/** Times at one member at a time: what a choice is judged by. */
export function expectationOf({ members, samples }: Choice, terms: Terms): Expectation {
  const known = members.every(({ speed }) => speed !== null);
  return {
    answerMs: known ? times(answerTime(members, terms.lanes), samples) : null,
    firstTokenMs: firstTokenTime(members),
  };
}

/**
 * W13's loop: the best council on paper is checked; each check that it does not pass becomes a condition, and the best under
 * all conditions so far is checked next. It ends after as many rounds as there are checks, and its result is the best of
 * all councils that pass: no other order of adjusting would find a better one.
 * @param optional bits of checks that need not pass
 */
export function refine(pool: readonly Contender[], terms: Terms, optional: number): Refinement {
  const search = new CouncilSearch(pool, terms);
  const choices = search.run();
  const iterations: Iterations = [];
  let required = 0;
  let choice = choices.best(required);
  let because = 'No model stands for a seat.';
  while (choice !== null) {
    const asked: Choice = choice;
    const broken = CHECKS.find((name) => (asked.failing & ~optional & bitOf(name)) !== 0);
    if (broken === undefined) return { choice, last: choice, iterations, because, tried: search.tried };
    required |= bitOf(broken);
    const check = planChecks(asked, expectationOf(asked, terms), terms, required).find(
      ({ name }) => name === broken,
    );
    because = check?.detail ?? broken;
    const next = choices.best(required);
    if (next === null) return { choice: null, last: asked, iterations, because, tried: search.tried };
    iterations.push({ change: changeOf(asked, next), because });
    choice = next;
  }
  return { choice: null, last: null, iterations, because, tried: search.tried };
}
