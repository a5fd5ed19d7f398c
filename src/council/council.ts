import type { Clock } from '#kernel/clock';
import { err, ok } from '#kernel/result';
import { Semaphore } from '#kernel/semaphore';
import type { AbsentMember, CouncilMember, MemberManner, RoundEvent, Roster } from '#contracts/council';
import type { AskOptions, Deliberation, FrameSummary } from '#contracts/deliberation';
import { failure, failureOf, type Outcome } from '#contracts/errors';
import type { MetricWriter } from '#contracts/metrics';
import { answerShape, type AnswerShape } from './answer-shape.ts';
import { normalQuestion } from './normal-question.ts';
import { RoundEvidence } from './round-evidence.ts';
import { Round } from './round.ts';
import type { RoundManner } from './round-plan.ts';
import { chooseRule } from './rules/auto-rule.ts';

/** Rounds that may wait; more are refused (`queue-full`) so that a runaway caller cannot build an endless queue. */
const QUEUE_LIMIT = 8;

/** Generous for tiny local models, others name their own; the stall watch of the engine finds a dead member sooner. */
const DEFAULTS = { softDeadlineMs: 10_000, hardDeadlineMs: 30_000, quorum: 2, seed: 1 } as const;

/**
 * After the vote is decided a member already decoding may finish a short answer: it costs a few tokens and shows the
 * dissent whole. What takes longer is cut.
 */
const DEFAULT_GRACE_MS = 400;

export interface CouncilPorts {
  readonly clock: Clock;
  readonly metrics: MetricWriter;
  readonly emit: (event: RoundEvent) => void;
  /** All members; those that are wanted in this round are loaded first when needed, and no others. */
  readonly roster: (
    signal: AbortSignal,
    isWanted: (member: Pick<AbsentMember, 'id' | 'backend'>) => boolean,
  ) => Promise<Outcome<Roster>>;
  /** Starts watching frames; the returned function ends it. */
  readonly watchFrames: () => () => FrameSummary | null;
  readonly newId: () => string;
  /** The exact sentence with which members decline. */
  readonly abstain: () => string;
  /** Longest question in characters. */
  readonly promptLimit: () => number;
}

/** More answers than these tell little more (research: council, A3: 2 → 9 kept helping; beyond is not reported). */
const MOST_SAMPLES = 9;

/** A member whose context is too short for the question, while others read it. */
function tooShortFor({ id, name, engine, backend }: CouncilMember): AbsentMember {
  return { id, name, engine: engine.kind, backend, error: 'context-exceeded' };
}

/** How one answer is made of the members': as was asked for, or what suits the question. */
function mannerFor(
  options: AskOptions,
  { kind }: AnswerShape,
  members: readonly CouncilMember[],
): Partial<RoundManner> {
  const { rule = 'auto', stop = 'exact', chairman, instructions = {} } = options;
  const samples = Math.min(MOST_SAMPLES, Math.max(1, Math.trunc(options.samples ?? 1)));
  const named = { stop, samples, chairmanId: chairman ?? null, instructions };
  if (rule !== 'auto') return { ...named, rule };
  const { reasons, ...chosen } = chooseRule({
    kind,
    members: members.length,
    samplesPerMember: samples,
    tier: 'mid',
    oneModelAtATime: false,
    timeBudgetMs: options.hardDeadlineMs ?? null,
    answerMs: null,
    confidences: members.every(({ engine }) => engine.kind === 'wllama' || engine.kind === 'web-llm'),
    embeddings: false,
    chairmanChosen: chairman !== undefined,
  });
  return { ...named, rule: chosen.rule, samples: chosen.samplesPerMember, ruleReasons: reasons };
}

/** Takes questions, runs them one round at a time in order, and keeps each member's calls apart. */
export class Council {
  readonly #ports: CouncilPorts;
  readonly #turns = new Semaphore(1);
  #waiting = 0;
  /** Aborts the turn under way: its preparation, then its round. */
  #turn: AbortController | null = null;
  #round: Round | null = null;

  constructor(ports: CouncilPorts) {
    this.#ports = ports;
  }

