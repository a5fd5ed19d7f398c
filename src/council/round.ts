import type { Clock } from '#kernel/clock';
import type { RoundEvent } from '#contracts/council';
import type { Deliberation, MemberOutcome } from '#contracts/deliberation';
import type { Generation, TokenChunk, WaitsFor } from '#contracts/engine';
import { failureOf, type ErrorCode, type Outcome } from '#contracts/errors';
import type { Ballot, Ranking, RuleVerdict } from '#contracts/rules';
import { canonicalKey, isAbstention, withoutOwnName } from './canonical-key.ts';
import { chosenByChair, type Chair } from './chair-stage.ts';
import { answerOf, concludeRound, type Conclusion } from './conclusion.ts';
import { sampleRequest } from './member-request.ts';
import { ruleMember, standingOf } from './member-say.ts';
import { reviews } from './review-stage.ts';
import { COMPARING, mannerOf, type RoundManner, type RoundPlan } from './round-plan.ts';
import { votesBestFirst } from './rules/ballot-order.ts';
import { modelSwitchStep } from './rules/model-switch.ts';
import { ruleNamed } from './rules/rule-named.ts';
import { outcomeOfAbsent, Seat } from './seat.ts';
import { shadowOfRound } from './shadow-record.ts';
import type { Progress } from './stops/stop.ts';
import { exactStopOf, stopNamed } from './stops/stop-named.ts';
import { confidenceOf } from './vote-confidence.ts';

/** The engine went, and took the answer with it. */
const LOSSES: ReadonlySet<ErrorCode> = new Set(['worker-lost', 'worker-silent', 'device-lost']);

/**
 * One question to all members, at once or, under ModelSwitch, one after the other; each answers once or several times. Decides
 * by its rule, with the stop that cannot change what that says; from the soft deadline on a quorum suffices; at the hard
 * deadline the round ends with what there is. Whatever members do, `run` resolves.
 */
export class Round {
  readonly #plan: RoundPlan;
  readonly #manner: RoundManner;
  readonly #clock: Clock;
  readonly #emit: (event: RoundEvent) => void;
  readonly #seats: readonly Seat[];
  readonly #absent: readonly MemberOutcome[];
  readonly #startedMs: number;
  readonly #askedAt: number;
  /** Ends what comes after the answers: reviews, and the chairman's choice. */
  readonly #afterwards = new AbortController();
  #cancelTimers: (() => void)[] = [];
  #verdict: { key: string; atMs: number; early: boolean; heard: number } | null = null;
  #softDeadlinePassed = false;
  /** Answers so far, of all members. */
  #heard = 0;
  #stoppedByUser = false;
  /** Reviews, or the chairman's choice, are under way. */
  #comparing = false;
  #rankings: readonly Ranking[] = [];
  #chair: Chair | null = null;
  #finish: () => void = () => undefined;

  constructor(plan: RoundPlan, clock: Clock, emit: (event: RoundEvent) => void) {
    this.#plan = plan;
    this.#manner = mannerOf(plan);
    this.#clock = clock;
    this.#emit = emit;
    this.#startedMs = clock.nowMs();
    this.#askedAt = clock.epochMs();
    this.#seats = plan.members.map((member) => new Seat(member, clock, this.#manner.samples));
    this.#absent = plan.absent.map(outcomeOfAbsent);
  }

