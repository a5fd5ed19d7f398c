import type { Ballot, Rule, RuleVerdict, Sample } from '#contracts/rules';
import { isVote, membersBestFirst, samplesOf, weighedVerdict, type CastVote } from './ballot-order.ts';

/**
 * ModelSwitch (arXiv 2504.00762): members speak one after the other, most accurate first, k samples each; the first whose
 * samples all agree has the say. Where none agrees with itself, all votes count, weighed by
 * w_m = 1/l + (1 − 1/l)·(1 − H_m/ln l), H_m the entropy of the l votes of m (1 when they agree, 1/l when all differ).
 * The weight is the form in which two independent reproductions give the paper's; the authors' own script counts plainly.
 * Fits one GPU: the next model is loaded only on disagreement. With k = 1 the most accurate member always has the say.
 */
export type SwitchStep =
  | { readonly over: false; readonly memberId: string; readonly samples: number }
  | {
      readonly over: true;
      readonly verdict: RuleVerdict | null;
      /** Members that were asked; the others need not be loaded. */
      readonly asked: readonly string[];
    };

function agreed(samples: readonly Sample[]): CastVote | null {
  const [first] = samples;
  if (first === undefined || !isVote(first)) return null;
  return samples.every(({ key }) => key === first.key) ? first : null;
}

function selfConsistencyWeight(votes: readonly CastVote[]): number {
  const l = votes.length;
  if (l < 2) return 1;
  const counts = new Map<string, number>();
  for (const { key } of votes) counts.set(key, (counts.get(key) ?? 0) + 1);
  const entropy = [...counts.values()].reduce((sum, count) => sum - (count / l) * Math.log(count / l), 0);
  return 1 / l + (1 - 1 / l) * (1 - entropy / Math.log(l));
}

function voteOfAll(votesOfMembers: readonly (readonly CastVote[])[]): RuleVerdict | null {
  const weights = new Map(
    votesOfMembers.flatMap((votes) => votes.map((vote) => [vote.memberId, selfConsistencyWeight(votes)])),
  );
  return weighedVerdict(votesOfMembers.flat(), ({ memberId }) => weights.get(memberId) ?? 0);
}

function verdictOfAgreed(winner: CastVote, drawn: readonly CastVote[]): RuleVerdict {
  const scores = new Map(drawn.map(({ key }) => [key, key === winner.key ? 1 : 0]));
  return { key: winner.key, speakerId: winner.memberId, tied: false, scores };
}

/**
 * Whom to ask next, and how many samples, or that it is over. A member that cannot answer any more is left out of
 * `ballot.members` by the caller: it would be asked for ever.
 * @param samplesOfEach k: how many samples a member gives before it is judged
 */
export function modelSwitchStep(ballot: Ballot, samplesOfEach: (memberId: string) => number): SwitchStep {
  const asked: string[] = [];
  const drawn: (readonly CastVote[])[] = [];
  for (const { id } of membersBestFirst(ballot)) {
    const samples = samplesOf(ballot, id);
    const wanted = samplesOfEach(id) - samples.length;
    if (wanted > 0) return { over: false, memberId: id, samples: wanted };
    if (samples.length === 0) continue;
    asked.push(id);
    drawn.push(samples.filter(isVote));
    const winner = agreed(samples);
    if (winner !== null) return { over: true, verdict: verdictOfAgreed(winner, drawn.flat()), asked };
  }
  return { over: true, verdict: voteOfAll(drawn), asked };
}

/** ModelSwitch on a full record: each member's k is the number of samples that are on record for it. */
export const modelSwitch: Rule = (ballot) => {
  const step = modelSwitchStep(ballot, (id) => samplesOf(ballot, id).length);
  return step.over ? step.verdict : null;
};
