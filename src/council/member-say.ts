import { MOST_WEIGHT, type RuleMember, type RuleName } from '#contracts/rules';

/** What each vote of a member counts, by its id; absent: 1. */
export type Weights = Readonly<Record<string, number>>;

/** Rules that count votes. */
const COUNTING: ReadonlySet<RuleName> = new Set(['plurality', 'confidence']);

/** ModelSwitch asks the most accurate first, which is no tie; a chairman has chosen already. */
const WITHOUT_CASTING_VOTE: ReadonlySet<RuleName> = new Set(['model-switch', 'chairman']);

/** Fine enough to say "half as much again"; sums of hundredths differ by more than they round. */
const STEPS = 100;

/** Before every measured accuracy, 0..1. */
const FIRST = 2;

/**
 * The weights that have a say in this round.
 * @returns null where votes are not counted, or all count alike: all 1, or all 0
 */
export function weightsFor(
  wanted: Weights | undefined,
  rule: RuleName,
  memberIds: readonly string[],
): Weights | null {
  if (wanted === undefined || !COUNTING.has(rule)) return null;
  const given = memberIds.flatMap((id) => {
    const weight = wanted[id] ?? 1;
    return Number.isFinite(weight)
      ? [[id, Math.round(Math.min(MOST_WEIGHT, Math.max(0, weight)) * STEPS) / STEPS] as const]
      : [];
  });
  const unequal = given.filter(([, weight]) => weight !== 1);
  const nobody = given.every(([, weight]) => weight === 0);
  return unequal.length === 0 || nobody ? null : Object.fromEntries(unequal);
}

/** The member with the casting vote. */
export function tieBreakerFor(chairman: string | undefined, rule: RuleName): string | null {
  return chairman === undefined || WITHOUT_CASTING_VOTE.has(rule) ? null : chairman;
}

/** By what ties are broken and speakers chosen: the measured accuracy, before which stands who has the casting vote. */
export function standingOf(id: string, accuracy: number, tieBreaker: string | null | undefined): number {
  return id === tieBreaker ? FIRST : accuracy;
}

/** A member as rules see it. */
export function ruleMember(id: string, accuracy: number, weights: Weights | null | undefined): RuleMember {
  const weight = weights?.[id];
  return { id, accuracy, ...(weight === undefined ? {} : { weight }) };
}
