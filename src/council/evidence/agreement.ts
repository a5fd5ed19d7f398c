import type { Ballot, RuleVerdict } from '#contracts/rules';
import { quoteOf, votesBestFirst } from '../rules/ballot-order.ts';
import { reviewerConcordance } from '../rules/reviewer-concordance.ts';

/** Answers that mean the same. */
export interface AnswerCluster {
  readonly key: string;
  /** Votes for it: a member that was asked several times may have several. */
  readonly votes: number;
  /** Members that gave it at least once, best first. */
  readonly memberIds: readonly string[];
  /** Words of its best speaker. */
  readonly text: string;
}

/**
 * How far the members agree: what is known of an answer besides its words. Agreement points to where to look; it proves
 * nothing, since models err alike (council research A7: agreement told right from wrong with an AUROC of 0.63 and 0.69 only).
 */
export interface Evidence {
  readonly votes: number;
  /** Samples without a key: counted, never asked again. */
  readonly abstained: number;
  /** Largest first; of equals that of the better member. */
  readonly clusters: readonly AnswerCluster[];
  /** Share of the votes that are for the answer, 0..1; null without votes. */
  readonly agreement: number | null;
  /** 1 − H/ln N over the N votes, H = −Σ p ln p of the clusters: 1 all agree, 0 all differ; null below two votes. */
  readonly concentration: number | null;
  /** Kendall's W of the reviewers; null where nobody ranked. */
  readonly concordance: number | null;
  /** Clusters other than the answer's. */
  readonly dissent: readonly AnswerCluster[];
  /** Every vote is for the answer, and there are at least two. */
  readonly unanimous: boolean;
  /** Members without a vote, in the roster's order. */
  readonly silent: readonly string[];
}

export function clustersOfVotes(ballot: Ballot): readonly AnswerCluster[] {
  const clusters = new Map<string, { votes: number; memberIds: string[] }>();
  for (const { key, memberId } of votesBestFirst(ballot)) {
    const cluster = clusters.get(key) ?? { votes: 0, memberIds: [] };
    clusters.set(key, cluster);
    cluster.votes += 1;
    if (!cluster.memberIds.includes(memberId)) cluster.memberIds.push(memberId);
  }
  return [...clusters]
    .map(([key, { votes, memberIds }]) => ({
      key,
      votes,
      memberIds,
      text: quoteOf(ballot, { key, speakerId: memberIds[0] ?? '' }),
    }))
    .sort((a, b) => b.votes - a.votes);
}

/**
 * Normalised entropy of cluster sizes as agreement: 1 − H/ln N (council research A7; the discrete form underestimates
 * disagreement at few samples, arXiv 2509.14478).
 * @returns null below two votes
 */
export function concentrationOf(sizes: readonly number[]): number | null {
  const total = sizes.reduce((sum, size) => sum + size, 0);
  if (total < 2) return null;
  const entropy = sizes.reduce(
    (sum, size) => (size > 0 ? sum - (size / total) * Math.log(size / total) : sum),
    0,
  );
  return Math.max(0, Math.min(1, 1 - entropy / Math.log(total)));
}

/** @param verdict what the council says; null when it has no answer */
export function evidenceOf(ballot: Ballot, verdict: Pick<RuleVerdict, 'key'> | null): Evidence {
  const clusters = clustersOfVotes(ballot);
  const votes = clusters.reduce((sum, cluster) => sum + cluster.votes, 0);
  const inFavour = clusters.find(({ key }) => key === verdict?.key)?.votes ?? 0;
  const heard = new Set(clusters.flatMap(({ memberIds }) => memberIds));
  const roster = new Set(ballot.members.map(({ id }) => id));
  return {
    votes,
    abstained: ballot.samples.filter(({ key, memberId }) => key === null && roster.has(memberId)).length,
    clusters,
    agreement: votes === 0 ? null : inFavour / votes,
    concentration: concentrationOf(clusters.map((cluster) => cluster.votes)),
    concordance: reviewerConcordance(ballot),
    dissent: clusters.filter(({ key }) => key !== verdict?.key),
    unanimous: votes >= 2 && inFavour === votes,
    silent: ballot.members.flatMap(({ id }) => (heard.has(id) ? [] : [id])),
  };
}
