import { pairedDifferenceInterval } from '#kernel/statistics-bootstrap';
import { mcnemarExact, wilsonInterval } from '#kernel/statistics-proportions';
import type { AnswerKind } from '#contracts/deliberation';
import type { EvalArm, EvalPair, EvalReport } from '#contracts/evaluation';

/** What one member said to one question. */
export interface RecordedVote {
  readonly memberId: string;
  readonly text: string;
  /** Canonical key; null when it abstained or nothing parsed. */
  readonly key: string | null;
  readonly tokens: number;
  /** It said, in the agreed words, that it cannot answer. */
  readonly abstained: boolean;
  /** Orders the votes of one question by when they came: milliseconds or a rank. */
  readonly arrival: number;
}

/** One question and every answer to it, recorded to the end: nobody was cut off. */
export interface RecordedBallot {
  readonly question: {
    readonly id: string;
    readonly family: string;
    readonly kind: AnswerKind;
    readonly answer: string;
  };
  /** At most one per member; a member that failed has none, which counts as wrong and not parsed. */
  readonly votes: readonly RecordedVote[];
}

export interface EvaluatedMember {
  readonly id: string;
  /** Accuracy on the dev split, 0..1: chooses the best member and breaks ties. Never the split under test. */
  readonly devAccuracy: number;
}

export interface KeyedVote {
  readonly memberId: string;
  readonly key: string;
}

export interface EvaluationInput {
  readonly split: EvalReport['split'];
  readonly questionSetSha256: string;
  readonly seed: number;
  readonly wallMs: number;
  readonly members: readonly EvaluatedMember[];
  readonly ballots: readonly RecordedBallot[];
  readonly canonicalKey: (kind: AnswerKind, text: string) => string | null;
  /** The rule under test; null when there is no vote. */
  readonly plurality: (
    votes: readonly KeyedVote[],
    accuracyOf: (memberId: string) => number,
  ) => { readonly key: string } | null;
}

/** A ballot with everything the arms need worked out once. */
interface Judged {
  readonly ballot: RecordedBallot;
  /** Votes that count, in order of arrival. */
  readonly votes: readonly RecordedVote[];
  readonly winner: string | null;
  readonly truth: string | null;
}

/** One arm: for each question, was it right; and what it cost. */
interface Column {
  readonly name: string;
  readonly right: readonly boolean[];
  readonly calls: number;
  readonly tokens: number;
  readonly abstained: number;
}

