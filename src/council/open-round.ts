import type { Clock } from '#kernel/clock';
import type { CouncilMember, MemberManner, RoundEvent } from '#contracts/council';
import type { AskOptions, Deliberation } from '#contracts/deliberation';
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

/** More answers than these tell little more (research: council, A3: 2 → 9 kept helping; beyond is not reported). */
const MOST_SAMPLES = 9;

/** Those that say something. */
function written({ review = '', chairman = '' }: RoundManner['instructions']): RoundManner['instructions'] {
  return {
    ...(review.trim() === '' ? {} : { review: review.trim() }),
    ...(chairman.trim() === '' ? {} : { chairman: chairman.trim() }),
  };
}

/** How one answer is made of the members': as was asked for, or what suits the question. */
function mannerFor(
  options: AskOptions,
  { kind }: AnswerShape,
  members: readonly CouncilMember[],
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
    tier: 'mid',
    oneModelAtATime: members.filter(({ memory }) => memory !== undefined).length > 1,
    timeBudgetMs: options.hardDeadlineMs ?? null,
    answerMs: null,
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

/** The round that answers a question as its options have it. */
export function openRound(
  question: Pick<RoundPlan, 'id' | 'prompt' | 'members' | 'absent' | 'abstain'>,
  options: AskOptions,
  clock: Clock,
  emit: (event: RoundEvent) => void,
): OpenRound {
  const { members, prompt, abstain } = question;
  const { history, threadId, seed, quorum, graceMs } = options;
  const shape = answerShape(prompt, abstain);
  const manner = mannerFor(options, shape, members);
  // Answers of a member come one after the other; under ModelSwitch, and where members take turns, theirs do too.
  const samples = manner.samples ?? 1;
  const patience = (of: (manner: MemberManner) => number, least: number): number => {
    const each = new Map(
      members.map(({ id, manner: own }) => [id, Math.max(least, own === undefined ? 0 : of(own))]),
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
        options.softDeadlineMs ?? patience((manner) => manner.softDeadlineMs, DEFAULTS.softDeadlineMs),
      hardDeadlineMs:
        options.hardDeadlineMs ?? patience((manner) => manner.hardDeadlineMs, DEFAULTS.hardDeadlineMs),
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
