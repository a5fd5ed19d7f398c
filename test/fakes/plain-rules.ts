import type { Ballot, Rule, RuleVerdict, Sample } from '#contracts/rules';
import type { RuleSet } from '../../src/council/evaluation/judged.ts';

/** Rules written down again as plainly as can be, for tests that replay them. */
type Vote = Sample & { readonly key: string };

const votesOf = ({ members, samples }: Ballot): readonly Vote[] =>
  [...members]
    .sort((a, b) => b.accuracy - a.accuracy)
    .flatMap(({ id }) => samples.filter(({ memberId }) => memberId === id).sort((a, b) => a.index - b.index))
    .filter((sample): sample is Vote => sample.key !== null);

function verdict(votes: readonly Vote[], scoreOf: (vote: Vote) => number): RuleVerdict | null {
  const [first, ...rest] = votes;
  if (first === undefined) return null;
  const best = rest.reduce((a, b) => (scoreOf(b) > scoreOf(a) ? b : a), first);
  return {
    key: best.key,
    speakerId: best.memberId,
    tied: votes.some((vote) => vote.key !== best.key && scoreOf(vote) === scoreOf(best)),
    scores: new Map(votes.map((vote) => [vote.key, scoreOf(vote)])),
  };
}

export const plainPlurality: Rule = (ballot) => {
  const votes = votesOf(ballot);
  return verdict(votes, ({ key }) => votes.filter((vote) => vote.key === key).length);
};

/** Most frequent answer of the member that is most at one with itself. */
export const plainSlmMux: Rule = (ballot) => {
  const votes = votesOf(ballot);
  return verdict(votes, ({ key, memberId }) => {
    const own = ballot.samples.filter((sample) => sample.memberId === memberId);
    return own.filter((sample) => sample.key === key).length / own.length;
  });
};

/** The first member, best first, that says one thing only; else all votes. */
export const plainModelSwitch: Rule = (ballot) => {
  for (const { id } of [...ballot.members].sort((a, b) => b.accuracy - a.accuracy)) {
    const own = ballot.samples.filter(({ memberId }) => memberId === id);
    const keys = new Set(own.map(({ key }) => key));
    if (own.length > 0 && keys.size === 1 && !keys.has(null))
      return plainPlurality({ ...ballot, samples: own });
  }
  return plainPlurality(ballot);
};

/** Votes weigh what was given for them. */
export const plainConfidence: Rule = (ballot) => {
  const votes = votesOf(ballot);
  return verdict(votes, ({ key }) =>
    votes.reduce((sum, vote) => sum + (vote.key === key ? (vote.confidence ?? 0) : 0), 0),
  );
};

export const PLAIN_RULES: RuleSet = {
  plurality: plainPlurality,
  'slm-mux': plainSlmMux,
  'model-switch': plainModelSwitch,
  confidence: plainConfidence,
};
