import { err, ok } from '#kernel/result';
import {
  FULL_SPEED,
  type GenerateRequest,
  type Generation,
  type LoadedModel,
  type ModelSource,
  type Pacing,
} from '#contracts/engine';
import { failure, type Outcome, type WitanFailure } from '#contracts/errors';
import type { InferenceLoadOptions, InferenceWorkerApi } from '#contracts/worker-api';
import { DecodeGate } from './decode-gate.ts';
import { LoadReporter } from './load-reporter.ts';
import { streamAnswer } from './web-llm-answer.ts';
import { freeWebLlm, WebLlmLoader, type LoadedWebLlm, type WebLlmOrigin } from './web-llm-loading.ts';

/** web-llm makes one request of a model at a time, and queues what comes beside it unseen. */
const SLOTS = 1;

/**
 * XGrammar compiles in one go, and some formats take long: measured 28 s of one core for a JSON schema with a `maxLength` of
 * 200 over a vocabulary of 150,000 (0.4 s without it), 6 s for an array of a hundred objects.
 */
const GRAMMAR_MS = 180_000;

/** An answer under way. */
interface Running {
  readonly gate: DecodeGate;
  readonly done: Promise<unknown>;
}

/**
 * Runs one model with web-llm, directly in this worker, so that errors stay what they are. Adds what web-llm lacks: limits
 * and features that can be checked before the download, proof that a model really loaded, a stop inside the prefill, pacing and
 * back-pressure, typed errors, and word of a lost GPU device.
 */
export class WebLlmHost implements InferenceWorkerApi {
  readonly #loader: WebLlmLoader;
  readonly #askPatience: WebLlmOrigin['askPatience'];
  #loaded: LoadedWebLlm | null = null;
  /** Why there is no model although one was loaded. */
  #lost: WitanFailure | null = null;
  readonly #lostListeners = new Set<(problem: WitanFailure) => void>();
  /** Aborts when the model, loaded or still loading, is unloaded. */
  #life = new AbortController();
  #running: Running | null = null;
  #pacing: Pacing = FULL_SPEED;

  constructor(origin: WebLlmOrigin) {
    this.#loader = new WebLlmLoader(origin);
    this.#askPatience = origin.askPatience;
  }

  async load(options: InferenceLoadOptions, progress?: MessagePort): Promise<Outcome<LoadedModel>> {
    const reporter = new LoadReporter(progress);
    try {
      return await this.#load(options, reporter);
    } finally {
      reporter.close();
    }
  }

  async #load(options: InferenceLoadOptions, { report }: LoadReporter): Promise<Outcome<LoadedModel>> {
    const unloaded = this.unload();
    const { signal } = this.#life;
    await unloaded;
    const startedMs = performance.now();
    const { model } = options;
    if (model.format !== 'mlc')
      return err(failure('request-unsupported', { model: model.name, reason: model.format }));
    if (options.embeddings === true)
      return err(failure('request-unsupported', { model: model.name, reason: 'embeddings' }));
    const loading = await this.#loader.load(signal, model, options, report);
    if (!loading.ok) return loading;
    const loaded = loading.value;
    if (signal.aborted) {
      await freeWebLlm(loaded.engine, loaded.watch);
      return err(failure('cancelled', { model: model.name }));
    }
    this.#loaded = loaded;
    loaded.watch.onLost((fate) => {
      if (this.#loaded !== loaded) return;
      this.#loaded = null;
      this.#lost = failure(fate, { model: model.name });
      this.#tellLost(this.#lost);
    });
    return ok({
      modelId: model.id,
      backend: 'webgpu',
      threads: 1,
      contextTokens: loaded.pipeline.contextTokens,
      vocabularySize: loaded.pipeline.vocabularySize,
      weightBytes: loaded.weightBytes,
      loadMs: performance.now() - startedMs,
    });
  }

  async generate(request: GenerateRequest, port: MessagePort): Promise<Outcome<Generation>> {
    const loaded = this.#loaded;
    if (loaded === null || this.#running !== null) {
      port.close();
      if (loaded === null) return err(this.#lost ?? failure('engine-failed', { reason: 'no-model' }));
      return err(failure('slots-exhausted', { slots: SLOTS, model: loaded.model.name }));
    }
    const gate = new DecodeGate(port, this.#pacing);
    const stop = AbortSignal.any([gate.signal, this.#life.signal]);
    const onGrammar = (compiles: boolean): void => {
      const silenceAllowedMs = compiles ? GRAMMAR_MS : null;
      gate.askPatience(silenceAllowedMs);
      this.#askPatience(silenceAllowedMs);
    };
    const done = streamAnswer(stop, loaded, request, gate, onGrammar);
    const running: Running = { gate, done };
    this.#running = running;
    try {
      return await done;
    } finally {
      gate.close();
      if (this.#running === running) this.#running = null;
    }
  }

  engineLost(): Promise<Outcome<never>> {
    if (this.#lost !== null) return Promise.resolve(err(this.#lost));
    return new Promise((resolve) => {
      this.#lostListeners.add((problem) => {
        resolve(err(problem));
      });
    });
  }

  setPacing(pacing: Pacing): Promise<Outcome<null>> {
    this.#pacing = pacing;
    this.#running?.gate.setPacing(pacing);
    return Promise.resolve(ok(null));
  }

  canRun(model: ModelSource, largestTensorBytes: number | null): Promise<Outcome<null>> {
    return model.format === 'mlc'
      ? this.#loader.check(model, largestTensorBytes)
      : Promise.resolve(err(failure('request-unsupported', { model: model.name, reason: model.format })));
  }

  #tellLost(problem: WitanFailure): void {
    for (const listener of [...this.#lostListeners]) listener(problem);
    this.#lostListeners.clear();
  }

  async unload(): Promise<Outcome<null>> {
    this.#life.abort();
    this.#life = new AbortController();
    const loaded = this.#loaded;
    this.#loaded = null;
    this.#lost = null;
    if (loaded === null) return ok(null);
    // Not under the answer's feet: it ends at its next step, or with the device.
    await this.#running?.done.catch(() => undefined);
    await freeWebLlm(loaded.engine, loaded.watch);
    return ok(null);
  }
}
