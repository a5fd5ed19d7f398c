import type { Pacing, TokenChunk } from '#contracts/engine';
import { FULL_SPEED } from '#contracts/engine';
import { STREAM_CREDITS, type StreamToPage, type StreamToWorker } from '#contracts/worker-api';

/** How often the page hears at most that the engine works although it has nothing to show. */
const WORKING_INTERVAL_MS = 500;

/**
 * Stands between the engine and the page for one answer. Towards the page it gathers tokens and sends them at most
 * every `flushIntervalMs`; towards the engine it holds each decode step back while the page has not taken the last
 * chunks (no credit) and for `decodeDelayMs` after each token.
 */
export class DecodeGate {
  readonly #port: MessagePort;
  readonly #startedMs: number;
  readonly #stop = new AbortController();
  #pacing: Pacing;
  #credits = STREAM_CREDITS;
  /** Decode steps at rest: with several slots more than one may wait here. */
  readonly #resting = new Set<() => void>();
  #closed = false;
  #pendingText = '';
  #tokens = 0;
  #text = '';
  #firstTokenMs: number | null = null;
  #lastTokenMs: number | null = null;
  #lastFlushMs = Number.NEGATIVE_INFINITY;
  #flushTimer: ReturnType<typeof setTimeout> | undefined;
  #heardMs: number;

  constructor(port: MessagePort, pacing: Pacing = FULL_SPEED) {
    this.#port = port;
    this.#pacing = pacing;
    this.#startedMs = performance.now();
    this.#heardMs = this.#startedMs;
    port.onmessage = (event: MessageEvent<StreamToWorker>) => {
      if (event.data.type === 'stop') this.#stop.abort();
      else this.#credits += event.data.credits;
      this.#wake();
    };
  }

  /** Aborts when the page says stop. */
  get signal(): AbortSignal {
    return this.#stop.signal;
  }

  get text(): string {
    return this.#text;
  }

  get tokens(): number {
    return this.#tokens;
  }

  /** From the arrival of the request to the first token, milliseconds; null before it. */
  get timeToFirstTokenMs(): number | null {
    return this.#firstTokenMs === null ? null : this.#firstTokenMs - this.#startedMs;
  }

  /** (tokens − 1) / (last − first token); null below two tokens. */
  get decodeTokensPerSecond(): number | null {
    if (this.#firstTokenMs === null || this.#lastTokenMs === null || this.#tokens < 2) return null;
    const spanMs = this.#lastTokenMs - this.#firstTokenMs;
    return spanMs > 0 ? ((this.#tokens - 1) * 1000) / spanMs : null;
  }

  get elapsedMs(): number {
    return performance.now() - this.#startedMs;
  }

  setPacing(pacing: Pacing): void {
    this.#pacing = pacing;
    this.#wake();
  }

  /** Called by the engine with each decoded token, in order. */
  onToken(text: string): void {
    const now = performance.now();
    this.#firstTokenMs ??= now;
    this.#lastTokenMs = now;
    this.#tokens += 1;
    this.#text += text;
    this.#pendingText += text;
    const waitMs = this.#lastFlushMs + this.#pacing.flushIntervalMs - now;
    if (waitMs <= 0) this.flush();
    else
      this.#flushTimer ??= setTimeout(() => {
        this.flush();
      }, waitMs);
  }

  /** Called by the engine after a step without text, so that the page does not take a long prefill for a dead worker. */
  onSilentStep(): void {
    const now = performance.now();
    if (this.#ended || now - this.#heardMs < WORKING_INTERVAL_MS) return;
    this.#heardMs = now;
    this.#port.postMessage({ type: 'working' } satisfies StreamToPage);
  }

  /** Called by the engine before it computes for long in this thread; null after it. */
  askPatience(silenceAllowedMs: number | null): void {
    if (this.#closed) return;
    this.#port.postMessage({ type: 'patience', silenceAllowedMs } satisfies StreamToPage);
  }

  /** Awaited before each decode step: resolves when the engine may go on (at once after a stop, so that it can end). */
  async beforeStep(): Promise<void> {
    const sinceMs = this.#lastTokenMs;
    while (sinceMs !== null && !this.#ended) {
      // A credit or a new pace may wake the rest early: only the clock ends it.
      const restMs = sinceMs + this.#pacing.decodeDelayMs - performance.now();
      if (restMs <= 0) break;
      await this.#rest(restMs);
    }
    while (this.#credits <= 0 && !this.#ended) await this.#rest(null);
  }

  /** Sends what is gathered. */
  flush(): void {
    clearTimeout(this.#flushTimer);
    this.#flushTimer = undefined;
    if (this.#pendingText === '') return;
    const chunk: TokenChunk = { text: this.#pendingText, tokens: this.#tokens, elapsedMs: this.elapsedMs };
    this.#pendingText = '';
    this.#credits -= 1;
    this.#lastFlushMs = performance.now();
    this.#heardMs = this.#lastFlushMs;
    this.#port.postMessage({ type: 'chunk', chunk } satisfies StreamToPage);
  }

  close(): void {
    this.flush();
    this.#closed = true;
    this.#port.close();
    this.#wake();
  }

  /** Nothing holds a step back any more: stopped, or closed while one was at rest. */
  get #ended(): boolean {
    return this.#closed || this.signal.aborted;
  }

  #wake(): void {
    for (const wakeUp of [...this.#resting]) wakeUp();
  }

  /** Rests until woken or, with a time, until it has passed. */
  #rest(restMs: number | null): Promise<void> {
    return new Promise((resolve) => {
      const wakeUp = (): void => {
        clearTimeout(timer);
        this.#resting.delete(wakeUp);
        resolve();
      };
      const timer = restMs === null ? undefined : setTimeout(wakeUp, restMs);
      this.#resting.add(wakeUp);
    });
  }
}
