import type { Clock } from '#kernel/clock';
import { err, ok } from '#kernel/result';
import { Semaphore } from '#kernel/semaphore';
import type { AbsentMember, CouncilMember, RoundEvent, Roster } from '#contracts/council';
import type { AskOptions, Deliberation, FrameSummary } from '#contracts/deliberation';
import { failure, failureOf, type Outcome } from '#contracts/errors';
import type { Tier } from '#contracts/hardware';
import type { MetricWriter } from '#contracts/metrics';
import { INSTRUCTION_LIMIT } from '#contracts/rules';
import { normalQuestion } from './normal-question.ts';
import type { openRound } from './open-round.ts';
import type { Round } from './round.ts';

/** Rounds that may wait; more are refused (`queue-full`) so that a runaway caller cannot build an endless queue. */
const QUEUE_LIMIT = 8;

/** Who is to be there in a round. */
export interface RosterWish {
  readonly isWanted: (member: Pick<AbsentMember, 'id' | 'backend'>) => boolean;
  /** They need not be in memory: each loads when it is asked. */
  readonly asleep: boolean;
}

export interface CouncilPorts {
  readonly clock: Clock;
  readonly metrics: MetricWriter;
  readonly emit: (event: RoundEvent) => void;
  /** All members; those that are wanted are loaded first when needed, and no others. */
  readonly roster: (signal: AbortSignal, wish: RosterWish) => Promise<Outcome<Roster>>;
  /** Starts watching frames; the returned function ends it. */
  readonly watchFrames: () => () => FrameSummary | null;
  readonly newId: () => string;
  /** The code of rounds and rules, which the page's first visit does without. */
  readonly rounds: () => Promise<typeof openRound>;
  /** The exact sentence with which members decline. */
  readonly abstain: () => string;
  /** Of the device; null while it is not known. Absent: never. */
  readonly tier?: () => Tier | null;
  /** Longest question in characters. */
  readonly promptLimit: () => number;
}

/** A member whose context is too short for the question, while others read it. */
function tooShortFor({ id, name, engine, backend }: CouncilMember): AbsentMember {
  return { id, name, engine: engine.kind, backend, error: 'context-exceeded' };
}

/** Takes questions, runs them one round at a time in order, and keeps each member's calls apart. */
export class Council {
  readonly #ports: CouncilPorts;
  readonly #turns = new Semaphore(1);
  #spare = new AbortController();
  #waiting = 0;
  /** Aborts the turn under way: its preparation, then its round. */
  #turn: AbortController | null = null;
  #round: Round | null = null;

  constructor(ports: CouncilPorts) {
    this.#ports = ports;
  }

  /**
   * Errors: prompt-empty, prompt-too-long, queue-full, council-unavailable, consent-required (only members on servers are
   * there), member-unknown, usage (an instruction is too long), cancelled.
   */
  async ask(signal: AbortSignal, prompt: string, options: AskOptions = {}): Promise<Outcome<Deliberation>> {
    const question = normalQuestion(prompt);
    if (question === '') return err(failure('prompt-empty'));
    const limit = this.#ports.promptLimit();
    if (question.length > limit) {
      return err(failure('prompt-too-long', { characters: question.length, limit }));
    }
    const { review = '', chairman = '' } = options.instructions ?? {};
    const characters = Math.max(review.length, chairman.length);
    if (characters > INSTRUCTION_LIMIT) {
      const problem = `An instruction has ${characters} characters; at most ${INSTRUCTION_LIMIT} are read.`;
      return err(failure('usage', { problem }));
    }
    if (this.#waiting >= QUEUE_LIMIT) return err(failure('queue-full', { limit: QUEUE_LIMIT }));
    this.#spare.abort();
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
    this.#spare.abort();
    const endTurn = await this.#turns.acquire(signal);
    if (endTurn === null) return err(failure('cancelled'));
    try {
      return await task();
    } finally {
      endTurn();
    }
  }

  /**
   * Runs `task` at once if no round and no measurement runs, and not at all otherwise. Its signal aborts as soon as one
   * wants to run, which waits for no end of it.
   */
  async spare(task: (signal: AbortSignal) => Promise<void>): Promise<void> {
    if (!this.#turns.free) return;
    this.#spare = new AbortController();
    await task(this.#spare.signal);
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
    // Comes while the members are loaded; the page's first visit does without it.
    const code = this.#ports.rounds();
    code.catch(() => undefined);
    // Under ModelSwitch most members need not be asked, so none is loaded before it is.
    const roster = await this.#ports.roster(signal, { isWanted, asleep: options.rule === 'model-switch' });
    if (!roster.ok) return roster;
    if (signal.aborted) return err(failure('cancelled'));
    const { ready, absent } = roster.value;
    const all = [...ready, ...absent];
    const { chairman, weights = {} } = options;
    const named = [...(wanted ?? []), ...Object.keys(weights), ...(chairman === undefined ? [] : [chairman])];
    const unknown = named.find((name) => !all.some(({ id }) => id === name));
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
    const { round, complete } = (await code)(
      {
        id: this.#ports.newId(),
        prompt,
        members,
        absent: [...absent.filter(isWanted), ...asked.filter((member) => !reads(member)).map(tooShortFor)],
        abstain: this.#ports.abstain(),
        tier: this.#ports.tier?.() ?? null,
      },
      options,
      clock,
      emit,
    );
    if (signal.aborted) return err(failure('cancelled'));
    this.#round = round;
    signal.addEventListener(
      'abort',
      () => {
        round.stop();
      },
      { once: true },
    );
    const endWatch = this.#ports.watchFrames();
    const record = complete(await round.run());
    const deliberation: Deliberation = { ...record, frames: endWatch() };
    metrics.add('rounds', 1);
    emit({ type: 'round-ended', roundId: record.id, deliberation });
    return ok(deliberation);
  }

  #setWaiting(change: number): void {
    this.#waiting += change;
    this.#ports.metrics.set('queueDepth', this.#waiting);
  }
}
