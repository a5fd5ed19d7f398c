import type { Clock } from '#kernel/clock';
import type { AbsentMember, CouncilMember, RoundEvent } from '#contracts/council';
import type { Deliberation, MemberOutcome } from '#contracts/deliberation';
import type { Generation, TokenChunk } from '#contracts/engine';
import { failureOf, type ErrorCode, type Outcome } from '#contracts/errors';
import type { AnswerShape } from './answer-shape.ts';
import { canonicalKey, isAbstention, withoutOwnName } from './canonical-key.ts';
import { memberRequest } from './member-request.ts';
import { isDecided, pluralityWinner, tally, type Vote } from './plurality.ts';
import { outcomeOfAbsent, Seat } from './seat.ts';
import { answerOf, concludeRound, type Conclusion } from './conclusion.ts';

export interface RoundPlan {
  readonly id: string;
  readonly prompt: string;
  readonly shape: AnswerShape;
  readonly members: readonly CouncilMember[];
  /** Members that cannot be asked: on record as failed. */
  readonly absent: readonly AbsentMember[];
  /** The exact sentence with which members decline. */
  readonly abstain: string;
  readonly seed: number;
  readonly softDeadlineMs: number;
  readonly hardDeadlineMs: number;
  readonly quorum: number;
  readonly graceMs: number;
}

/** The engine went, and took the answer with it. */
const LOSSES: ReadonlySet<ErrorCode> = new Set(['worker-lost', 'worker-silent', 'device-lost']);

/**
 * One question to all members at once. Decides by plurality with the exact early stop; from the soft deadline on a
 * quorum suffices; at the hard deadline the round ends with what there is. Whatever members do, `run` resolves.
 */
export class Round {
  readonly #plan: RoundPlan;
  readonly #clock: Clock;
  readonly #emit: (event: RoundEvent) => void;
  readonly #seats: readonly Seat[];
  readonly #absent: readonly MemberOutcome[];
  readonly #startedMs: number;
  readonly #askedAt: number;
  #cancelTimers: (() => void)[] = [];
  #verdict: { key: string; atMs: number; early: boolean } | null = null;
  #softDeadlinePassed = false;
  #stoppedByUser = false;
  #finish: () => void = () => undefined;

  constructor(plan: RoundPlan, clock: Clock, emit: (event: RoundEvent) => void) {
    this.#plan = plan;
    this.#clock = clock;
    this.#emit = emit;
    this.#startedMs = clock.nowMs();
    this.#askedAt = clock.epochMs();
    this.#seats = plan.members.map((member) => new Seat(member, clock));
    this.#absent = plan.absent.map(outcomeOfAbsent);
  }

