import type { Clock } from '#kernel/clock';
import type { Generation, Pacing, TokenChunk, TokenLogprob } from '#contracts/engine';
import type { ChatDelta } from './chat-events.ts';

/** Gathers one streamed answer: text and figures, and chunks for the page no oftener than it wants them. */
export class AnswerCollector {
  readonly #clock: Clock;
  readonly #startedMs: number;
  readonly #pacing: () => Pacing;
  readonly #onChunk: (chunk: TokenChunk) => void;
  readonly #logprobs: TokenLogprob[] = [];
  #text = '';
  #pendingText = '';
  /** Events that brought tokens. Servers send one token per event as a rule; their own count replaces it at the end. */
  #events = 0;
  #firstMs: number | null = null;
  #lastMs: number | null = null;
  #promptTokens: number | null = null;
  #completionTokens: number | null = null;
  #prefillTokensPerSecond: number | null = null;
  #ownTokensPerSecond: number | null = null;
  #lastFlushMs = Number.NEGATIVE_INFINITY;
  #cancelFlush: (() => void) | null = null;

  /** @param pacing read at every token, so that a change counts at once */
  constructor(clock: Clock, pacing: () => Pacing, onChunk: (chunk: TokenChunk) => void) {
    this.#clock = clock;
    this.#startedMs = clock.nowMs();
    this.#pacing = pacing;
    this.#onChunk = onChunk;
  }

  /** True once a token has come, one of a model's thinking included. */
  get begun(): boolean {
    return this.#firstMs !== null;
  }

  add(delta: ChatDelta): void {
    this.#promptTokens = delta.promptTokens ?? this.#promptTokens;
    this.#completionTokens = delta.completionTokens ?? this.#completionTokens;
    this.#prefillTokensPerSecond = delta.prefillTokensPerSecond ?? this.#prefillTokensPerSecond;
    this.#ownTokensPerSecond = delta.decodeTokensPerSecond ?? this.#ownTokensPerSecond;
    this.#logprobs.push(...delta.logprobs);
    if (!delta.tokens) return;
    const nowMs = this.#clock.nowMs();
    this.#firstMs ??= nowMs;
    this.#lastMs = nowMs;
    this.#events += 1;
    this.#text += delta.text;
    this.#pendingText += delta.text;
    const waitMs = this.#lastFlushMs + this.#pacing().flushIntervalMs - nowMs;
    if (waitMs <= 0) this.flush();
    else {
      this.#cancelFlush ??= this.#clock.after(waitMs, () => {
        this.flush();
      });
    }
  }

  /** Hands on what is gathered. */
  flush(): void {
    this.#cancelFlush?.();
    this.#cancelFlush = null;
    if (this.#pendingText === '') return;
    const nowMs = this.#clock.nowMs();
    const chunk: TokenChunk = {
      text: this.#pendingText,
      tokens: this.#events,
      elapsedMs: nowMs - this.#startedMs,
    };
    this.#pendingText = '';
    this.#lastFlushMs = nowMs;
    this.#onChunk(chunk);
  }

  /** Hands on nothing more. */
  close(): void {
    this.#cancelFlush?.();
    this.#cancelFlush = null;
    this.#pendingText = '';
  }

  /** The answer as it stands. All chunks together are its text. */
  generation(finish: Generation['finish']): Generation {
    const tokens = this.#completionTokens ?? this.#events;
    return {
      text: this.#text,
      finish,
      promptTokens: this.#promptTokens ?? 0,
      completionTokens: tokens,
      timeToFirstTokenMs: this.#firstMs === null ? null : this.#firstMs - this.#startedMs,
      prefillTokensPerSecond: this.#prefillTokensPerSecond,
      decodeTokensPerSecond: this.#decodeTokensPerSecond(tokens),
      durationMs: this.#clock.nowMs() - this.#startedMs,
      ...(this.#logprobs.length === 0 ? {} : { logprobs: this.#logprobs }),
    };
  }

  /** As seen here, but no faster than the server says it was: the network brings several tokens at once. */
  #decodeTokensPerSecond(tokens: number): number | null {
    if (this.#firstMs === null || this.#lastMs === null || tokens < 2) return null;
    const spanMs = this.#lastMs - this.#firstMs;
    const seen = spanMs > 0 ? ((tokens - 1) * 1000) / spanMs : Number.POSITIVE_INFINITY;
    const rate = Math.min(seen, this.#ownTokensPerSecond ?? seen);
    return Number.isFinite(rate) ? rate : null;
  }
}
