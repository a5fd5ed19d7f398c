import type { Wllama } from '@wllama/wllama/esm/index.js';
import ENGINE_URL from '@wllama/wllama/esm/wasm/wllama.wasm?url';
import * as Comlink from 'comlink';
import { err, ok } from '#kernel/result';
import {
  FULL_SPEED,
  type EngineMemory,
  type GenerateRequest,
  type Generation,
  type LoadedModel,
  type Pacing,
} from '#contracts/engine';
import { failure, type Outcome, type WitanFailure } from '#contracts/errors';
import type { Embeddings, InferenceLoadOptions, InferenceWorkerApi } from '#contracts/worker-api';
import { DecodeGate } from './decode-gate.ts';
import { LoadReporter } from './load-reporter.ts';
import { modelFiles } from './model-file.ts';
import { WllamaActions } from './wllama-actions.ts';
import { streamAnswer, type Answering } from './wllama-answer.ts';
import { embedTexts } from './wllama-embedding.ts';
import { loadWllama, type LoadedWllama } from './wllama-loading.ts';
import { chatBody } from './wllama-request.ts';

/** What this worker says of a model: also the memory that the engine accounts for. */
export interface LoadedWithMemory extends LoadedModel {
  readonly memory: EngineMemory;
}

/** A loaded model and how it is asked. */
interface Instance extends Answering {
  readonly loaded: LoadedWllama;
  readonly slots: number;
  readonly embeddings: boolean;
}

/**
 * Runs one model with wllama (llama.cpp in WASM). Adds what wllama lacks: proof that the file is whole and that a model
 * really loaded, the backend that was really used, requests bounded by the slots (wllama drops what exceeds them and never
 * answers), answers that cannot hurt each other, pacing, back-pressure, typed errors, and word of its own worker's end.
 */
export class WllamaHost implements InferenceWorkerApi {
  readonly #engineUrl: string;
  #instance: Instance | null = null;
  /** Has a worker of its own, also after the load failed or the engine was lost. */
  #wllama: Wllama | null = null;
  /** Why there is no model although one was loaded. */
  #lost: WitanFailure | null = null;
  #tellLost: (problem: WitanFailure) => void = () => undefined;
  #pacing: Pacing = FULL_SPEED;
  readonly #running = new Set<DecodeGate>();
  /** Calls of `embed` under way; each takes one slot. */
  #embedding = 0;

  /** @param engineUrl where the engine's WASM file is */
  constructor(engineUrl = ENGINE_URL) {
    this.#engineUrl = engineUrl;
  }

  async load(options: InferenceLoadOptions, progress?: MessagePort): Promise<Outcome<LoadedWithMemory>> {
    const reporter = new LoadReporter(progress);
    try {
      return await this.#load(options, reporter);
    } finally {
      reporter.close();
    }
  }

  async #load(options: InferenceLoadOptions, { report }: LoadReporter): Promise<Outcome<LoadedWithMemory>> {
    await this.unload();
    const startedMs = performance.now();
    const { model } = options;
    if (model.format !== 'gguf' && model.format !== 'stored')
      return err(failure('request-unsupported', { model: model.name, reason: model.format }));
    const files = await modelFiles(model, report);
    if (!files.ok) return files;
    const loading = await loadWllama(this.#engineUrl, files.value, options, (wllama) => {
      this.#wllama = wllama;
    });
    if (!loading.ok) return loading;
    const loaded = loading.value;
    const { wllama, proxy, log, info } = loaded;
    const instance: Instance = {
      loaded,
      model: model.name,
      log,
      slots: options.slots,
      embeddings: options.embeddings === true,
      actions: new WllamaActions(proxy, () => this.#mayStep()),
      mayRunAhead: () =>
        this.#running.size === 1 && this.#embedding === 0 && this.#pacing.decodeDelayMs === 0,
    };
    this.#instance = instance;
    void loaded.lost.then((problem) => {
      if (this.#instance === instance) this.#lose(instance, problem);
    });
    return ok({
      modelId: model.id,
      backend: log.backend,
      threads: wllama.getNumThreads(),
      contextTokens: Math.min(info.n_ctx, log.slotContextTokens ?? info.n_ctx),
      vocabularySize: info.n_vocab,
      weightBytes: files.value.reduce((sum, file) => sum + file.size, 0),
      memory: log.memory,
      loadMs: performance.now() - startedMs,
    });
  }

  async generate(request: GenerateRequest, port: MessagePort): Promise<Outcome<Generation>> {
    const instance = this.#instance;
    const refused = this.#refusal(instance);
    if (instance === null || refused !== null) {
      port.close();
      return err(refused ?? failure('engine-failed', { reason: 'no-model' }));
    }
    const body = chatBody(request, instance.model);
    if (!body.ok) {
      port.close();
      return body;
    }
    const gate = new DecodeGate(port, this.#pacing);
    this.#running.add(gate);
    try {
      return await streamAnswer(instance, body.value, gate);
    } finally {
      gate.close();
      this.#running.delete(gate);
    }
  }

  async embed(texts: readonly string[]): Promise<Outcome<Embeddings>> {
    const instance = this.#instance;
    const refused = this.#refusal(instance);
    if (instance === null || refused !== null)
      return err(refused ?? failure('engine-failed', { reason: 'no-model' }));
    if (!instance.embeddings)
      return err(failure('request-unsupported', { model: instance.model, reason: 'embeddings' }));
    this.#embedding += 1;
    try {
      const outcome = await embedTexts(instance, texts);
      if (!outcome.ok) return outcome;
      const buffers = outcome.value.vectors.map((vector) => vector.buffer as ArrayBuffer);
      return Comlink.transfer(outcome, buffers);
    } finally {
      this.#embedding -= 1;
    }
  }

  setPacing(pacing: Pacing): Promise<Outcome<null>> {
    this.#pacing = pacing;
    for (const gate of this.#running) gate.setPacing(pacing);
    return Promise.resolve(ok(null));
  }

  async unload(): Promise<Outcome<null>> {
    const instance = this.#instance;
    this.#instance = null;
    this.#lost = null;
    if (instance !== null) {
      instance.loaded.watch.end();
      instance.actions.lose(failure('cancelled', { model: instance.model }));
    }
    const wllama = this.#wllama;
    this.#wllama = null;
    await wllama?.exit();
    return ok(null);
  }

  engineLost(): Promise<Outcome<never>> {
    return new Promise((resolve) => {
      if (this.#lost !== null) resolve(err(this.#lost));
      this.#tellLost = (problem) => {
        resolve(err(problem));
      };
    });
  }

  /** Why a request cannot begin now; null when it can. */
  #refusal(instance: Instance | null): WitanFailure | null {
    if (instance === null) return this.#lost;
    return this.#running.size + this.#embedding >= instance.slots
      ? failure('slots-exhausted', { slots: instance.slots, model: instance.model })
      : null;
  }

  /**
   * wllama's worker may live on, in a loop or suspended for ever. It ends with this one, which the page ends when it hears
   * of the loss. Ended by us in the same moment, Chromium now and then keeps both threads, with 5 MB, for ever.
   */
  #lose({ actions }: Instance, problem: WitanFailure): void {
    this.#instance = null;
    this.#lost = problem;
    actions.lose(problem);
    this.#tellLost(problem);
  }

  /** A step decodes for every answer that runs, so it waits until each of them may go on. */
  async #mayStep(): Promise<void> {
    await Promise.all([...this.#running].map((gate) => gate.beforeStep()));
  }
}
