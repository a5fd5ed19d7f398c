import type { Estimate } from '#contracts/estimate';
import type { CapacityPlan, PlanInput } from '#contracts/plan';
import { admitted, type Pools } from './admission.ts';
import { graphicsBudget, memoryBudget } from './budget-lines.ts';
import { bitOf, CHECKS, type Terms } from './check-bits.ts';
import { concurrencyOf, type Concurrency } from './concurrency.ts';
import type { Question } from './contender.ts';
import type { Choice } from './council-search.ts';
import { councilRate } from './council-time.ts';
import { GOAL_LIMITS, MOST_SEATS } from './goal-limits.ts';
import { leftOut } from './left-out.ts';
import {
  coarsest,
  contextOf,
  flushIntervalMs,
  formulaOf,
  longestAnswer,
  planMember,
} from './plan-members.ts';
import { planChecks, type Expectation } from './plan-checks.ts';
import { thresholds } from './plan-thresholds.ts';
import { plainInput } from './plain-input.ts';
import { expectationOf, refine, type Refinement } from './refinement.ts';
import { roomOf, type Room } from './room.ts';

type Iterations = CapacityPlan['iterations'];

const ALL = (1 << CHECKS.length) - 1;
const SEATS = bitOf('seats');

/** A pool that is asked for a council. */
interface Stage {
  readonly pool: Pools['known'];
  readonly terms: Terms;
  readonly question: Question;
  /** Bits of checks that need not pass. */
  readonly optional: number;
  /** What is done when nothing before it passed. */
  readonly change: string;
}

/**
 * General models of known speed come first, whatever the goal: what people ask is seldom one of the bundled models' dozen
 * kinds of tasks. For speed they must be fluent. Then the bundled council, if its speed is known; then what nobody knows the
 * speed of; then the bundled council all the same.
 */
function stagesOf(pools: Pools, terms: Terms): readonly Stage[] {
  const { known, starter, all, question, starterQuestion } = pools;
  const bundled: Terms = {
    ...terms,
    whole: true,
    severalFamilies: false,
    mostSeats: Math.min(3, terms.mostSeats),
    leastContext: starterQuestion.promptTokens + starterQuestion.answerTokens,
  };
  const fast = starter.filter(({ speed }) => speed !== null);
  const unknown = all.length > known.length ? all : [];
  const council = { terms, question, optional: 0 };
  const single = { terms, question, optional: SEATS };
  const bundle = { terms: bundled, question: starterQuestion, optional: SEATS };
  const fallBack = 'the bundled council instead of general models';
  const stages: readonly Stage[] = [
    { pool: known, ...council, change: '' },
    ...(terms.goal === 'speed' ? [{ pool: known, ...single, change: 'a single member' }] : []),
    { pool: fast, ...bundle, change: fallBack },
    { pool: unknown, ...council, change: 'models whose speed here is not known' },
    ...(terms.goal === 'speed'
      ? [{ pool: unknown, ...single, change: 'a single member of unknown speed' }]
      : []),
    { pool: starter, ...bundle, change: fallBack },
  ];
  return stages.filter(({ pool }) => pool.length > 0);
}

interface Found {
  readonly stage: Stage;
  readonly refinement: Refinement;
  readonly iterations: Iterations;
}

/** The first stage that gives a council that passes; else the last, with why it does not. */
function firstThatPasses(stages: readonly Stage[]): Found | null {
  const iterations: Iterations = [];
  const seen: Found[] = [];
  for (const stage of stages) {
    const refinement = refine(stage.pool, stage.terms, stage.optional);
    const before = seen.at(-1);
    if (before !== undefined) iterations.push({ change: stage.change, because: before.refinement.because });
    iterations.push(...refinement.iterations);
    seen.push({ stage, refinement, iterations });
    if (refinement.choice !== null) break;
  }
  return seen.at(-1) ?? null;
}

function termsOf(input: PlanInput, room: Room, pools: Pools): Terms {
  return {
    goal: input.goal,
    limits: GOAL_LIMITS[input.goal],
    room,
    lanes: { cpu: 1, card: input.graphics?.cards ?? 1, remote: Math.max(1, input.remoteServers) },
    mostSeats: MOST_SEATS[input.tier],
    leastContext: pools.question.promptTokens + pools.question.answerTokens,
    severalFamilies:
      new Set(
        input.candidates.flatMap(({ prediction }) =>
          prediction.engine === 'starter' ? [] : [prediction.family],
        ),
      ).size > 1,
    whole: false,
  };
}

