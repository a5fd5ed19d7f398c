import type { Ballot, RuleMember, RuleVerdict, Sample } from '#contracts/rules';

/** A sample that is a vote: it has a key. */
export type CastVote = Sample & { readonly key: string };

/** A vote and what a rule gives it. */
export interface Candidate {
  readonly vote: CastVote;
  readonly score: number;
}

/**
 * Scores nearer than this are equal. Scores are sums of a few dozen numbers of about 1, whose rounding is below 1e-13;
 * real differences of weights are above 1e-6.
 */
export const EQUAL = 1e-9;

/** Members by measured accuracy, best first; of equals the one that stands first on the roster. */
export function membersBestFirst({ members }: Pick<Ballot, 'members'>): readonly RuleMember[] {
  return [...members].sort((a, b) => b.accuracy - a.accuracy);
}

/** Samples of one member in order of their index, abstentions included. */
export function samplesOf({ samples }: Pick<Ballot, 'samples'>, memberId: string): readonly Sample[] {
  return samples.filter((sample) => sample.memberId === memberId).sort((a, b) => a.index - b.index);
}

export function isVote(sample: Sample): sample is CastVote {
  return sample.key !== null;
}

/**
 * Votes of the roster's members, best member first, then by index. All rules go through votes in this one order: sums round
 * alike and ties fall alike, whatever order samples are in and whatever members and keys are called.
 */
export function votesBestFirst(ballot: Ballot): readonly CastVote[] {
  return membersBestFirst(ballot).flatMap(({ id }) => samplesOf(ballot, id).filter(isVote));
}

/** What each vote of a member counts. */
export function weightsIn({ members }: Pick<Ballot, 'members'>): (memberId: string) => number {
  const weights = new Map(members.map(({ id, weight = 1 }) => [id, weight]));
  return (memberId) => weights.get(memberId) ?? 1;
}

/** Votes do not all count alike. */
export function isWeighed({ members }: Pick<Ballot, 'members'>): boolean {
  return members.some(({ weight = 1 }) => weight !== 1);
}

/**
 * The verdict for the best candidate; of equals the first, so they have to come best member first. A key's score is the
 * highest of its candidates.
 */
export function verdictOf(candidates: readonly Candidate[]): RuleVerdict | null {
  const best = Math.max(...candidates.map(({ score }) => score));
  const leaders = candidates.filter(({ score }) => score >= best - EQUAL);
  const [winner] = leaders;
  if (winner === undefined) return null;
  const scores = new Map<string, number>();
  for (const { vote, score } of candidates) {
    scores.set(vote.key, Math.max(score, scores.get(vote.key) ?? -Infinity));
  }
  return {
    key: winner.vote.key,
    speakerId: winner.vote.memberId,
    tied: leaders.some(({ vote }) => vote.key !== winner.vote.key),
    scores,
  };
}

/**
 * The verdict where every vote has a weight and a key gets the sum of its votes. Those of weight 0 have no say, not even in a
 * tie.
 */
export function weighedVerdict(
  cast: readonly CastVote[],
  weightOf: (vote: CastVote) => number,
): RuleVerdict | null {
  const votes = cast.filter((vote) => weightOf(vote) > 0);
  const scores = new Map<string, number>();
  for (const vote of votes) scores.set(vote.key, (scores.get(vote.key) ?? 0) + weightOf(vote));
  return verdictOf(votes.map((vote) => ({ vote, score: scores.get(vote.key) ?? 0 })));
}

/** What the speaker said for the winning key: its first sample with that key, to be quoted. */
export function quoteOf(ballot: Ballot, verdict: Pick<RuleVerdict, 'key' | 'speakerId'>): string {
  const spoken = samplesOf(ballot, verdict.speakerId).find(({ key }) => key === verdict.key);
  return spoken?.text.trim() ?? verdict.key;
}
