import type { Clock } from '#kernel/clock';
import { err, ok } from '#kernel/result';
import {
  NOTHING_SAID,
  type Engine,
  type EngineKind,
  type GenerateRequest,
  type Generation,
  type LoadedModel,
  type LoadOptions,
  type Pacing,
  type TokenChunk,
} from '#contracts/engine';
import { failure, failureOf, type ErrorCode, type Outcome, type WitanFailure } from '#contracts/errors';
import { AnswerRelay } from './answer-relay.ts';

/** The engines of one member, one after another. */
export interface Succession {
  readonly kind: () => EngineKind;
  /** The engine that can be asked now; null while there is none. */
  readonly current: () => Engine | null;
  /** Brings one into memory where there is none and nothing speaks against it. Errors: those of loading, cancelled. */
  readonly wake: (signal: AbortSignal) => Promise<Outcome<Engine>>;
  /** Waits until an engine can be asked; null when the member is given up, or `signal` aborts first. */
  readonly successor: (signal: AbortSignal) => Promise<Engine | null>;
  /** This engine is of no more use: it is out of service when this returns. Called also when its loss is known already. */
  readonly broken: (engine: Engine, problem: WitanFailure) => void;
  /** Why this engine was taken out of service, if it was lost; null for one that serves or was ended on purpose. */
  readonly lossOf: (engine: Engine) => WitanFailure | null;
  /** A question is put to an engine that was not there when it came. */
  readonly onAwaited: () => void;
  readonly unload: () => Promise<void>;
}

/** Losses that say nothing of the question: the successor may well answer it. */
const REPLAYED: ReadonlySet<ErrorCode> = new Set(['worker-lost', 'worker-silent', 'device-lost']);
/** Failures after which the engine cannot be trusted with another question. */
const BROKEN: ReadonlySet<ErrorCode> = new Set([...REPLAYED, 'out-of-memory']);
/** A WASM instance that trapped fails every question; one failure may be the question's own. */
const FAILURES_IN_A_ROW = 2;

/**
 * A member's engine for the council, which outlives the engines behind it. A question whose engine is lost under it waits
 * for the successor and is asked there once more, as long as the caller has not given it up: the round's own signal
 * bounds the wait, so a round never takes longer for it.
 */
export class ResilientEngine implements Engine {
  readonly #clock: Clock;
  readonly #succession: Succession;
  #failures = 0;

  constructor(clock: Clock, succession: Succession) {
    this.#clock = clock;
    this.#succession = succession;
  }

  get kind(): EngineKind {
    return this.#succession.kind();
  }

  /** Loading is the member's business. Errors: internal. */
  load(_signal: AbortSignal, _options: LoadOptions): Promise<Outcome<LoadedModel>> {
    return Promise.resolve(err(failure('internal', { reason: 'a member loads its engines by itself' })));
  }

  async generate(
    signal: AbortSignal,
    request: GenerateRequest,
    onChunk: (chunk: TokenChunk) => void,
  ): Promise<Outcome<Generation>> {
    const relay = new AnswerRelay(this.#clock, onChunk);
    let engine = this.#succession.current();
    if (engine === null) {
      const woken = await this.#succession.wake(signal);
      if (!woken.ok) return signal.aborted ? ok(NOTHING_SAID) : woken;
      this.#succession.onAwaited();
      engine = woken.value;
    }
    const answered = await this.#ask(engine, signal, request, relay);
    if (answered.ok || !REPLAYED.has(answered.error.code) || signal.aborted) return answered;
    const next = await this.#succession.successor(signal);
    if (next === null || signal.aborted) return answered;
    this.#succession.onAwaited();
    const again = await this.#ask(next, signal, request, relay);
    if (!again.ok) return again;
    const { text, finish } = again.value;
    // Stopped before it had caught up: the listener knows more of the answer than this attempt does.
    const behind = finish === 'cancelled' && text.length < relay.text.length;
    return ok({ ...again.value, text: behind ? relay.text : text, replayed: true });
  }

  setPacing(pacing: Pacing): void {
    this.#succession.current()?.setPacing(pacing);
  }

  unload(): Promise<void> {
    return this.#succession.unload();
  }

  async #ask(
    engine: Engine,
    signal: AbortSignal,
    request: GenerateRequest,
    relay: AnswerRelay,
  ): Promise<Outcome<Generation>> {
    let answered: Outcome<Generation>;
    try {
      answered = await engine.generate(signal, request, relay.begin());
    } catch (thrown) {
      answered = err(failureOf(thrown));
    }
    this.#judge(engine, answered);
    if (answered.ok || answered.error.code !== 'cancelled') return answered;
    // Its loss was heard of elsewhere, and ending it cancelled what it was at: no stop by anybody.
    const loss = this.#succession.lossOf(engine);
    return loss === null ? answered : err(loss);
  }

  #judge(engine: Engine, answered: Outcome<Generation>): void {
    if (answered.ok) {
      this.#failures = 0;
      return;
    }
    const { code } = answered.error;
    this.#failures = code === 'engine-failed' ? this.#failures + 1 : 0;
    if (!BROKEN.has(code) && this.#failures < FAILURES_IN_A_ROW) return;
    this.#failures = 0;
    this.#succession.broken(engine, answered.error);
  }
}