/** What the figures say besides: earlier runs count. */
function corrected(checks: CapacityPlan['checks'], correction: number): CapacityPlan['checks'] {
  if (correction === 1) return checks;
  const words = ` Earlier runs were ${correction.toFixed(2)} times as fast as predicted, and this counts here.`;
  return checks.map((check) => (check.name === 'pace' ? { ...check, detail: check.detail + words } : check));
}

const NO_TIMES: Expectation = { answerMs: null, firstTokenMs: null };

/** The checks of a plan without any model to check. */
const NO_SEATS: CapacityPlan['checks'] = [
  {
    name: 'seats',
    pass: false,
    figure: 0,
    limit: 1,
    unit: 'members',
    detail: 'No model can run here: none is known that this device or a server could run.',
  },
];

interface Outline {
  readonly choice: Choice | null;
  readonly stage: Stage | null;
  readonly concurrency: Concurrency;
  readonly expected: Expectation;
  readonly tokensPerSecond: Estimate | null;
}

function outlineOf(found: Found | null, threads: number): Outline {
  const choice = found?.refinement.choice ?? null;
  if (found === null || choice === null)
    return {
      choice: null,
      stage: found?.stage ?? null,
      concurrency: concurrencyOf([], threads, { cpu: 1, card: 1, remote: 1 }, NO_TIMES, Infinity),
      expected: NO_TIMES,
      tokensPerSecond: null,
    };
  const { terms } = found.stage;
  const alone = expectationOf(choice, terms);
  const concurrency = concurrencyOf(choice.members, threads, terms.lanes, alone, terms.limits.firstTokenMs);
  return {
    choice,
    stage: found.stage,
    concurrency,
    expected: { ...alone, firstTokenMs: concurrency.firstTokenMs },
    tokensPerSecond: councilRate(choice.members, terms.lanes),
  };
}

/**
 * The council that fits a device, and what it is expected to do (mission.md W13). The same input gives the same plan. It
 * never throws: a plan that cannot be made says so in `refusal`. `wall` is 0; the caller knows the time.
 */
export function planCapacity(raw: PlanInput): CapacityPlan {
  const input = plainInput(raw);
  const room = roomOf(input);
  const pools = admitted(input, room);
  const terms = termsOf(input, room, pools);
  const found = firstThatPasses(stagesOf(pools, terms));
  const { choice, stage, concurrency, expected, tokensPerSecond } = outlineOf(found, input.threads);
  const members = choice?.members ?? [];
  const level = choice?.level ?? 0;
  const question = stage?.question ?? pools.question;
  const last = found?.refinement.last ?? null;
  const required = stage === null ? ALL : ALL & ~stage.optional;
  const checks =
    stage === null || last === null
      ? NO_SEATS
      : planChecks(
          last,
          choice === null ? expectationOf(last, stage.terms) : expected,
          stage.terms,
          required,
        );
  const budget = memoryBudget(room, members, level);
  const bytesOf = (names: readonly string[]): number =>
    budget.lines.reduce((sum, { name, bytes }) => (names.includes(name) ? sum + bytes : sum), 0);
  const context = contextOf(members, level);
  return {
    schema: 'witan.plan',
    version: 1,
    goal: input.goal,
    tier: input.tier,
    formula: formulaOf(members, input),
    members: members.map((member) => planMember(member, level, concurrency.threadsEach)),
    concurrency: concurrency.members,
    context,
    budget,
    graphicsBudget: graphicsBudget(room, members, level),
    quality: {
      maxTokens: longestAnswer(context, question, expected, terms.limits),
      samples: choice?.samples ?? 0,
      precision: coarsest(members),
      flushIntervalMs: flushIntervalMs(input.tier),
    },
    thresholds:
      choice === null
        ? []
        : thresholds({
            tier: input.tier,
            limits: terms.limits,
            ...expected,
            tokensPerSecond,
            plannedBytes: room.totalBytes - bytesOf(['system', 'free', 'reserve']),
            allowedBytes: room.totalBytes - room.systemBytes,
          }),
    expected: { ...question, ...expected, tokensPerSecond },
    checks: corrected([...checks], input.correction),
    iterations: [...(found?.iterations ?? []), ...concurrency.iterations],
    valid: choice !== null,
    refusal: choice === null ? (found?.refinement.because ?? NO_SEATS[0]?.detail ?? '') : null,
    leftOut: leftOut(input.candidates, pools.all, pools.barred, choice, terms),
    correction: input.correction,
    wall: 0,
  };
}