  /**
   * Errors: prompt-empty, prompt-too-long, queue-full, council-unavailable, consent-required (only members on servers are
   * there), member-unknown, cancelled.
   */
  async ask(signal: AbortSignal, prompt: string, options: AskOptions = {}): Promise<Outcome<Deliberation>> {
    const question = normalQuestion(prompt);
    if (question === '') return err(failure('prompt-empty'));
    const limit = this.#ports.promptLimit();
    if (question.length > limit) {
      return err(failure('prompt-too-long', { characters: question.length, limit }));
    }
    if (this.#waiting >= QUEUE_LIMIT) return err(failure('queue-full', { limit: QUEUE_LIMIT }));
    this.#setWaiting(1);
    const endTurn = await this.#turns.acquire(signal);
    this.#setWaiting(-1);
    if (endTurn === null) return err(failure('cancelled'));
    try {
      return await this.#takeTurn(signal, question, options);
    } catch (thrown) {
      return err(failureOf(thrown));
    } finally {
      endTurn();
    }
  }

  /**
   * Runs `task` when no round runs and holds later questions back until it has ended: for measurements.
   * Errors: cancelled, and those of the task.
   */
  async exclusively<T>(signal: AbortSignal, task: () => Promise<Outcome<T>>): Promise<Outcome<T>> {
    const endTurn = await this.#turns.acquire(signal);
    if (endTurn === null) return err(failure('cancelled'));
    try {
      return await task();
    } finally {
      endTurn();
    }
  }

  /** Stops the running round, also while its members are still being loaded, or one member's part in it. */
  stop(memberId?: string): void {
    if (memberId === undefined) this.#turn?.abort();
    else this.#round?.stop(memberId);
  }

  async #takeTurn(signal: AbortSignal, prompt: string, options: AskOptions): Promise<Outcome<Deliberation>> {
    if (signal.aborted) return err(failure('cancelled'));
    const turn = new AbortController();
    const onAbort = (): void => {
      turn.abort();
    };
    signal.addEventListener('abort', onAbort, { once: true });
    this.#turn = turn;
    try {
      return await this.#runRound(turn.signal, prompt, options);
    } finally {
      signal.removeEventListener('abort', onAbort);
      this.#turn = null;
      this.#round = null;
    }
  }

  async #runRound(signal: AbortSignal, prompt: string, options: AskOptions): Promise<Outcome<Deliberation>> {
    const { clock, metrics, emit } = this.#ports;
    const { members: wanted, allowRemote = false } = options;
    const isWanted = ({ id, backend }: Pick<AbsentMember, 'id' | 'backend'>): boolean =>
      (wanted?.includes(id) ?? true) &&
      (backend !== 'remote' || (typeof allowRemote === 'boolean' ? allowRemote : allowRemote.includes(id)));
    const roster = await this.#ports.roster(signal, isWanted);
    if (!roster.ok) return roster;
    if (signal.aborted) return err(failure('cancelled'));
    const { ready, absent } = roster.value;
    const all = [...ready, ...absent];
    const unknown = wanted?.find((id) => !all.some((member) => member.id === id));
    if (unknown !== undefined) return err(failure('member-unknown', { member: unknown }));
    const asked = ready.filter(isWanted);
    if (asked.length === 0) {
      const cause = absent.find(isWanted)?.error;
      const held = all.find(({ id, backend }) => backend === 'remote' && (wanted?.includes(id) ?? true));
      return err(
        cause === undefined && held !== undefined
          ? failure('consent-required', { model: held.name })
          : failure('council-unavailable', { cause: cause ?? 'none-chosen' }),
      );
    }
    const reads = ({ manner }: CouncilMember): boolean => prompt.length <= (manner?.promptLimit ?? Infinity);
    const members = asked.filter(reads);
    if (members.length === 0) {
      const limit = Math.max(...asked.map(({ manner }) => manner?.promptLimit ?? 0));
      return err(failure('prompt-too-long', { characters: prompt.length, limit }));
    }
    const patience = (of: (manner: MemberManner) => number, least: number): number =>
      Math.max(least, ...members.map(({ manner }) => (manner === undefined ? 0 : of(manner))));
    const abstain = this.#ports.abstain();
    const shape = answerShape(prompt, abstain);
    const evidence = new RoundEvidence(members, options.history);
    const round = new Round(
      {
        id: this.#ports.newId(),
        prompt,
        shape,
        members,
        absent: [...absent.filter(isWanted), ...asked.filter((member) => !reads(member)).map(tooShortFor)],
        abstain,
        seed: options.seed ?? DEFAULTS.seed,
        manner: mannerFor(options, shape, members),
        ...(options.history === undefined ? {} : { history: options.history }),
        softDeadlineMs:
          options.softDeadlineMs ?? patience((manner) => manner.softDeadlineMs, DEFAULTS.softDeadlineMs),
        hardDeadlineMs:
          options.hardDeadlineMs ?? patience((manner) => manner.hardDeadlineMs, DEFAULTS.hardDeadlineMs),
        quorum: options.quorum ?? DEFAULTS.quorum,
        graceMs: options.graceMs ?? DEFAULT_GRACE_MS,
      },
      clock,
      (event) => {
        evidence.hear(event);
        emit(event);
      },
    );
    this.#round = round;
    signal.addEventListener(
      'abort',
      () => {
        round.stop();
      },
      { once: true },
    );
    const endWatch = this.#ports.watchFrames();
    const record = evidence.complete(await round.run(), round.stoppedByUser);
    const deliberation: Deliberation = {
      ...record,
      ...(options.threadId === undefined ? {} : { threadId: options.threadId }),
      frames: endWatch(),
    };
    metrics.add('rounds', 1);
    emit({ type: 'round-ended', roundId: record.id, deliberation });
    return ok(deliberation);
  }

  #setWaiting(change: number): void {
    this.#waiting += change;
    this.#ports.metrics.set('queueDepth', this.#waiting);
  }
}
