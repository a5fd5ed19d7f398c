import { err, ok } from '#kernel/result';
import { Semaphore } from '#kernel/semaphore';
import {
  FULL_SPEED,
  type Engine,
  type GenerateRequest,
  type Generation,
  type LoadedModel,
  type LoadProgress,
  type LoadOptions,
  type Pacing,
  type TokenChunk,
} from '#contracts/engine';
import { failure, type Outcome, type WitanFailure } from '#contracts/errors';
import { AnswerCollector } from './prompt-api/answer-collector.ts';
import { builtInAvailability, type BuiltInModelPorts } from './prompt-api/built-in-model.ts';
import type { LanguageModelSession, PromptOptions } from './prompt-api/language-model.ts';
import { promptApiFailure } from './prompt-api/prompt-api-errors.ts';
import { responseConstraint } from './prompt-api/response-constraint.ts';
import { sessionAnswer } from './prompt-api/session-answer.ts';
import { destroyQuietly, openSession } from './prompt-api/session-opening.ts';
import { sessionOptions, type SessionOptions } from './prompt-api/session-options.ts';
import { SessionPool } from './prompt-api/session-pool.ts';

/** The browser may have put its model aside and must read gigabytes before the first piece. */
const FIRST_PIECE_MS = 60_000;
/** Silence after which an answer is given up, as for the other engines. */
const PIECE_GAP_MS = 15_000;

/** The council asks greedily, so this session serves it without another. */
const ROOT_REQUEST = { temperature: 0 } as const;

export interface PromptApiPorts extends BuiltInModelPorts {
  /** Called once when the browser took the model away: this engine is of no more use. */
  readonly onLost: (reason: WitanFailure) => void;
}

/** An answer that was stopped keeps its text; one that lost its engine to an unload is no answer. */
function stopped(signal: AbortSignal, model: string, collector: AnswerCollector): Outcome<Generation> {
  return signal.aborted ? ok(collector.end('cancelled')) : err(failure('cancelled', { member: model }));
}

/** What an answer is asked of; replaced whole by a load. */
interface Loaded {
  readonly model: string;
  readonly pool: SessionPool;
  readonly slots: Semaphore;
  /** Aborts when the engine is unloaded. */
  readonly ending: AbortController;
}

/**
 * The model that is built into the browser (Prompt API), on the main thread because the API exists nowhere else; the work
 * itself is done in a process of the browser. Each question is put to a fresh clone of a session, so no answer colours
 * the next. Nothing of the API is touched before the user's opt-in.
 * Not to be had of it: token counts (pieces are counted, see `AnswerCollector`), a seed, top-p, log-probabilities, a
 * fixed length; temperature becomes one of five modes (`samplingModeOf`).
 */
export class PromptApiEngine implements Engine {
  readonly kind = 'prompt-api';
  readonly #ports: PromptApiPorts;
  #pacing: Pacing = FULL_SPEED;
  #loaded: Loaded | null = null;
  /** Aborts at an unload, and with it every load under way: the browser would go on with its download for nobody. */
  #life = new AbortController();
  readonly #answers = new Set<AnswerCollector>();

  constructor(ports: PromptApiPorts) {
    this.#ports = ports;
  }