  /** Runs the round to its end. */
  async run(): Promise<Omit<Deliberation, 'frames'>> {
    const { id, prompt, softDeadlineMs, hardDeadlineMs } = this.#plan;
    const finished = new Promise<void>((resolve) => {
      this.#finish = resolve;
    });
    this.#emit({
      type: 'round-started',
      roundId: id,
      prompt,
      members: [...this.#seats.map((seat) => seat.member.id), ...this.#absent.map((member) => member.id)],
    });
    for (const member of this.#absent) this.#emit({ type: 'member-ended', roundId: id, member });
    this.#cancelTimers = [
      this.#clock.after(softDeadlineMs, () => {
        this.#softDeadlinePassed = true;
        this.#checkQuorum();
      }),
      this.#clock.after(hardDeadlineMs, () => {
        this.#endOpenSeats('timeout');
      }),
    ];
    for (const seat of this.#seats) void this.#hear(seat);
    this.#finishWhenAllEnded();
    await finished;
    for (const cancel of this.#cancelTimers) cancel();
    return this.#conclude();
  }

  /** Stops one member, or the whole round. */
  stop(memberId?: string): void {
    if (memberId === undefined) {
      this.#stoppedByUser = true;
      this.#endOpenSeats('stopped');
      return;
    }
    const seat = this.#seats.find((candidate) => candidate.member.id === memberId);
    if (seat?.open === true) this.#end(seat, 'stopped');
  }

  async #hear(seat: Seat): Promise<void> {
    if (!seat.open) return; // stopped while an earlier member was being started
    const { id: roundId } = this.#plan;
    seat.start();
    this.#emit({ type: 'member-started', roundId, memberId: seat.member.id });
    const request = memberRequest(seat.member, this.#plan);
    const onChunk = (chunk: TokenChunk): void => {
      if (!seat.open) return;
      seat.take(chunk);
      const { text, tokens, tokensPerSecond } = seat;
      this.#emit({ type: 'member-chunk', roundId, memberId: seat.member.id, text, tokens, tokensPerSecond });
    };
    let generated: Outcome<Generation>;
    try {
      generated = await seat.member.engine.generate(seat.signal, request, onChunk);
    } catch (thrown) {
      generated = { ok: false, error: failureOf(thrown) };
    }
    if (seat.open) this.#settle(seat, generated);
  }

  #settle(seat: Seat, generated: Outcome<Generation>): void {
    if (!generated.ok) {
      const { code } = generated.error;
      // Its worker was taken down on purpose (a restart): no fault of the member.
      if (code === 'cancelled') {
        this.#end(seat, 'stopped');
        return;
      }
      seat.error = code;
      this.#end(seat, LOSSES.has(code) ? 'lost' : 'failed');
      return;
    }
    seat.accept(generated.value);
    if (generated.value.finish === 'cancelled') {
      this.#end(seat, 'stopped'); // half a text is no vote
      return;
    }
    seat.key = this.#keyOf(seat, generated.value.finish);
    const late = this.#verdict !== null && !this.#verdict.early;
    this.#end(seat, seat.key === null ? 'abstained' : late ? 'late' : 'answered');
  }

  #keyOf(seat: Seat, finish: Generation['finish']): string | null {
    const { shape, abstain } = this.#plan;
    if (isAbstention(seat.text, abstain)) return null;
    if (shape.kind === 'free') return canonicalKey('free', withoutOwnName(seat.text, seat.member.name));
    // A short answer that ran into the token limit is cut off: "1, 2, 3" may be the head of a longer list.
    return finish === 'length' ? null : canonicalKey(shape.kind, seat.text);
  }

  #end(seat: Seat, status: Parameters<Seat['end']>[0]): void {
    seat.end(status);
    this.#emit({ type: 'member-ended', roundId: this.#plan.id, member: seat.outcome() });
    this.#checkDecided();
    this.#checkQuorum();
    this.#finishWhenAllEnded();
  }

  /** Ends all at once, before anything is told: ended one by one, the first could make the rest look decided early. */
  #endOpenSeats(status: 'timeout' | 'stopped' | 'cut'): void {
    const ending = this.#seats.filter((seat) => seat.open);
    for (const seat of ending) seat.end(status);
    for (const seat of ending) {
      this.#emit({ type: 'member-ended', roundId: this.#plan.id, member: seat.outcome() });
    }
    this.#finishWhenAllEnded();
  }

  #finishWhenAllEnded(): void {
    if (this.#seats.every((seat) => !seat.open)) this.#finish();
  }

  #votes(): Vote[] {
    return this.#seats.flatMap((seat) =>
      seat.key === null ? [] : [{ memberId: seat.member.id, key: seat.key }],
    );
  }

  #checkDecided(): void {
    if (this.#verdict !== null) return;
    const open = this.#seats.filter((seat) => seat.open).length;
    if (open === 0) return;
    const current = tally(this.#votes());
    const [leader] = current.leaders;
    if (leader === undefined || !isDecided(current, open)) return;
    this.#decide(leader, true);
    this.#cancelTimers.push(
      this.#clock.after(this.#plan.graceMs, () => {
        this.#endOpenSeats('cut');
      }),
    );
  }

  /** From the soft deadline on the first quorum of votes is answered with, whenever it comes. */
  #checkQuorum(): void {
    if (!this.#softDeadlinePassed || this.#verdict !== null) return;
    if (this.#seats.every((seat) => !seat.open)) return; // the conclusion says it
    const votes = this.#votes();
    if (votes.length < this.#plan.quorum) return;
    const winner = pluralityWinner(votes, (id) => this.#accuracyOf(id));
    if (winner !== null) this.#decide(winner.key, false);
  }

  #decide(key: string, early: boolean): void {
    this.#verdict = { key, early, atMs: this.#clock.nowMs() };
    const votes = this.#votes();
    this.#emit({
      type: 'round-decided',
      roundId: this.#plan.id,
      answer: answerOf(
        this.#seats.map((seat) => seat.outcome()),
        key,
        (id) => this.#accuracyOf(id),
      ),
      agreement: votes.filter((vote) => vote.key === key).length / votes.length,
      outstanding: this.#seats.filter((seat) => seat.open).map((seat) => seat.member.id),
    });
  }

  #accuracyOf(memberId: string): number {
    return this.#seats.find((seat) => seat.member.id === memberId)?.member.accuracy ?? 0;
  }

  #conclude(): Omit<Deliberation, 'frames'> {
    const { id, prompt, shape, seed } = this.#plan;
    const conclusion: Conclusion = concludeRound({
      members: [...this.#seats.map((seat) => seat.outcome()), ...this.#absent],
      accuracyOf: (memberId) => this.#accuracyOf(memberId),
      verdictKey: this.#verdict?.key ?? null,
      stoppedByUser: this.#stoppedByUser,
    });
    const endedMs = this.#clock.nowMs();
    const decidedAtMs = this.#verdict?.atMs ?? (conclusion.answer === null ? null : endedMs);
    return {
      schema: 'witan.deliberation',
      version: 1,
      id,
      askedAt: this.#askedAt,
      prompt,
      answerKind: shape.kind,
      rule: 'plurality',
      ...conclusion,
      decidedEarly: this.#verdict?.early ?? false,
      decidedMs: decidedAtMs === null ? null : decidedAtMs - this.#startedMs,
      wallMs: endedMs - this.#startedMs,
      seed,
    };
  }
}
