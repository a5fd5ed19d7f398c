import { CHAIRMAN_INSTRUCTION } from '#contracts/instructions';
import type { Ballot, Rule } from '#contracts/rules';
import { membersBestFirst, votesBestFirst, type CastVote } from './ballot-order.ts';
import { fenced, labelAlternatives, labelled, seedFor, shuffled, type LabelMap } from './labels.ts';
import { pluralityInstead } from './rankings.ts';

/** As many characters of an answer as a reviewer reads. */
const QUOTED_CHARACTERS = 2000;

/** Answers with the same key, before the chairman. */
export interface Cluster {
  readonly key: string;
  /** Words of its best speaker. */
  readonly text: string;
  /** Votes for it. */
  readonly size: number;
}

export interface Chairing {
  readonly prompt: string;
  readonly labels: LabelMap<Cluster>;
  /** GBNF of the reply. */
  readonly grammar: string;
  /** Answers that found no letter: the smallest ones beyond 26. */
  readonly leftOut: number;
}

export interface ChairPlan {
  readonly question: string;
  /** The chairman, whose id and the seed of the round give the order of the answers. */
  readonly chairmanId: string;
  readonly seed: number;
  /** Members that were asked and have no answer here, by name. */
  readonly missing: readonly string[];
  readonly instruction?: string;
  readonly maxCharacters?: number;
}

/** Clusters of equal keys, largest first; of equals that of the better speaker. */
export function clustersOf(votes: readonly CastVote[]): readonly Cluster[] {
  const clusters = new Map<string, Cluster>();
  for (const { key, text } of votes) {
    const seen = clusters.get(key);
    clusters.set(key, seen === undefined ? { key, text, size: 1 } : { ...seen, size: seen.size + 1 });
  }
  return [...clusters.values()].sort((a, b) => b.size - a.size);
}

/**
 * The prompt of a chairman that selects and quotes (council research A9: chairmen that rewrite made small models worse than
 * their best member). It is told which letter is which answer, how many votes each has, and who is missing; not who said what.
 * @returns null when fewer than two different answers are there: nothing to choose
 */
export function chairingOf(ballot: Ballot, plan: ChairPlan): Chairing | null {
  const clusters = clustersOf(votesBestFirst(ballot));
  if (clusters.length < 2) return null;
  const largest = clusters.slice(0, labelled(clusters).size);
  const labels = labelled(shuffled(largest, seedFor(plan.seed, plan.chairmanId)));
  const limit = plan.maxCharacters ?? QUOTED_CHARACTERS;
  const votes = clusters.reduce((sum, { size }) => sum + size, 0);
  const answers = [...labels].map(
    ([label, { text, size }]) =>
      `<answer letter="${label}" votes="${size} of ${votes}">\n${fenced(text, limit)}\n</answer>`,
  );
  const missing =
    plan.missing.length === 0
      ? 'All members answered.'
      : `Without an answer, so that this is not the whole council: ${plan.missing.join(', ')}.`;
  return {
    prompt: [
      plan.instruction ?? CHAIRMAN_INSTRUCTION,
      `<question>\n${fenced(plan.question, limit)}\n</question>`,
      ...answers,
      missing,
    ].join('\n\n'),
    labels,
    grammar: `root ::= ${labelAlternatives([...labels.keys()])}`,
    leftOut: clusters.length - largest.length,
  };
}

/**
 * The answer that the chairman chose: one letter, perhaps with "answer" before it or in brackets, and nothing else.
 * @returns its key; null when the reply is no choice
 */
export function parseChoice({ labels }: Pick<Chairing, 'labels'>, reply: string): string | null {
  const text = reply.replace(/[*_`"'“”]/g, '').trim();
  const [, letter] =
    /^(?:(?:my |the )?(?:choice|answer|option)(?: is)?:? ?)?[([]?([a-z])[)\]]?[.!]?$/i.exec(text) ?? [];
  return labels.get(letter?.toUpperCase() ?? '')?.key ?? null;
}

/**
 * The chairman's choice as a rule. The best member that gave the chosen answer is quoted. Without a choice (null, or a key
 * that nobody gave) plurality decides, and says so; where only one answer was given there was nothing to choose. A key's
 * score is 1 for the choice, 0 for the others.
 */
export function chairman(choice: string | null): Rule {
  return (ballot) => {
    const votes = votesBestFirst(ballot);
    const speaker = votes.find(({ key }) => key === choice);
    if (speaker === undefined) return pluralityInstead(ballot);
    return {
      key: speaker.key,
      speakerId: speaker.memberId,
      tied: false,
      scores: new Map(votes.map(({ key }) => [key, key === speaker.key ? 1 : 0])),
    };
  };
}

/** Ids of members without a vote, best first: whom the chairman is told of as missing. */
export function withoutVote(ballot: Ballot): readonly string[] {
  const voting = new Set(votesBestFirst(ballot).map(({ memberId }) => memberId));
  return membersBestFirst(ballot).flatMap(({ id }) => (voting.has(id) ? [] : [id]));
}