  /** Of `LoadedModel` the browser tells the size of the context only; other figures are 0. */
  async load(
    signal: AbortSignal,
    options: LoadOptions,
    onProgress: (progress: LoadProgress) => void = () => undefined,
  ): Promise<Outcome<LoadedModel>> {
    const { clock, languages } = this.#ports;
    const { model, slots } = options;
    if (model.format !== 'built-in')
      return err(failure('request-unsupported', { model: model.name, reason: model.format }));
    if (!this.#ports.allowed()) return err(failure('consent-required', { model: model.name }));
    const languageModel = this.#ports.languageModel();
    if (languageModel === null) return err(failure('engine-unavailable', { model: model.name }));
    const wanted = AbortSignal.any([signal, this.#life.signal]);
    // With the user's yes `create()` comes first of all: a download needs the click that led here.
    const held = options.download === true ? null : await this.#reasonNotToLoad(wanted, model.name);
    if (held !== null) return err(held);
    this.#end();
    const startedMs = clock.nowMs();
    const open = (signal: AbortSignal, options: SessionOptions) =>
      openSession(signal, {
        languageModel,
        options,
        clock,
        model: model.name,
        onProgress: (fraction) => {
          onProgress({ phase: 'fetch', fraction });
        },
      });
    const root = sessionOptions(ROOT_REQUEST, languages);
    const opened = await open(wanted, root);
    if (!opened.ok) return opened;
    if (wanted.aborted) {
      opened.value.close();
      return err(failure('cancelled', { model: model.name }));
    }
    this.#end(); // of a load that was faster
    this.#loaded = {
      model: model.name,
      pool: new SessionPool(model.name, root, opened.value, open),
      slots: new Semaphore(slots),
      ending: new AbortController(),
    };
    const { contextWindow } = opened.value.session;
    return ok({
      modelId: model.id,
      backend: 'browser',
      threads: 0,
      contextTokens: Number.isFinite(contextWindow) ? contextWindow : options.contextTokens,
      vocabularySize: 0,
      weightBytes: 0,
      loadMs: clock.nowMs() - startedMs,
    });
  }

  /** Null when the browser has its model at hand, so that making a session fetches nothing. */
  async #reasonNotToLoad(signal: AbortSignal, model: string): Promise<WitanFailure | null> {
    const availability = await builtInAvailability(signal, this.#ports, model);
    if (!availability.ok) return availability.error;
    if (availability.value === 'available') return null;
    return failure(availability.value === 'unavailable' ? 'engine-unavailable' : 'consent-required', {
      model,
    });
  }

  async generate(
    signal: AbortSignal,
    request: GenerateRequest,
    onChunk: (chunk: TokenChunk) => void,
  ): Promise<Outcome<Generation>> {
    const loaded = this.#loaded;
    if (loaded === null) return err(failure('engine-failed', { reason: 'no-model' }));
    const constraint = responseConstraint(request, loaded.model);
    if (!constraint.ok) return constraint;
    const release = await loaded.slots.acquire(AbortSignal.any([signal, loaded.ending.signal]));
    const collector = new AnswerCollector(this.#ports.clock, this.#pacing, onChunk);
    if (release === null) return stopped(signal, loaded.model, collector);
    this.#answers.add(collector);
    const answered = await this.#answer(signal, loaded, request, constraint.value, collector);
    this.#answers.delete(collector);
    release();
    if (!answered.ok && (answered.error.code === 'worker-lost' || answered.error.code === 'worker-silent'))
      this.#lose(loaded, answered.error);
    return answered;
  }

  setPacing(pacing: Pacing): void {
    this.#pacing = pacing;
    for (const answer of this.#answers) answer.setPacing(pacing);
  }

  unload(): Promise<void> {
    this.#life.abort();
    this.#life = new AbortController();
    this.#end();
    return Promise.resolve();
  }

  async #answer(
    signal: AbortSignal,
    loaded: Loaded,
    request: GenerateRequest,
    constraint: Pick<PromptOptions, 'responseConstraint'>,
    collector: AnswerCollector,
  ): Promise<Outcome<Generation>> {
    const { model, pool, ending } = loaded;
    const silence = new AbortController();
    const done = new AbortController();
    // Everything that is awaited below ends with this one: by the user, by an unload, by silence, by the end of it all.
    const all = AbortSignal.any([signal, ending.signal, silence.signal, done.signal]);
    let cancelWatch: () => void = () => undefined;
    const watch = (allowedMs: number): void => {
      cancelWatch();
      cancelWatch = this.#ports.clock.after(allowedMs, () => {
        silence.abort();
      });
    };
    let session: LanguageModelSession | null = null;
    const answered = async (): Promise<Outcome<Generation> | null> => {
      const cloned = await pool.clone(all, sessionOptions(request, this.#ports.languages));
      if (!cloned.ok) return cloned;
      session = cloned.value;
      const onPiece = (): void => {
        watch(PIECE_GAP_MS);
      };
      return sessionAnswer(all, { session, request, constraint, collector, model, onPiece });
    };
    watch(FIRST_PIECE_MS);
    const outcome = await answered().catch((thrown: unknown) =>
      err(promptApiFailure(thrown, 'prompt', model)),
    );
    cancelWatch();
    const cutShort = all.aborted;
    done.abort(); // ends a decode that would go on, past `maxTokens` for one
    if (session !== null) destroyQuietly(session);
    collector.drop();
    if (outcome !== null && !cutShort) return outcome;
    if (silence.signal.aborted) return err(failure('worker-silent', { member: model }));
    return stopped(signal, model, collector);
  }

  #lose(loaded: Loaded, reason: WitanFailure): void {
    if (this.#loaded !== loaded) return; // told already, or replaced
    this.#end();
    this.#ports.onLost(reason);
  }

  #end(): void {
    this.#loaded?.ending.abort();
    this.#loaded?.pool.close();
    this.#loaded = null;
  }
}
