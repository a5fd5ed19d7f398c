import type { Clock } from '#kernel/clock';

/**
 * all: everybody has answered or will not · decided: the caller knows enough · quorum: at the soft deadline or after it
 * enough had answered · hard: time is over · stopped: by the user.
 */
export type BarrierReason = 'all' | 'decided' | 'quorum' | 'hard' | 'stopped';

export interface BarrierPlan {
  /** From then on a quorum suffices, ms after the start. */
  readonly softDeadlineMs: number;
  /** The barrier opens whatever is there, ms after the start. */
  readonly hardDeadlineMs: number;
  /** Answers that suffice after the soft deadline; at least 1. */
  readonly quorum: number;
}

export interface BarrierResult<Answer> {
  readonly reason: BarrierReason;
  readonly answers: ReadonlyMap<string, Answer>;
  /** Who would still have answered: a partial result is always told with who is missing. */
  readonly missing: readonly string[];
  /** Who will not answer any more: failed, or said nothing that counts. */
  readonly left: readonly string[];
  readonly atMs: number;
}

/**
 * Keeps the parties of a round in step: a barrier that opens when all have come, and by the response timer before that
 * (research/council.md §2, A5): from T_soft on with a quorum, at T_hard with whatever there is. Who is slow is often the
 * better model, so a partial set is a biased sample: the result names who is missing, and their answers are still taken in
 * when they come (`late`), until the barrier is dismissed.
 */
export class RoundBarrier<Answer> {
  /** Settles when the barrier opens, at the hard deadline at the latest. */
  readonly opened: Promise<BarrierResult<Answer>>;
  readonly #clock: Clock;
  readonly #plan: BarrierPlan;
  readonly #startedMs: number;
  readonly #open: Set<string>;
  readonly #left: string[] = [];
  readonly #answers = new Map<string, Answer>();
  readonly #late: (memberId: string, answer: Answer) => void;
  readonly #cancels: readonly (() => void)[];
  #resolve: (result: BarrierResult<Answer>) => void = () => undefined;
  #softPassed = false;
  #isOpen = false;
  #dismissed = false;

  /** @param late told of each answer that comes after the barrier has opened */
  constructor(
    clock: Clock,
    parties: readonly string[],
    plan: BarrierPlan,
    late: (memberId: string, answer: Answer) => void = () => undefined,
  ) {
    this.#clock = clock;
    this.#plan = plan;
    this.#late = late;
    this.#open = new Set(parties);
    this.#startedMs = clock.nowMs();
    this.opened = new Promise((resolve) => {
      this.#resolve = resolve;
    });
    this.#cancels = [
      clock.after(plan.softDeadlineMs, () => {
        this.#softPassed = true;
        this.#check();
      }),
      clock.after(plan.hardDeadlineMs, () => {
        this.#end('hard');
      }),
    ];
    this.#check();
  }

  /** This party's answer. Its first one counts. */
  arrive(memberId: string, answer: Answer): void {
    if (this.#dismissed || !this.#open.delete(memberId)) return;
    if (this.#isOpen) {
      this.#late(memberId, answer);
      return;
    }
    this.#answers.set(memberId, answer);
    this.#check();
  }

  /** This party will not answer. */
  leave(memberId: string): void {
    if (this.#dismissed || !this.#open.delete(memberId)) return;
    this.#left.push(memberId);
    this.#check();
  }

  /** The outcome is fixed, whatever the others say. */
  decide(): void {
    this.#end('decided');
  }

  /** The user has stopped the round. */
  stop(): void {
    this.#end('stopped');
  }

  /** Nothing that comes from now on is of interest. */
  dismiss(): void {
    this.#dismissed = true;
    this.#end('stopped');
  }

  #check(): void {
    if (this.#open.size === 0) this.#end('all');
    else if (this.#softPassed && this.#answers.size >= Math.max(1, this.#plan.quorum)) this.#end('quorum');
  }

  #end(reason: BarrierReason): void {
    if (this.#isOpen) return;
    this.#isOpen = true;
    for (const cancel of this.#cancels) cancel();
    this.#resolve({
      reason,
      answers: new Map(this.#answers),
      missing: [...this.#open],
      left: [...this.#left],
      atMs: this.#clock.nowMs() - this.#startedMs,
    });
  }
}
