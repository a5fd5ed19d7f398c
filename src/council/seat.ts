import type { Clock } from '#kernel/clock';
import type { AbsentMember, CouncilMember } from '#contracts/council';
import type { MemberOutcome, MemberStatus } from '#contracts/deliberation';
import type { Generation, TokenChunk, WaitsFor } from '#contracts/engine';
import type { ErrorCode } from '#contracts/errors';
import type { Sample } from '#contracts/rules';
import { favouriteOf } from './rules/slm-mux.ts';

/** The record of a member that never took its seat. */
export function outcomeOfAbsent(member: AbsentMember): MemberOutcome {
  return {
    ...member,
    status: 'failed',
    answer: '',
    key: null,
    tokens: 0,
    ttftMs: null,
    tokensPerSecond: null,
    durationMs: 0,
  };
}

/** One member's place in one round: what it said so far and how its part ended. */
export class Seat {
  readonly member: CouncilMember;
  /** Answers that it gives, if it is heard to its end. */
  readonly planned: number;
  readonly samples: Sample[] = [];
  error: ErrorCode | null = null;
  text = '';
  tokens = 0;
  promptTokens: number | null = null;
  tokensPerSecond: number | null = null;
  readonly #clock: Clock;
  readonly #abort = new AbortController();
  #status: MemberStatus | null = null;
  #startedMs: number | null = null;
  #first: TokenChunk | null = null;
  /** Of the answers before the one under way. */
  #tokensBefore = 0;
  #ttftMs: number | null = null;
  #durationMs = 0;
  #restartsBefore = 0;
  #restarts = 0;
  #waiting: { readonly for: WaitsFor; readonly sinceMs: number } | null = null;
  #waitedMs = 0;

  constructor(member: CouncilMember, clock: Clock, planned = 1) {
    this.member = member;
    this.planned = planned;
    this.#clock = clock;
  }

  /** True until the member's part has ended. */
  get open(): boolean {
    return this.#status === null;
  }

  /** Of the answer that it gives most often. */
  get key(): string | null {
    return favouriteOf(this.samples)?.vote.key ?? null;
  }

  /** Answers that may still come. */
  get outstanding(): number {
    return this.open ? this.planned - this.samples.length : 0;
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  start(): void {
    this.#startedMs = this.#clock.nowMs();
    this.#restartsBefore = this.member.restarts?.() ?? 0;
  }

  /** What it waits for now; null: it is at work. Waiting is no part of its work. */
  get waitsFor(): WaitsFor | null {
    return this.#waiting?.for ?? null;
  }

  waits(waitsFor: WaitsFor | null): void {
    const nowMs = this.#clock.nowMs();
    if (waitsFor !== null) {
      this.#waiting = { for: waitsFor, sinceMs: this.#waiting?.sinceMs ?? nowMs };
      return;
    }
    this.#waitedMs += nowMs - (this.#waiting?.sinceMs ?? nowMs);
    this.#waiting = null;
  }

  take(chunk: TokenChunk): void {
    this.text += chunk.text;
    this.tokens = this.#tokensBefore + chunk.tokens;
    this.#ttftMs ??= this.#sinceStartMs();
    const first = (this.#first ??= chunk);
    const spanMs = chunk.elapsedMs - first.elapsedMs;
    if (spanMs > 0) this.tokensPerSecond = ((chunk.tokens - first.tokens) * 1000) / spanMs;
  }

  accept(generation: Generation): void {
    this.text = generation.text;
    this.tokens = this.#tokensBefore + generation.completionTokens;
    if (generation.promptTokens > 0) this.promptTokens = generation.promptTokens;
    this.tokensPerSecond = generation.decodeTokensPerSecond ?? this.tokensPerSecond;
    // Result and stream come by two ports: a short answer may be complete before its first chunk is here.
    this.#ttftMs ??= generation.timeToFirstTokenMs;
  }

  /** Its next answer is under way. */
  begin(): void {
    this.#tokensBefore = this.tokens;
    this.#first = null;
    if (this.samples.length > 0) this.text = '';
  }

  /**
   * An answer that was heard to its end, as `accept` took it.
   * @param arrival ms since the round began
   * @param heardAs its place among all that the round heard
   */
  keep(key: string | null, confidence: number | null, arrival: number, heardAs: number): void {
    const { id: memberId } = this.member;
    const tokens = this.tokens - this.#tokensBefore;
    this.samples.push({
      memberId,
      index: this.samples.length,
      key,
      text: this.text,
      tokens,
      confidence,
      arrival,
      heardAs,
    });
  }

  /** Ends the member's part; anything but a settled answer also stops its decode. */
  end(status: MemberStatus): void {
    this.#status = status;
    this.#durationMs = this.#sinceStartMs() ?? 0;
    this.waits(null);
    if (this.#startedMs !== null) this.#restarts = (this.member.restarts?.() ?? 0) - this.#restartsBefore;
    this.#abort.abort();
  }

  outcome(): MemberOutcome {
    const { id, name, engine, backend } = this.member;
    return {
      id,
      name,
      engine: engine.kind,
      backend,
      status: this.#status ?? 'timeout',
      answer: this.#said(),
      key: this.key,
      tokens: this.tokens,
      ...(this.promptTokens === null ? {} : { promptTokens: this.promptTokens }),
      ttftMs: this.#ttftMs,
      tokensPerSecond: this.tokensPerSecond,
      durationMs: this.#durationMs,
      ...(this.error === null ? {} : { error: this.error }),
      ...(this.planned > 1
        ? {
            samples: this.samples.map(({ memberId: _id, text: answer, ...sample }) => ({
              ...sample,
              answer,
            })),
          }
        : {}),
      ...(this.#restarts > 0 ? { restarts: this.#restarts } : {}),
      ...(this.#waitedMs > 0 ? { waitedMs: this.#waitedMs } : {}),
    };
  }

  /** The answer that it gives most often; before there is one, what it is writing. */
  #said(): string {
    return (
      favouriteOf(this.samples)?.vote.text ??
      (this.text === '' ? (this.samples.at(-1)?.text ?? '') : this.text)
    );
  }

  #sinceStartMs(): number | null {
    if (this.#startedMs === null) return null;
    return (this.#waiting?.sinceMs ?? this.#clock.nowMs()) - this.#startedMs - this.#waitedMs;
  }
}
