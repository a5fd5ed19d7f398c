import type { Clock } from '#kernel/clock';
import type { CouncilMember, MemberManner, RoundEvent } from '#contracts/council';
import type { AskOptions, Deliberation } from '#contracts/deliberation';
import type { Tier } from '#contracts/hardware';
import type { RuleName } from '#contracts/rules';
import { answerShape, type AnswerShape } from './answer-shape.ts';
import { tieBreakerFor, weightsFor } from './member-say.ts';
import { RoundEvidence } from './round-evidence.ts';
import { Round } from './round.ts';
import type { RoundManner, RoundPlan } from './round-plan.ts';
import { chooseRule } from './rules/auto-rule.ts';

/** Generous for tiny local models, others name their own; the stall watch of the engine finds a dead member sooner. */
const DEFAULTS = { softDeadlineMs: 10_000, hardDeadlineMs: 30_000, quorum: 2, seed: 1 } as const;

/**
 * After the vote is decided a member already decoding may finish a short answer: it costs a few tokens and shows the
 * dissent whole. What takes longer is cut.
 */
const DEFAULT_GRACE_MS = 400;

/**
 * For a member that loads when it is asked: a model of a gigabyte is read in some ten seconds from a slow disk, and compiled
 * for a graphics card in as many. A judgement.
 */
const LOAD_MS = { soft: 30_000, hard: 60_000 } as const;

/** More answers than these tell little more (research: council, A3: 2 → 9 kept helping; beyond is not reported). */
const MOST_SAMPLES = 9;

/** Those that say something. */
function written({ review = '', chairman = '' }: RoundManner['instructions']): RoundManner['instructions'] {
  return {
    ...(review.trim() === '' ? {} : { review: review.trim() }),
    ...(chairman.trim() === '' ? {} : { chairman: chairman.trim() }),
  };
}

/** Longest that a member takes for one answer, by what it wrote before; null where one has written nothing yet. */
function answerTimeMs(
  members: readonly CouncilMember[],
  kind: AnswerShape['kind'],
  maxTokens: number,
): number | null {
  const each = members.map(({ tokensPerSecond = null, manner }) => {
    const tokens = kind === 'free' ? (manner?.freeAnswerTokens ?? maxTokens) : maxTokens;
    return tokensPerSecond === null ? null : (tokens * 1000) / tokensPerSecond;
  });
  return each.reduce((longest, ms) => (longest === null || ms === null ? null : Math.max(longest, ms)), 0);
}

/** How one answer is made of the members': as was asked for, or what suits the question. */
function mannerFor(
  options: AskOptions,
  { kind, maxTokens }: AnswerShape,
  members: readonly CouncilMember[],
  tier: Tier | null,
): Partial<RoundManner> {
  const { rule = 'auto', stop = 'exact', chairman, instructions = {} } = options;
  const samples = Math.min(MOST_SAMPLES, Math.max(1, Math.trunc(options.samples ?? 1)));
  const named = { stop, samples, chairmanId: chairman ?? null, instructions: written(instructions) };
  const ids = members.map(({ id }) => id);
  const said = (rule: RuleName): Partial<RoundManner> => ({
    rule,
    tieBreaker: tieBreakerFor(chairman, rule),
    weights: weightsFor(options.weights, rule, ids),
  });
  if (rule !== 'auto') return { ...named, ...said(rule) };
  const { reasons, ...chosen } = chooseRule({
    kind,
    members: members.length,
    samplesPerMember: samples,
    tier,
    oneModelAtATime: members.filter(({ memory }) => memory !== undefined).length > 1,
    timeBudgetMs: options.hardDeadlineMs ?? null,
    answerMs: answerTimeMs(members, kind, maxTokens),
    confidences: members.every(({ engine }) => engine.kind === 'wllama' || engine.kind === 'web-llm'),
    embeddings: false,
    chairmanChosen: chairman !== undefined,
    weighed: weightsFor(options.weights, 'plurality', ids) !== null,
  });
  return { ...named, ...said(chosen.rule), samples: chosen.samplesPerMember, ruleReasons: reasons };
}

/** A round that can be run, and what makes its record whole. */
export interface OpenRound {
  readonly round: Round;
  readonly complete: (record: Omit<Deliberation, 'frames'>) => Omit<Deliberation, 'frames'>;
}

/** A question, and to whom it is put. */
export interface Question extends Pick<RoundPlan, 'id' | 'prompt' | 'members' | 'absent' | 'abstain'> {
  /** Of the device, as far as it is known by now. */
  readonly tier?: Tier | null;
}

/** The round that answers a question as its options have it. */
export function openRound(
  { tier = null, ...question }: Question,
  options: AskOptions,
  clock: Clock,
  emit: (event: RoundEvent) => void,
): OpenRound {
  const { members, prompt, abstain } = question;
  const { history, threadId, seed, quorum, graceMs } = options;
  const shape = answerShape(prompt, abstain);
  const manner = mannerFor(options, shape, members, tier);
  // Answers of a member come one after the other; under ModelSwitch, and where members take turns, theirs do too.
  const samples = manner.samples ?? 1;
  const patience = (of: (manner: MemberManner) => number, least: number, loadMs: number): number => {
    const each = new Map(
      members.map(({ id, manner: own, asleep = false, memory }) => [
        id,
        Math.max(least, own === undefined ? 0 : of(own)) + (asleep || memory !== undefined ? loadMs : 0),
      ]),
    );
    const together = (ids: readonly string[]): number =>
      ids.reduce((sum, id) => sum + (each.get(id) ?? 0), 0);
    const longest =
      manner.rule === 'model-switch'
        ? together([...each.keys()])
        : Math.max(...members.map(({ id, takesTurnsWith = [id] }) => together(takesTurnsWith)));
    return samples * longest;
  };
  const evidence = new RoundEvidence(members, history);
  const round = new Round(
    {
      ...question,
      shape,
      seed: seed ?? DEFAULTS.seed,
      manner,
      ...(history === undefined ? {} : { history }),
      softDeadlineMs:
        options.softDeadlineMs ??
        patience((manner) => manner.softDeadlineMs, DEFAULTS.softDeadlineMs, LOAD_MS.soft),
      hardDeadlineMs:
        options.hardDeadlineMs ??
        patience((manner) => manner.hardDeadlineMs, DEFAULTS.hardDeadlineMs, LOAD_MS.hard),
      quorum: quorum ?? DEFAULTS.quorum,
      graceMs: graceMs ?? DEFAULT_GRACE_MS,
    },
    clock,
    (event) => {
      evidence.hear(event);
      emit(event);
    },
  );
  return {
    round,
    complete: (record) => ({
      ...evidence.complete(record, round.stoppedByUser),
      ...(threadId === undefined ? {} : { threadId }),
    }),
  };
}
