import type { RecordedSample } from '#contracts/calibration';
import type { Rule, RuleName } from '#contracts/rules';
import {
  ballotOf,
  isRight,
  mostFrequent,
  samplesOf,
  type EvaluatedMember,
  type Judged,
  type RuleSet,
} from './judged.ts';

/** One arm: for each question, was it right; and what it cost. */
export interface Column {
  readonly name: string;
  readonly right: readonly boolean[];
  /** What it answered; null where it did not. */
  readonly keys: readonly (string | null)[];
  readonly calls: number;
  readonly tokens: number;
  readonly abstained: number;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

interface Reply {
  readonly key: string | null;
  /** What it looked at. */
  readonly used: readonly RecordedSample[];
  /** Calls that this takes, also those that brought nothing. */
  readonly calls: number;
}

function column(name: string, judged: readonly Judged[], reply: (each: Judged) => Reply): Column {
  const replies = judged.map(reply);
  return {
    name,
    keys: replies.map(({ key }) => key),
    right: judged.map((each, index) => isRight(each, replies[index]?.key)),
    calls: sum(replies.map(({ calls }) => calls)),
    tokens: sum(replies.flatMap(({ used }) => used.map(({ tokens }) => tokens))),
    abstained: replies.filter(({ key }) => key === null).length,
  };
}

/** A member's first answer. */
export function memberColumn(name: string, id: string, judged: readonly Judged[]): Column {
  return column(name, judged, (each) => {
    const used = samplesOf(each, 1, (memberId) => memberId === id);
    return { key: used[0]?.key ?? null, used, calls: 1 };
  });
}

/** One member asked so many times: what it says most often. */
export function repeatedColumn(name: string, id: string, calls: number, judged: readonly Judged[]): Column {
  return column(name, judged, (each) => {
    const used = samplesOf(each, calls, (memberId) => memberId === id);
    return { key: mostFrequent(used), used, calls };
  });
}

/** Whether each question was put to this member at least so many times. */
export function wasAsked(judged: readonly Judged[], id: string, times: number): boolean {
  return judged.every((each) => samplesOf(each, times, (memberId) => memberId === id).length === times);
}

/**
 * What ModelSwitch asks for (arXiv 2504.00762): member after member, the most accurate first, until one gives the same
 * answer every time.
 */
function switched(
  each: Judged,
  members: readonly EvaluatedMember[],
  count: number,
): readonly RecordedSample[] {
  const used: RecordedSample[] = [];
  for (const { id } of [...members].sort((a, b) => b.devAccuracy - a.devAccuracy)) {
    const own = samplesOf(each, count, (memberId) => memberId === id);
    used.push(...own);
    const [first] = own;
    if (own.length === count && first?.key !== null && own.every(({ key }) => key === first?.key)) break;
  }
  return used;
}

/** A rule on the first `count` answers of all members. */
export function ruleColumn(
  rule: RuleName,
  decide: Rule,
  judged: readonly Judged[],
  members: readonly EvaluatedMember[],
  count: number,
  suffix = '',
): Column {
  return column(`rule:${rule}${suffix}`, judged, (each) => {
    const samples = samplesOf(each, count);
    const key = decide(ballotOf(members, samples))?.key ?? null;
    if (rule !== 'model-switch') return { key, used: samples, calls: members.length * count };
    const used = switched(each, members, count);
    return { key, used, calls: used.length };
  });
}

/** Right where any of the answers is. */
export function oracleColumn(
  name: string,
  judged: readonly Judged[],
  members: number,
  count: number,
): Column {
  return column(name, judged, (each) => {
    const used = samplesOf(each, count);
    const key = used.find((sample) => isRight(each, sample.key))?.key ?? mostFrequent(used);
    return { key, used, calls: members * count };
  });
}

/**
 * Rules that can be replayed on answers alone, with so many of each member. Left out: those that want what no record has
 * (rankings, embeddings, a further call), confidence where an answer came without, and those that weigh a member's answers
 * against each other where it gave one.
 */
export function replayable(
  rules: RuleSet,
  judged: readonly Judged[],
  count: number,
): readonly (readonly [RuleName, Rule])[] {
  const confident = judged.every((each) =>
    samplesOf(each, count).every(({ key, confidence }) => key === null || confidence !== null),
  );
  const carried: readonly (readonly [RuleName, boolean])[] = [
    ['plurality', true],
    ['slm-mux', count > 1],
    ['model-switch', count > 1],
    ['confidence', count > 1 && confident],
    ['pairwise', true],
  ];
  return carried.flatMap(([name, is]) => {
    const rule = rules[name];
    return is && rule !== undefined ? [[name, rule] as const] : [];
  });
}
