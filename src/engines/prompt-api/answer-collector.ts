import type { Clock } from '#kernel/clock';
import type { Generation, Pacing, TokenChunk } from '#contracts/engine';

/**
 * Gathers the pieces of one answer and passes them on at most every `flushIntervalMs`. The browser does not say how many
 * tokens it decoded: **a piece counts as one token**, which is what Chromium sends, but nothing promises it; so token
 * counts and speeds of this engine are counts of pieces. `decodeDelayMs` has no effect: the model runs in a process of
 * the browser that decodes on whether or not anybody reads.
 */
export class AnswerCollector {
  /** What the browser measured of the prompt; 0 when it could not. */
  promptTokens = 0;
  readonly #clock: Clock;
  readonly #startedMs: number;
  readonly #onChunk: (chunk: TokenChunk) => void;
  #pacing: Pacing;
  #text = '';
  #pending = '';
  #pieces = 0;
  #firstMs: number | null = null;
  #lastMs = 0;
  #lastFlushMs = Number.NEGATIVE_INFINITY;
  #cancelFlush: (() => void) | null = null;

  constructor(clock: Clock, pacing: Pacing, onChunk: (chunk: TokenChunk) => void) {
    this.#clock = clock;
    this.#startedMs = clock.nowMs();
    this.#pacing = pacing;
    this.#onChunk = onChunk;
  }

  get pieces(): number {
    return this.#pieces;
  }

  setPacing(pacing: Pacing): void {
    this.#pacing = pacing;
  }

  take(piece: string): void {
    if (piece === '') return;
    const now = this.#elapsedMs();
    this.#firstMs ??= now;
    this.#lastMs = now;
    this.#pieces += 1;
    this.#text += piece;
    this.#pending += piece;
    const waitMs = this.#lastFlushMs + this.#pacing.flushIntervalMs - now;
    if (waitMs <= 0) this.#flush();
    else this.#cancelFlush ??= this.#clock.after(waitMs, () => void this.#flush());
  }

  /** The answer as it stands; what was gathered goes out first. */
  end(finish: Generation['finish']): Generation {
    this.#flush();
    const spanMs = this.#lastMs - (this.#firstMs ?? 0);
    return {
      text: this.#text,
      finish,
      promptTokens: this.promptTokens,
      completionTokens: this.#pieces,
      timeToFirstTokenMs: this.#firstMs,
      prefillTokensPerSecond: null,
      decodeTokensPerSecond: this.#pieces > 1 && spanMs > 0 ? ((this.#pieces - 1) * 1000) / spanMs : null,
      durationMs: this.#elapsedMs(),
    };
  }

  /** Ends without an answer: nothing more goes out. */
  drop(): void {
    this.#cancelFlush?.();
    this.#pending = '';
  }

  #flush(): void {
    this.#cancelFlush?.();
    this.#cancelFlush = null;
    if (this.#pending === '') return;
    const elapsedMs = this.#elapsedMs();
    const chunk: TokenChunk = { text: this.#pending, tokens: this.#pieces, elapsedMs };
    this.#pending = '';
    this.#lastFlushMs = elapsedMs;
    this.#onChunk(chunk);
  }

  #elapsedMs(): number {
    return this.#clock.nowMs() - this.#startedMs;
  }
}
