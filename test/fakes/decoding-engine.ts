import type { Clock } from '#kernel/clock';
import { err, ok } from '#kernel/result';
import {
  NOTHING_SAID,
  type Engine,
  type GenerateRequest,
  type Generation,
  type Pacing,
  type TokenChunk,
} from '#contracts/engine';
import { failure, type ErrorCode, type Outcome } from '#contracts/errors';

/** What an engine does with one request. */
export interface Decoding {
  readonly firstTokenMs: number;
  readonly stepMs: number;
  readonly tokens: number;
  /** Fails with this after so many tokens, in place of the next. */
  readonly fails?: { readonly code: ErrorCode; readonly afterTokens: number };
  /** Says nothing more after so many tokens. */
  readonly stallsAfterTokens?: number;
  readonly throws?: boolean;
  /** How long after a stop it ends; null: it never does. Absent: at once. */
  readonly stopMs?: number | null;
}

export interface DecodingCall {
  readonly request: GenerateRequest;
  readonly signal: AbortSignal;
  readonly startedMs: number;
  /** Tokens said so far. */
  tokens: number;
  ended: boolean;
}

/** An engine that decodes token by token on a clock, as its script has it for each request, and notes all that it is asked. */
export class DecodingEngine implements Engine {
  readonly kind = 'wllama';
  readonly calls: DecodingCall[] = [];
  running = 0;
  mostAtOnce = 0;
  readonly paces: Pacing[] = [];
  readonly #clock: Clock;
  readonly #script: (request: GenerateRequest, call: number) => Decoding;

  constructor(clock: Clock, script: (request: GenerateRequest, call: number) => Decoding) {
    this.#clock = clock;
    this.#script = script;
  }

  load(): Promise<Outcome<never>> {
    return Promise.resolve(err(failure('internal')));
  }

  generate(
    signal: AbortSignal,
    request: GenerateRequest,
    onChunk: (chunk: TokenChunk) => void,
  ): Promise<Outcome<Generation>> {
    const plan = this.#script(request, this.calls.length);
    const startedMs = this.#clock.nowMs();
    const call: DecodingCall = { request, signal, startedMs, tokens: 0, ended: false };
    this.calls.push(call);
    if (plan.throws === true) throw new Error('scripted throw');
    this.running += 1;
    this.mostAtOnce = Math.max(this.mostAtOnce, this.running);
    return new Promise((resolve) => {
      let cancelStep = (): void => undefined;
      let text = '';
      let firstMs: number | null = null;
      const end = (outcome: Outcome<Generation>): void => {
        if (call.ended) return;
        call.ended = true;
        cancelStep();
        this.running -= 1;
        resolve(outcome);
      };
      const generation = (finish: Generation['finish']): Outcome<Generation> => {
        const durationMs = this.#clock.nowMs() - startedMs;
        const completionTokens = call.tokens;
        return ok({
          ...NOTHING_SAID,
          text,
          finish,
          completionTokens,
          timeToFirstTokenMs: firstMs,
          durationMs,
        });
      };
      const stop = (): void => {
        const { stopMs = 0 } = plan;
        if (stopMs === 0) end(generation('cancelled'));
        else if (stopMs !== null) {
          this.#clock.after(stopMs, () => {
            end(generation('cancelled'));
          });
        }
      };
      const step = (): void => {
        if (plan.fails?.afterTokens === call.tokens) {
          end(err(failure(plan.fails.code, { member: 'scripted' })));
          return;
        }
        if (plan.stallsAfterTokens === call.tokens) return;
        if (call.tokens === plan.tokens) {
          end(generation('stop'));
          return;
        }
        call.tokens += 1;
        firstMs ??= this.#clock.nowMs() - startedMs;
        const piece = `${request.prompt}.${String(call.tokens)} `;
        text += piece;
        cancelStep = this.#clock.after(plan.stepMs, step);
        onChunk({ text: piece, tokens: call.tokens, elapsedMs: this.#clock.nowMs() - startedMs });
      };
      cancelStep = this.#clock.after(plan.firstTokenMs, step);
      if (signal.aborted) stop();
      else signal.addEventListener('abort', stop, { once: true });
    });
  }

  setPacing(pacing: Pacing): void {
    this.paces.push(pacing);
  }

  unload(): Promise<void> {
    return Promise.resolve();
  }
}
