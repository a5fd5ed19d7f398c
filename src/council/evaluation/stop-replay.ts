import { seededRandom, type Random } from '#kernel/random';
import { STOPS, type StopName } from '#contracts/rules';
import type { EvalReport, StopReplay } from '#contracts/evaluation';
import {
  ballotOf,
  bestOnDev,
  isRight,
  samplesOf,
  type EvaluatedMember,
  type Judged,
  type RuleSet,
} from './judged.ts';
import { STOP_RULES } from './stop-rules.ts';

/** Voters at which the savings of stops are published (research/council.md §2 A5). */
const PUBLISHED_VOTERS = [3, 5] as const;
/** As many orders of the voters as in research/council.md §2 A5; more move no figure there by 0.1 points. */
const ORDERS = 20;

/** One vote, and what it cost. */
interface Voter {
  readonly key: string | null;
  readonly tokens: number;
}

/** Where a stop ends a vote: with which key, and after how many voters; null: with the last, like a vote without it. */
function stoppedAt(
  stop: StopName,
  voters: readonly Voter[],
  asked: number,
): { readonly key: string; readonly heard: number } | null {
  const counts = new Map<string, number>();
  for (const [index, { key }] of voters.entries()) {
    if (key !== null) counts.set(key, (counts.get(key) ?? 0) + 1);
    const outstanding = asked - index - 1;
    if (outstanding <= 0) return null;
    const [leader, next] = [...counts].sort((a, b) => b[1] - a[1]);
    if (leader === undefined) continue;
    const standing = { first: leader[1], second: next?.[1] ?? 0, outstanding };
    if (STOP_RULES[stop](standing)) return { key: leader[0], heard: index + 1 };
  }
  return null;
}

function shuffled<T>(values: readonly T[], random: Random): T[] {
  const order = [...values];
  for (let last = order.length - 1; last > 0; last -= 1) {
    const other = Math.floor(random() * (last + 1));
    const [a, b] = [order[last], order[other]];
    if (a !== undefined && b !== undefined) [order[last], order[other]] = [b, a];
  }
  return order;
}

/** A vote with so many voters: who they are, and what they say together. */
interface Panel {
  readonly each: Judged;
  readonly voters: readonly Voter[];
  readonly full: string | null;
}

function replay(
  stop: StopName,
  of: StopReplay['of'],
  size: number,
  panels: readonly Panel[],
  seed: number,
): StopReplay {
  const random = seededRandom(seed);
  const total = {
    tokens: 0,
    tokensSaved: 0,
    callsSaved: 0,
    changedAnswers: 0,
    correctFull: 0,
    correctStopped: 0,
  };
  for (const { each, voters, full } of panels) {
    for (let order = 0; order < ORDERS; order += 1) {
      const inTurn = shuffled(voters, random);
      const stopped = stoppedAt(stop, inTurn, size);
      const key = stopped === null ? full : stopped.key;
      for (const [place, { tokens }] of inTurn.entries()) {
        total.tokens += tokens;
        if (stopped !== null && place >= stopped.heard) total.tokensSaved += tokens;
      }
      total.callsSaved += stopped === null ? 0 : size - stopped.heard;
      total.changedAnswers += key === full ? 0 : 1;
      total.correctFull += isRight(each, full) ? 1 : 0;
      total.correctStopped += isRight(each, key) ? 1 : 0;
    }
  }
  const replays = panels.length * ORDERS;
  return { stop, rule: 'plurality', of, voters: size, replays, calls: replays * size, ...total };
}

/** Panels of the first `size` answers, each a voter of its own. */
function panelsOf(
  judged: readonly Judged[],
  members: readonly EvaluatedMember[],
  { plurality }: RuleSet,
  size: number,
  answersOf: (each: Judged) => readonly { memberId: string; key: string | null; tokens: number }[],
): readonly Panel[] {
  return judged.map((each) => {
    const voters = answersOf(each).slice(0, size);
    const seats = voters.flatMap(({ memberId }, place) => {
      const member = members.find(({ id }) => id === memberId);
      return member === undefined ? [] : [{ ...member, id: `${String(place)}:${memberId}` }];
    });
    const samples = voters.map(({ memberId, key, tokens }, place) => ({
      memberId: `${String(place)}:${memberId}`,
      index: 0,
      key,
      text: key ?? '',
      tokens,
      confidence: null,
      arrival: place,
    }));
    return { each, voters, full: plurality(ballotOf(seats, samples))?.key ?? null };
  });
}

/**
 * What each stop saves a vote by plurality: at as many voters as there are members, and at 3 and 5 where the record has as
 * many, of members or of answers. Every row is over the same questions.
 */
export function replayStops(
  judged: readonly Judged[],
  members: readonly EvaluatedMember[],
  rules: RuleSet,
  count: number,
  seed: number,
): StopReplay[] {
  const best = bestOnDev(members)?.id;
  const askedOfBest = Math.min(
    ...judged.map((each) => samplesOf(each, Infinity, (id) => id === best).length),
  );
  const sizesUpTo = (most: number, own: readonly number[] = []): readonly number[] =>
    [...new Set([...PUBLISHED_VOTERS, ...own])]
      .filter((size) => size <= most && size > 1)
      .sort((a, b) => a - b);
  const groups = [
    {
      of: 'members',
      sizes: sizesUpTo(members.length, [members.length]),
      answers: (each: Judged) => samplesOf(each, 1),
    },
    {
      of: 'samples',
      // Up to the number of members these are the members themselves.
      sizes: sizesUpTo(members.length * count).filter((size) => size > members.length),
      answers: (each: Judged) => samplesOf(each, count),
    },
    {
      of: 'best-member',
      sizes: members.length > 1 ? sizesUpTo(askedOfBest) : [],
      answers: (each: Judged) => samplesOf(each, Infinity, (id) => id === best),
    },
  ] as const;
  return groups.flatMap(({ of, sizes, answers }) =>
    sizes.flatMap((size) => {
      const panels = panelsOf(judged, members, rules, size, answers);
      return STOPS.map((stop) => replay(stop, of, size, panels, seed));
    }),
  );
}

/** The exact stop on the members' first answers, in the order in which these came. */
export function stopByArrival(
  judged: readonly Judged[],
  members: readonly EvaluatedMember[],
  { plurality }: RuleSet,
): EvalReport['earlyStop'] {
  let callsSaved = 0;
  let changedAnswers = 0;
  for (const each of judged) {
    const first = samplesOf(each, 1);
    const full = plurality(ballotOf(members, first))?.key ?? null;
    const stopped = stoppedAt(
      'exact',
      [...first].sort((a, b) => a.arrival - b.arrival),
      members.length,
    );
    if (stopped === null) continue;
    callsSaved += members.length - stopped.heard;
    changedAnswers += stopped.key === full ? 0 : 1;
  }
  return { callsSaved, calls: judged.length * members.length, changedAnswers };
}
