import type { Clock } from '#kernel/clock';
import { err, ok } from '#kernel/result';
import {
  NOTHING_SAID,
  type Backend,
  type Engine,
  type GenerateRequest,
  type Generation,
  type LoadedModel,
  type LoadOptions,
  type TokenChunk,
} from '#contracts/engine';
import { failure, type ErrorCode, type Outcome, type WitanFailure } from '#contracts/errors';

/** What befalls one answer. */
export interface Fate {
  readonly words: readonly string[];
  readonly firstMs: number;
  readonly stepMs: number;
  /** In place of the next word after so many. */
  readonly end?: {
    readonly after: number;
    readonly by: 'death' | 'stall' | 'throw' | ErrorCode;
  };
  /** How long after a stop it ends; null: it never does. */
  readonly stopMs: number | null;
}

/** What befalls a load. */
export interface LoadFate {
  readonly ms: number;
  readonly fails?: ErrorCode;
}

/** What the world sees of an engine. */
export interface Watched {
  loaded: boolean;
  /** Answers that it works on; one that was stopped and does not end is no work. */
  working: number;
}

/** A worker with a model on a virtual clock: it loads, answers word by word, stalls and dies as its fates have it. */
export class MortalEngine implements Engine {
  readonly kind = 'wllama';
  readonly #clock: Clock;
  readonly #backend: Backend;
  readonly #loadFate: () => LoadFate;
  readonly #fate: (request: GenerateRequest) => Fate;
  readonly #watched: Watched;
  readonly #onLost: (reason: WitanFailure) => void;
  readonly #ends = new Set<(reason: WitanFailure) => void>();
  #gone = false;

  constructor(
    clock: Clock,
    backend: Backend,
    fates: { readonly load: () => LoadFate; readonly answer: (request: GenerateRequest) => Fate },
    watched: Watched,
    onLost: (reason: WitanFailure) => void,
  ) {
    this.#clock = clock;
    this.#backend = backend;
    this.#loadFate = fates.load;
    this.#fate = fates.answer;
    this.#watched = watched;
    this.#onLost = onLost;
  }

  load(signal: AbortSignal, { model, contextTokens, threads }: LoadOptions): Promise<Outcome<LoadedModel>> {
    const { ms, fails } = this.#loadFate();
    return new Promise((resolve) => {
      const end = (outcome: Outcome<LoadedModel>): void => {
        cancel();
        this.#ends.delete(lose);
        signal.removeEventListener('abort', onAbort);
        resolve(outcome);
      };
      const lose = (reason: WitanFailure): void => {
        end(err(reason));
      };
      const onAbort = (): void => {
        lose(failure('cancelled'));
      };
      const cancel = this.#clock.after(ms, () => {
        if (fails !== undefined) {
          lose(failure(fails));
          return;
        }
        this.#watched.loaded = true;
        end(
          ok({
            modelId: model.id,
            backend: this.#backend,
            threads,
            contextTokens,
            vocabularySize: 9,
            weightBytes: 0,
            loadMs: ms,
          }),
        );
      });
      this.#ends.add(lose);
      if (signal.aborted) onAbort();
      else signal.addEventListener('abort', onAbort);
    });
  }

  generate(
    signal: AbortSignal,
    request: GenerateRequest,
    onChunk: (chunk: TokenChunk) => void,
  ): Promise<Outcome<Generation>> {
    const { words, firstMs, stepMs, end: fatal, stopMs } = this.#fate(request);
    if (fatal?.by === 'throw') throw new Error('the engine is broken');
    if (this.#gone) return Promise.resolve(err(failure('worker-lost')));
    this.#watched.working += 1;
    return new Promise((resolve) => {
      const startedMs = this.#clock.nowMs();
      let text = '';
      let tokens = 0;
      let cancelStep = (): void => undefined;
      let works = true;
      const rest = (): void => {
        if (works) this.#watched.working -= 1;
        works = false;
      };
      const end = (outcome: Outcome<Generation>): void => {
        cancelStep();
        if (!this.#ends.delete(lose)) return;
        rest();
        resolve(outcome);
      };
      const lose = (reason: WitanFailure): void => {
        end(err(reason));
      };
      const said = (finish: Generation['finish']): Outcome<Generation> =>
        ok({
          ...NOTHING_SAID,
          text,
          finish,
          completionTokens: tokens,
          durationMs: this.#clock.nowMs() - startedMs,
        });
      const step = (): void => {
        if (fatal?.after === tokens && fatal.by !== 'throw') {
          if (fatal.by === 'death') this.die();
          else if (fatal.by !== 'stall') lose(failure(fatal.by));
          return;
        }
        const word = words[tokens];
        if (word === undefined) {
          end(said('stop'));
          return;
        }
        text += word;
        tokens += 1;
        onChunk({ text: word, tokens, elapsedMs: this.#clock.nowMs() - startedMs });
        cancelStep = this.#clock.after(stepMs, step);
      };
      this.#ends.add(lose);
      cancelStep = this.#clock.after(firstMs, step);
      const onAbort = (): void => {
        rest();
        cancelStep();
        if (stopMs !== null) cancelStep = this.#clock.after(stopMs, () => end(said('cancelled')));
      };
      if (signal.aborted) onAbort();
      else signal.addEventListener('abort', onAbort);
    });
  }

  /** Its worker ends, and nobody asked for it. */
  die(): void {
    if (this.#gone) return;
    this.#end(failure('worker-lost'));
    this.#onLost(failure('worker-lost'));
  }

  setPacing(): void {
    // How fast it may go is no part of what is simulated.
  }

  unload(): Promise<void> {
    this.#end(failure('cancelled'));
    return Promise.resolve();
  }

  #end(reason: WitanFailure): void {
    this.#gone = true;
    this.#watched.loaded = false;
    for (const end of [...this.#ends]) end(reason);
  }
}
