import type { AnswerKind } from '#contracts/deliberation';
import type { Ballot } from '#contracts/rules';
import { votesBestFirst, type CastVote } from '../rules/ballot-order.ts';
import { clustersOfVotes } from './agreement.ts';
import { gistOf, relationOf, statementsIn, type Statement } from './statements.ts';

/** Something that one or more members say, in the words of the best of them. */
export interface Point {
  readonly text: string;
  /** Best first. */
  readonly memberIds: readonly string[];
}

/**
 * What the answers have in common and where they differ: OpenRouter's report schema (council research A9), worked out without a
 * model, from keys and from the words of sentences. It compares, it does not judge: nothing in it says what is right.
 */
export interface ComparisonReport {
  /** Said by every member that answered, of at least two. */
  readonly consensus: readonly Point[];
  /** Points that cannot all hold: other answers, other numbers, or one says what another denies. */
  readonly contradictions: readonly (readonly Point[])[];
  /** Said by several, not by all. */
  readonly partial: readonly Point[];
  /** Said by one, while others answered. */
  readonly unique: readonly Point[];
  /** Words of the question that no answer takes up; always empty for short answers. */
  readonly blindSpots: readonly string[];
  /** Members without an answer, in the roster's order. */
  readonly silent: readonly string[];
}

interface Group {
  readonly statement: Statement;
  readonly memberIds: string[];
}

/** Sentences that say the same, each under the first that said it. */
function groupsOf(answers: readonly CastVote[]): readonly Group[] {
  const groups: Group[] = [];
  for (const { memberId, text } of answers) {
    for (const statement of statementsIn(text)) {
      const known = groups.find((group) => relationOf(group.statement, statement) === 'same');
      if (known === undefined) groups.push({ statement, memberIds: [memberId] });
      else if (!known.memberIds.includes(memberId)) known.memberIds.push(memberId);
    }
  }
  return groups;
}

function pointOf({ statement, memberIds }: Group): Point {
  return { text: statement.text, memberIds };
}

/** Groups with all that contradict them, each set once, told by its first group. A member may contradict itself. */
function contradictionsIn(groups: readonly Group[]): readonly (readonly Point[])[] {
  const told = new Set<Group>();
  return groups.flatMap((group) => {
    if (told.has(group)) return [];
    const against = groups.filter(
      (other) => !told.has(other) && relationOf(group.statement, other.statement) === 'against',
    );
    if (against.length === 0) return [];
    for (const each of [group, ...against]) told.add(each);
    return [[group, ...against].map(pointOf)];
  });
}

function spread(
  points: readonly Point[],
  answering: number,
): Pick<ComparisonReport, 'consensus' | 'partial' | 'unique'> {
  const withSupport = (holds: (support: number) => boolean): readonly Point[] =>
    points.filter(({ memberIds }) => holds(memberIds.length));
  return {
    consensus: withSupport((support) => support >= 2 && support === answering),
    partial: withSupport((support) => support >= 2 && support < answering),
    unique: withSupport((support) => support === 1 && answering > 1),
  };
}

/** @param question as it was put to the members */
export function comparisonOf(question: string, kind: AnswerKind, ballot: Ballot): ComparisonReport {
  const votes = votesBestFirst(ballot);
  const answering = new Set(votes.map(({ memberId }) => memberId));
  const silent = ballot.members.flatMap(({ id }) => (answering.has(id) ? [] : [id]));
  if (kind !== 'free') {
    const points = clustersOfVotes(ballot).map(({ text, memberIds }) => ({ text, memberIds }));
    return {
      ...spread(points, answering.size),
      contradictions: points.length > 1 ? [points] : [],
      blindSpots: [],
      silent,
    };
  }
  const groups = groupsOf(votes);
  const said = new Set(votes.flatMap(({ text }) => gistOf(text)));
  const asked = [...new Set(gistOf(question))];
  return {
    ...spread(groups.map(pointOf), answering.size),
    contradictions: contradictionsIn(groups),
    blindSpots: votes.length === 0 ? [] : asked.filter((word) => !said.has(word)),
    silent,
  };
}
