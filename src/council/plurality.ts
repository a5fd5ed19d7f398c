/** One valid vote. */
export interface Vote {
  readonly memberId: string;
  readonly key: string;
}

export interface Tally {
  /** Members per key, most votes first; equal counts in order of first vote. */
  readonly groups: readonly { readonly key: string; readonly members: readonly string[] }[];
  /** Votes of the leading key minus those of the second. */
  readonly lead: number;
  /** Keys that share the first place. */
  readonly leaders: readonly string[];
}

export function tally(votes: readonly Vote[]): Tally {
  const byKey = new Map<string, string[]>();
  for (const { memberId, key } of votes) byKey.set(key, [...(byKey.get(key) ?? []), memberId]);
  const groups = [...byKey]
    .map(([key, members]) => ({ key, members }))
    .sort((a, b) => b.members.length - a.members.length);
  const first = groups[0]?.members.length ?? 0;
  const second = groups[1]?.members.length ?? 0;
  return {
    groups,
    lead: first - second,
    leaders: groups.filter((group) => group.members.length === first).map((group) => group.key),
  };
}

/**
 * Exact plurality stop: decided when the lead is larger than the number of votes still outstanding, so that the
 * answer is identical to that of the full vote whatever the rest say.
 */
export function isDecided(current: Tally, outstanding: number): boolean {
  return current.leaders.length === 1 && current.lead > outstanding;
}

/**
 * The winner of a full or partial vote (Wang et al., arXiv 2203.11171: plurality of sampled answers). A tie goes to the
 * key of the tied member with the best measured accuracy.
 * @param accuracyOf measured accuracy per member, 0..1
 */
export function pluralityWinner(
  votes: readonly Vote[],
  accuracyOf: (memberId: string) => number,
): { readonly key: string; readonly tied: boolean } | null {
  const { leaders, groups } = tally(votes);
  const [only] = leaders;
  if (only === undefined) return null;
  if (leaders.length === 1) return { key: only, tied: false };
  const best = groups
    .filter((group) => leaders.includes(group.key))
    .map((group) => ({ key: group.key, accuracy: Math.max(...group.members.map(accuracyOf)) }))
    .reduce((a, b) => (b.accuracy > a.accuracy ? b : a));
  return { key: best.key, tied: true };
}