function countTrue(flags: readonly boolean[]): number {
  return flags.filter(Boolean).length;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function judge(input: EvaluationInput, accuracyOf: (memberId: string) => number): Judged[] {
  return input.ballots.map((ballot) => {
    const votes = ballot.votes.filter(isCounted).sort((a, b) => a.arrival - b.arrival);
    const { kind, answer } = ballot.question;
    return {
      ballot,
      votes,
      winner: input.plurality(keyed(votes), accuracyOf)?.key ?? null,
      truth: input.canonicalKey(kind, answer),
    };
  });
}

function isCounted({ key, abstained }: RecordedVote): boolean {
  return key !== null && !abstained;
}

function keyed(votes: readonly RecordedVote[]): KeyedVote[] {
  return votes.flatMap(({ memberId, key }) => (key === null ? [] : [{ memberId, key }]));
}

function isRight({ truth }: Judged, key: string | null | undefined): boolean {
  return truth !== null && key === truth;
}

function memberColumn(id: string, judged: readonly Judged[]): Column {
  const answers = judged.map(({ ballot }) => ballot.votes.find(({ memberId }) => memberId === id));
  const counted = judged.map(({ votes }) => votes.find(({ memberId }) => memberId === id));
  return {
    name: `member:${id}`,
    right: judged.map((each, index) => isRight(each, counted[index]?.key)),
    calls: judged.length,
    tokens: sum(answers.map((answer) => answer?.tokens ?? 0)),
    abstained: counted.filter((vote) => vote === undefined).length,
  };
}

function councilColumn(
  name: string,
  judged: readonly Judged[],
  right: readonly boolean[],
  calls: number,
): Column {
  return {
    name,
    right,
    calls,
    tokens: sum(judged.flatMap(({ ballot }) => ballot.votes.map(({ tokens }) => tokens))),
    abstained: judged.filter(({ winner }) => winner === null).length,
  };
}

function armOf({ name, right, calls, tokens, abstained }: Column): EvalArm {
  const total = right.length;
  const correct = countTrue(right);
  const accuracy = total === 0 ? 0 : correct / total;
  return {
    name,
    correct,
    total,
    accuracy,
    ci95: [...wilsonInterval(correct, total)],
    calls,
    tokens,
    abstained,
  };
}

/**
 * What one member drawn at random would reach. `accuracy` is the mean of the members' accuracies; `correct`, `tokens`
 * and `abstained` are rounded means, and the interval is that of the rounded `correct`.
 */
function meanArm(columns: readonly Column[], total: number): EvalArm {
  const mean = (pick: (column: Column) => number): number =>
    columns.length === 0 ? 0 : sum(columns.map(pick)) / columns.length;
  const correct = mean(({ right }) => countTrue(right));
  return {
    name: 'mean-member',
    correct: Math.round(correct),
    total,
    accuracy: total === 0 ? 0 : correct / total,
    ci95: [...wilsonInterval(Math.round(correct), total)],
    calls: total,
    tokens: Math.round(mean(({ tokens }) => tokens)),
    abstained: Math.round(mean(({ abstained }) => abstained)),
  };
}

function pairOf(a: Column, b: Column, seed: number): EvalPair {
  const left = a.right.map(Number);
  const right = b.right.map(Number);
  const total = left.length;
  const interval = total === 0 ? { low: 0, high: 0 } : pairedDifferenceInterval(left, right, { seed });
  return {
    a: a.name,
    b: b.name,
    differencePoints: total === 0 ? 0 : ((sum(left) - sum(right)) / total) * 100,
    ci95: [interval.low * 100, interval.high * 100],
    p: mcnemarExact(
      countTrue(a.right.map((hit, index) => hit && b.right[index] !== true)),
      countTrue(b.right.map((hit, index) => hit && a.right[index] !== true)),
    ),
  };
}

/**
 * Replays one question with the exact stop: answers come in their order of arrival (an abstention is an answer without
 * a vote); it stops when the leading key is ahead by more votes than answers are outstanding.
 */
function replayStop(
  judged: Judged,
  memberCount: number,
): { readonly saved: number; readonly key: string | null } {
  const counts = new Map<string, number>();
  const arrivals = [...judged.ballot.votes].sort((a, b) => a.arrival - b.arrival);
  for (const [index, vote] of arrivals.entries()) {
    if (isCounted(vote) && vote.key !== null) counts.set(vote.key, (counts.get(vote.key) ?? 0) + 1);
    const outstanding = memberCount - index - 1;
    const [first, second] = [...counts].sort((a, b) => b[1] - a[1]);
    if (first !== undefined && outstanding > 0 && first[1] - (second?.[1] ?? 0) > outstanding) {
      return { saved: outstanding, key: first[0] };
    }
  }
  return { saved: 0, key: judged.winner };
}

function earlyStopOf(judged: readonly Judged[], memberCount: number): EvalReport['earlyStop'] {
  const replays = judged.map((each) => ({ ...replayStop(each, memberCount), full: each.winner }));
  return {
    callsSaved: sum(replays.map(({ saved }) => saved)),
    calls: judged.length * memberCount,
    changedAnswers: replays.filter(({ key, full }) => key !== full).length,
  };
}

/** Abstentions count as parsed; an answer that never came does not. 1 when no short answer was asked for. */
function parsedShareOf(ballots: readonly RecordedBallot[], memberCount: number): number {
  const short = ballots.filter(({ question }) => question.kind !== 'free');
  const asked = short.length * memberCount;
  const parsed = sum(
    short.map(({ votes }) => votes.filter(({ key, abstained }) => abstained || key !== null).length),
  );
  return asked === 0 ? 1 : parsed / asked;
}

function tallyOf(judged: readonly Judged[]): { total: number; correct: number } {
  return { total: judged.length, correct: judged.filter((each) => isRight(each, each.winner)).length };
}

function bestOnDev(members: readonly EvaluatedMember[]): EvaluatedMember | undefined {
  return members.reduce<EvaluatedMember | undefined>(
    (best, member) => (best === undefined || member.devAccuracy > best.devAccuracy ? member : best),
    undefined,
  );
}

/**
 * Evaluates recorded ballots: every arm on the same questions, so that all comparisons are paired ("record once, replay
 * everything"; council research §3). Arms: each member, `mean-member`, `best-member` (chosen on the dev split, first of
 * equals), `rule:plurality`, `oracle` (any member right). Pairs: plurality against the best member and each member.
 * `unanimous` are the questions in which every member voted, all for one key; `divided` are all others.
 */
export function evaluate(input: EvaluationInput): EvalReport {
  const { members, ballots, seed } = input;
  const accuracyOf = (memberId: string): number =>
    members.find(({ id }) => id === memberId)?.devAccuracy ?? 0;
  const judged = judge(input, accuracyOf);
  const calls = judged.length * members.length;
  const columns = members.map(({ id }) => memberColumn(id, judged));
  const bestName = `member:${bestOnDev(members)?.id ?? ''}`;
  const plurality = councilColumn(
    'rule:plurality',
    judged,
    judged.map((each) => isRight(each, each.winner)),
    calls,
  );
  const anyRight = judged.map((each) => each.votes.some(({ key }) => isRight(each, key)));
  const bestColumns = columns
    .filter(({ name }) => name === bestName)
    .map((best) => ({ ...best, name: 'best-member' }));
  const pairs = columns.map((column) => pairOf(plurality, column, seed));
  const bestPairs = pairs.filter(({ b }) => b === bestName).map((pair) => ({ ...pair, b: 'best-member' }));
  const isUnanimous = ({ votes }: Judged): boolean =>
    votes.length === members.length && new Set(votes.map(({ key }) => key)).size === 1;
  const families = [...new Set(ballots.map(({ question }) => question.family))];
  return {
    schema: 'witan.eval',
    version: 1,
    split: input.split,
    questionSetSha256: input.questionSetSha256,
    questions: ballots.length,
    seed,
    arms: [
      ...columns.map(armOf),
      meanArm(columns, judged.length),
      ...bestColumns.map(armOf),
      armOf(plurality),
      armOf(councilColumn('oracle', judged, anyRight, calls)),
    ],
    pairs: [...bestPairs, ...pairs],
    parsedShare: parsedShareOf(ballots, members.length),
    earlyStop: earlyStopOf(judged, members.length),
    unanimous: tallyOf(judged.filter(isUnanimous)),
    divided: tallyOf(judged.filter((each) => !isUnanimous(each))),
    byFamily: Object.fromEntries(
      families.map((family) => [
        family,
        tallyOf(judged.filter(({ ballot }) => ballot.question.family === family)),
      ]),
    ),
    wallMs: input.wallMs,
  };
}