  /** Ended by the user before its members had. */
  get stoppedByUser(): boolean {
    return this.#stoppedByUser;
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
        this.#afterwards.abort();
        this.#endOpenSeats('timeout');
      }),
    ];
    if (this.#manner.rule === 'model-switch') this.#askNext();
    else for (const seat of this.#seats) void this.#hear(seat);
    this.#finishWhenAllEnded();
    await finished;
    if (COMPARING.has(this.#manner.rule)) {
      this.#comparing = true;
      await this.#compare();
      this.#comparing = false;
    }
    for (const cancel of this.#cancelTimers) cancel();
    return this.#conclude();
  }

  /** Stops one member, or the whole round. */
  stop(memberId?: string): void {
    if (memberId === undefined) {
      // What has ended cannot be stopped.
      if (!this.#comparing && this.#seats.every((seat) => !seat.open)) return;
      this.#stoppedByUser = true;
      this.#afterwards.abort();
      this.#endOpenSeats('stopped');
      return;
    }
    const seat = this.#seats.find((candidate) => candidate.member.id === memberId);
    if (seat?.open === true) this.#end(seat, 'stopped');
  }

  /** Under ModelSwitch: the next member, or the end of the round for those that need not be asked. */
  #askNext(): void {
    if (this.#verdict?.early === true) {
      this.#endOpenSeats('cut');
      return;
    }
    const heard = this.#seats.filter((seat) => seat.open || seat.samples.length > 0);
    const ballot = this.#ballot(heard);
    const step = modelSwitchStep(ballot, (id) => {
      const seat = this.#seats.find(({ member }) => member.id === id);
      return seat?.open === true ? seat.planned : (seat?.samples.length ?? 0);
    });
    const seat = step.over ? undefined : this.#seats.find(({ member }) => member.id === step.memberId);
    if (seat === undefined) this.#endOpenSeats('cut');
    else void this.#hear(seat);
  }

  async #hear(seat: Seat): Promise<void> {
    if (!seat.open) return; // stopped while an earlier member was being started
    const { id: roundId } = this.#plan;
    seat.start();
    this.#emit({ type: 'member-started', roundId, memberId: seat.member.id });
    while (seat.open) {
      seat.begin();
      const generated = await this.#generated(seat);
      if (seat.open) this.#settle(seat, generated);
    }
    if (this.#manner.rule === 'model-switch') this.#askNext();
  }

  async #generated(seat: Seat): Promise<Outcome<Generation>> {
    const { id: roundId, history } = this.#plan;
    const { member } = seat;
    const asking = { ...this.#plan, history: history?.[member.id]?.turns ?? [] };
    const request = sampleRequest(member, asking, seat.samples.length);
    const weighed = this.#manner.rule === 'confidence' ? { logprobs: true } : {};
    const onChunk = (chunk: TokenChunk): void => {
      if (!seat.open) return;
      seat.take(chunk);
      const { text, tokens, tokensPerSecond } = seat;
      this.#emit({ type: 'member-chunk', roundId, memberId: member.id, text, tokens, tokensPerSecond });
    };
    const onWait = (waitsFor: WaitsFor | null): void => {
      if (!seat.open || waitsFor === seat.waitsFor) return;
      seat.waits(waitsFor);
      this.#emit({ type: 'member-waiting', roundId, memberId: member.id, waitsFor });
    };
    try {
      return await member.engine.generate(seat.signal, { ...request, ...weighed }, onChunk, onWait);
    } catch (thrown) {
      return { ok: false, error: failureOf(thrown) };
    }
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
    const key = this.#keyOf(seat, generated.value.finish);
    const arrivalMs = this.#clock.nowMs() - this.#startedMs;
    seat.keep(key, confidenceOf(generated.value), arrivalMs, this.#heard);
    this.#heard += 1;
    if (seat.outstanding > 0) {
      this.#checkDecided();
      this.#checkQuorum();
      return;
    }
    const late = this.#verdict !== null && !this.#verdict.early;
    this.#end(seat, seat.key === null ? 'abstained' : late ? 'late' : 'answered');
  }

  #keyOf(seat: Seat, finish: Generation['finish']): string | null {
    const { shape, abstain } = this.#plan;
    if (isAbstention(seat.text, abstain)) return null;
    if (shape.kind === 'free') return canonicalKey('free', withoutOwnName(seat.text, seat.member.name));
    // A short answer that ran into the token limit is cut off: "1, 2, 3" may be the head of a longer list.
    return finish === 'length' ? null : canonicalKey(shape.kind, seat.text, shape.context);
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

  #ballot(seats: readonly Seat[] = this.#seats): Ballot {
    return {
      members: seats.map(({ member: { id } }) => ruleMember(id, this.#accuracyOf(id), this.#manner.weights)),
      samples: seats.flatMap(({ samples }) => samples),
      rankings: this.#rankings,
    };
  }

  #checkDecided(): void {
    const { rule, stop } = this.#manner;
    // Reviewers and a chairman come after all answers.
    if (this.#verdict !== null || this.#seats.every((seat) => !seat.open)) return;
    const outstanding = new Map(this.#seats.map((seat) => [seat.member.id, seat.outstanding]));
    const progress: Progress = { ballot: this.#ballot(), outstanding };
    const fixed = exactStopOf(rule)?.(progress) ?? null;
    const hasty = stop === 'exact' || COMPARING.has(rule) ? null : stopNamed(stop, rule);
    const key = fixed ?? hasty?.(progress) ?? null;
    if (key === null) return;
    this.#decide(key, true, fixed !== null);
    this.#cancelTimers.push(
      this.#clock.after(this.#plan.graceMs, () => {
        this.#endOpenSeats('cut');
      }),
    );
  }

  /** From the soft deadline on the first quorum of members that voted is answered with, whenever it comes. */
  #checkQuorum(): void {
    if (!this.#softDeadlinePassed || this.#verdict !== null) return;
    if (this.#seats.every((seat) => !seat.open)) return; // the conclusion says it
    const ballot = this.#ballot();
    const { weights } = this.#manner;
    const voting = new Set(
      votesBestFirst(ballot).flatMap(({ memberId }) => (weights?.[memberId] === 0 ? [] : [memberId])),
    );
    if (voting.size < this.#plan.quorum) return;
    const winner = this.#ruled(ballot);
    if (winner !== null) this.#decide(winner.key, false, false);
  }

  #ruled(ballot: Ballot): RuleVerdict | null {
    return ruleNamed(this.#manner.rule, { choice: this.#chair?.choice ?? null })(ballot);
  }

  #decide(key: string, early: boolean, fixed: boolean): void {
    this.#verdict = { key, early, atMs: this.#clock.nowMs(), heard: this.#heard };
    const votes = votesBestFirst(this.#ballot());
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
      fixed,
    });
  }

  /** What some rules need once the answers are there: the members' order of them, or the chairman's choice. */
  async #compare(): Promise<void> {
    const { rule, chairmanId, instructions } = this.#manner;
    const { prompt: question, seed, members } = this.#plan;
    if (this.#verdict !== null || this.#afterwards.signal.aborted) return;
    const { signal } = this.#afterwards;
    const asked = (instruction: string | undefined) => ({
      question,
      seed,
      ...(instruction === undefined ? {} : { instruction }),
    });
    if (rule === 'chairman') {
      this.#emit({ type: 'round-comparing', roundId: this.#plan.id, by: 'chairman' });
      const plan = asked(instructions.chairman);
      this.#chair = await chosenByChair(signal, members, this.#ballot(), chairmanId, plan);
    } else {
      this.#emit({ type: 'round-comparing', roundId: this.#plan.id, by: 'members' });
      const plan = { ...asked(instructions.review), exact: rule === 'borda' };
      this.#rankings = await reviews(signal, members, this.#ballot(), plan);
    }
  }

  #accuracyOf(memberId: string): number {
    const seat = this.#seats.find(({ member }) => member.id === memberId);
    return standingOf(memberId, seat?.member.accuracy ?? 0, this.#manner.tieBreaker);
  }

  #conclude(): Omit<Deliberation, 'frames'> {
    const { id, prompt, shape, seed } = this.#plan;
    const { rule, ruleReasons, stop, samples, weights, tieBreaker, instructions } = this.#manner;
    const members = [...this.#seats.map((seat) => seat.outcome()), ...this.#absent];
    const conclusion: Conclusion = concludeRound({
      members,
      accuracyOf: (memberId) => this.#accuracyOf(memberId),
      verdictKey: this.#verdict?.key ?? null,
      stoppedByUser: this.#stoppedByUser,
      rule,
      samples,
      rankings: this.#rankings,
      chair: this.#chair,
      weights,
    });
    const endedMs = this.#clock.nowMs();
    const decidedAtMs = this.#verdict?.atMs ?? (conclusion.answer === null ? null : endedMs);
    const shadow = shadowOfRound(this.#seats, this.#ballot(), rule);
    return {
      schema: 'witan.deliberation',
      version: 1,
      id,
      askedAt: this.#askedAt,
      prompt,
      answerKind: shape.kind,
      rule,
      ...(ruleReasons.length === 0 ? {} : { ruleReasons: [...ruleReasons] }),
      ...(samples === 1 ? {} : { samplesEach: samples }),
      ...(samples === 1 || this.#verdict === null ? {} : { announcedAnswers: this.#verdict.heard }),
      ...(stop === 'exact' ? {} : { stop }),
      ...(this.#rankings.length === 0
        ? {}
        : { rankings: this.#rankings.map(({ reviewerId, order }) => ({ reviewerId, order: [...order] })) }),
      ...(this.#chair === null ? {} : { chair: this.#chair }),
      ...(weights === null ? {} : { weights: { ...weights } }),
      ...(tieBreaker === null ? {} : { tieBreaker }),
      ...(COMPARING.has(rule) && Object.keys(instructions).length > 0 ? { instructions } : {}),
      ...(shadow === null ? {} : { shadow }),
      ...conclusion,
      decidedEarly: this.#verdict?.early ?? false,
      decidedMs: decidedAtMs === null ? null : decidedAtMs - this.#startedMs,
      wallMs: endedMs - this.#startedMs,
      seed,
    };
  }
}
