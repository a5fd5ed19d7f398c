import type { Calibration, RecordHead } from '#contracts/calibration';
import type { EvalReport } from '#contracts/evaluation';
import type { RuleName } from '#contracts/rules';
import { isUnanimous, parsedShareOf, riskCoverage, wrongTogether } from './agreement.ts';
import { armOf, countTrue, meanArm, pairsOf } from './arms.ts';
import {
  memberColumn,
  oracleColumn,
  repeatedColumn,
  replayable,
  ruleColumn,
  wasAsked,
  type Column,
} from './columns.ts';
import { bestOnDev, judge, type Judged, type RuleSet } from './judged.ts';
import { memberCalibrations } from './member-calibration.ts';
import { recommend } from './recommend.ts';
import type { WholeRecord } from './record-lines.ts';
import { replayStops, stopByArrival } from './stop-replay.ts';

export interface Replay {
  readonly rules: RuleSet;
  /** Milliseconds that asking took. */
  readonly wallMs: number;
  /** Milliseconds since the Unix epoch. */
  readonly at: number;
}

/** What a council does by default: members that are asked several times are weighed by how much they agree with themselves. */
export function defaultRule(rules: RuleSet, samples: number): RuleName {
  return samples > 1 && rules['slm-mux'] !== undefined ? 'slm-mux' : 'plurality';
}

/** The arms at one number of answers for each member. */
interface Budget {
  readonly rules: readonly Column[];
  readonly equalCalls: readonly Column[];
  readonly oracle: Column;
}

function budgetOf(
  { members, samples }: RecordHead,
  judged: readonly Judged[],
  rules: RuleSet,
  count: number,
): Budget {
  const suffix = count === samples ? '' : `@${String(count)}`;
  const calls = members.length * count;
  const best = bestOnDev(members)?.id;
  return {
    rules: replayable(rules, judged, count).map(([name, rule]) =>
      ruleColumn(name, rule, judged, members, count, suffix),
    ),
    equalCalls:
      best !== undefined && wasAsked(judged, best, calls)
        ? [repeatedColumn(`best-member-equal-calls${suffix}`, best, calls, judged)]
        : [],
    oracle: oracleColumn(`oracle${suffix}`, judged, members.length, count),
  };
}

function tallyOf(
  right: readonly boolean[],
  isOf: (index: number) => boolean,
): { total: number; correct: number } {
  const chosen = right.filter((_, index) => isOf(index));
  return { total: chosen.length, correct: countTrue(chosen) };
}

function calibrate({ head, ballots }: WholeRecord, rule: RuleName, rules: RuleSet, at: number): Calibration {
  const { id, members, samples, seed, split, machine } = head;
  const decide = rules[rule] ?? rules.plurality;
  return {
    schema: 'witan.calibration-result',
    version: 1,
    recordId: id,
    split,
    machine,
    questions: ballots.length,
    samples,
    at,
    members: memberCalibrations(members, ballots),
    recommendation: recommend({ members, ballots, samples, rule, decide, seed }),
  };
}

/**
 * Evaluates recorded ballots: every arm on the same questions, so that all comparisons are paired ("record once, replay
 * everything"; research/council.md §3). Arms: each member's first answer, `mean-member`, `best-member` (chosen on the dev
 * split, first of equals), `best-member-equal-calls` (that member alone, asked as often as the whole council, by its most
 * frequent answer), each rule that the record can carry, `oracle` (any answer right). With several answers of each member
 * there are the same arms on first answers alone (`@1`). Pairs: the default rule against each member; every rule against
 * the best member, and against the best member at equal calls.
 */
export function evaluate(record: WholeRecord, { rules, wallMs, at }: Replay): EvalReport {
  const { head } = record;
  const { members, seed, samples } = head;
  // The bootstrap draws by place: whatever order a record comes in, it is the same report.
  const ballots = [...record.ballots].sort((a, b) => (a.question.id < b.question.id ? -1 : 1));
  const judged = judge(ballots, members);
  const single = members.map(({ id }) => memberColumn(`member:${id}`, id, judged));
  const bestId = bestOnDev(members)?.id;
  const best = bestId === undefined ? [] : [memberColumn('best-member', bestId, judged)];
  const whole = budgetOf(head, judged, rules, samples);
  const budgets = samples > 1 ? [whole, budgetOf(head, judged, rules, 1)] : [whole];
  const ruled = defaultRule(rules, samples);
  const chosen = whole.rules.find(({ name }) => name === `rule:${ruled}`);
  const right = chosen?.right ?? [];
  const others = single.filter(({ name }) => name !== `member:${bestId ?? ''}`);
  const columns = [
    ...single,
    ...best,
    ...budgets.flatMap((budget) => [...budget.equalCalls, ...budget.rules]),
    ...budgets.map(({ oracle }) => oracle),
  ];
  const families = [...new Set(judged.map(({ family }) => family))];
  const unanimous = judged.map((each) => isUnanimous(each, members.length));
  return {
    schema: 'witan.eval',
    version: 1,
    split: head.split,
    questionSetSha256: head.questionSetSha256,
    questions: ballots.length,
    seed,
    samples,
    temperature: head.temperature,
    defaultRule: ruled,
    arms: [...single.map(armOf), meanArm(single, judged.length), ...columns.slice(single.length).map(armOf)],
    pairs: pairsOf(
      [
        ...budgets.flatMap((budget) =>
          budget.rules.flatMap((rule) =>
            [...best, ...budget.equalCalls].map((rival) => [rule, rival] as const),
          ),
        ),
        ...(chosen === undefined ? [] : others.map((other) => [chosen, other] as const)),
      ],
      seed,
    ),
    parsedShare: parsedShareOf(judged, members.length, samples),
    earlyStop: stopByArrival(judged, members, rules),
    stops: replayStops(judged, members, rules, samples, seed),
    unanimous: tallyOf(right, (index) => unanimous[index] === true),
    divided: tallyOf(right, (index) => unanimous[index] !== true),
    wrongTogether: wrongTogether(judged),
    riskCoverage: riskCoverage(judged, chosen?.keys ?? [], members.length, samples),
    byFamily: Object.fromEntries(
      families.map((family) => {
        const isOf = (index: number): boolean => judged[index]?.family === family;
        const arms = columns.map(({ name, right }) => [name, tallyOf(right, isOf).correct] as const);
        return [family, { ...tallyOf(right, isOf), arms: Object.fromEntries(arms) }];
      }),
    ),
    calibration: calibrate({ head, ballots }, ruled, rules, at),
    wallMs,
  };
}
