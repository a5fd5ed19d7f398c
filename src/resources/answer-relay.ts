import type { Clock } from '#kernel/clock';
import type { TokenChunk } from '#contracts/engine';

/**
 * Passes the pieces of an answer on to a listener that can only append. When the answer is begun anew, what the listener
 * has is not sent again: with the same seed the new text repeats the old and goes on from there. Where it differs,
 * nothing more is sent, and the finished text replaces what was shown.
 */
export class AnswerRelay {
  readonly #clock: Clock;
  readonly #startedMs: number;
  readonly #onChunk: (chunk: TokenChunk) => void;
  /** What the listener has. */
  #sent = '';
  #tokens = 0;
  #attempt = 0;

  constructor(clock: Clock, onChunk: (chunk: TokenChunk) => void) {
    this.#clock = clock;
    this.#startedMs = clock.nowMs();
    this.#onChunk = onChunk;
  }

  get text(): string {
    return this.#sent;
  }

  /** The listener for one attempt; that of the attempt before is deaf from now on. */
  begin(): (chunk: TokenChunk) => void {
    this.#attempt += 1;
    const attempt = this.#attempt;
    const beganMs = this.#clock.nowMs() - this.#startedMs;
    let text = '';
    return (chunk) => {
      if (attempt !== this.#attempt) return;
      text += chunk.text;
      if (text.length <= this.#sent.length || !text.startsWith(this.#sent)) return;
      const news = text.slice(this.#sent.length);
      this.#sent = text;
      this.#tokens = Math.max(this.#tokens, chunk.tokens);
      this.#onChunk({ text: news, tokens: this.#tokens, elapsedMs: beganMs + chunk.elapsedMs });
    };
  }
}
