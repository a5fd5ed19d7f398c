import { Wllama, type ChatCompletionChunk } from '@wllama/wllama/esm/index.js';
import wasmUrl from '@wllama/wllama/esm/wasm/wllama.wasm?url';
import { err, ok } from '#kernel/result';
import {
  FULL_SPEED,
  type GenerateRequest,
  type Generation,
  type LoadedModel,
  type LoadOptions,
  type Pacing,
} from '#contracts/engine';
import { failure, type Outcome } from '#contracts/errors';
import type { InferenceWorkerApi } from '#contracts/worker-api';
import { DecodeGate } from './decode-gate.ts';
import { fetchModelFile } from './model-file.ts';
import { wllamaFailure } from './wllama-errors.ts';

/**
 * Small batches, because llama.cpp sees an abort only between batches: on slow CPUs a stop inside a long prefill
 * would otherwise take seconds.
 */
const PREFILL_BATCH_TOKENS = 64;

const SILENT_LOGGER = {
  debug: () => undefined,
  log: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

/** The one part of wllama we reach behind its public face: each decode step is one `get_result` action. */
interface WllamaProxy {
  wllamaAction(name: string, body: { req_id?: number }): Promise<unknown>;
}

function proxyOf(wllama: Wllama): WllamaProxy | null {
  const proxy: unknown = Reflect.get(wllama, 'proxy');
  const usable =
    typeof proxy === 'object' && proxy !== null && typeof Reflect.get(proxy, 'wllamaAction') === 'function';
  return usable ? (proxy as WllamaProxy) : null;
}

/**
 * Runs one model with wllama (llama.cpp in WASM). Adds what wllama lacks: proof that the file is whole and that a
 * model really loaded, requests bounded by the slots (wllama drops what exceeds them and never answers), pacing,
 * back-pressure and typed errors.
 */
export class WllamaHost implements InferenceWorkerApi {
  #wllama: Wllama | null = null;
  #model = '';
  #slots = 0;
  #pacing: Pacing = FULL_SPEED;
  readonly #running = new Set<DecodeGate>();

  async load(options: LoadOptions): Promise<Outcome<LoadedModel>> {
    await this.unload();
    const startedMs = performance.now();
    const { model } = options;
    if (model.format !== 'gguf')
      return err(failure('request-unsupported', { model: model.name, reason: model.format }));
    const file = await fetchModelFile(model);
    if (!file.ok) return file;
    const wllama = new Wllama({ default: wasmUrl }, { suppressNativeLog: true, logger: SILENT_LOGGER });
    wllama.setCompat(null); // its default is a CDN
    try {
      await wllama.loadModel([file.value], {
        n_ctx: options.contextTokens,
        n_parallel: options.slots,
        n_threads: options.threads,
        n_batch: PREFILL_BATCH_TOKENS,
        n_ubatch: PREFILL_BATCH_TOKENS,
        n_gpu_layers: 0,
      });
    } catch (thrown) {
      void wllama.exit(); // may never answer after a failed load; the page ends this worker anyway
      const mapped = wllamaFailure(thrown, model.name);
      return err(
        mapped.code === 'engine-failed'
          ? failure('model-load-failed', { model: model.name }, thrown)
          : mapped,
      );
    }
    const info = wllama.getLoadedContextInfo();
    // loadModel resolves on garbage too; only a vocabulary proves a model.
    if (!(info.n_vocab > 0)) {
      void wllama.exit();
      return err(failure('model-invalid', { model: model.name, reason: 'no-vocabulary' }));
    }
    const proxy = proxyOf(wllama);
    if (proxy === null) {
      void wllama.exit();
      return err(failure('engine-incompatible', { model: model.name }));
    }
    this.#gateSteps(proxy);
    this.#wllama = wllama;
    this.#model = model.name;
    this.#slots = options.slots;
    return ok({
      modelId: model.id,
      backend: 'cpu',
      threads: wllama.getNumThreads(),
      contextTokens: info.n_ctx,
      vocabularySize: info.n_vocab,
      weightBytes: file.value.size,
      loadMs: performance.now() - startedMs,
    });
  }

  async generate(request: GenerateRequest, port: MessagePort): Promise<Outcome<Generation>> {
    const wllama = this.#wllama;
    if (wllama === null) {
      port.close();
      return err(failure('engine-failed', { reason: 'no-model' }));
    }
    if (this.#running.size >= this.#slots) {
      port.close();
      return err(failure('slots-exhausted', { slots: this.#slots, model: this.#model }));
    }
    const gate = new DecodeGate(port, this.#pacing);
    this.#running.add(gate);
    let last: ChatCompletionChunk | null = null;
    let finish: Generation['finish'] = 'stop';
    try {
      await wllama.createChatCompletion({
        messages: [{ role: 'user', content: request.prompt }],
        stream: true,
        max_tokens: request.maxTokens,
        temperature: request.temperature,
        seed: request.seed,
        cache_prompt: request.cachePrompt ?? true,
        ...(request.grammar === undefined ? {} : { grammar: request.grammar }),
        ...(request.ignoreEos === true ? { ignore_eos: true } : {}),
        abortSignal: gate.signal,
        onData: (chunk) => {
          last = chunk;
          const choice = chunk.choices[0];
          if (choice?.finish_reason === 'length') finish = 'length';
          const text = choice?.delta.content;
          if (typeof text === 'string' && text !== '') gate.onToken(text);
        },
      });
    } catch (thrown) {
      if (!gate.signal.aborted) return err(wllamaFailure(thrown, this.#model));
      finish = 'cancelled';
    } finally {
      gate.close();
      this.#running.delete(gate);
    }
    return ok(this.#generation(gate, finish, last));
  }

  setPacing(pacing: Pacing): Promise<Outcome<null>> {
    this.#pacing = pacing;
    for (const gate of this.#running) gate.setPacing(pacing);
    return Promise.resolve(ok(null));
  }

  async unload(): Promise<Outcome<null>> {
    const wllama = this.#wllama;
    this.#wllama = null;
    if (wllama !== null) await wllama.exit();
    return ok(null);
  }

  #generation(gate: DecodeGate, finish: Generation['finish'], last: ChatCompletionChunk | null): Generation {
    const timings = last?.timings;
    return {
      text: gate.text,
      finish,
      promptTokens: timings === undefined ? 0 : timings.prompt_n + timings.cache_n,
      completionTokens: timings?.predicted_n ?? gate.tokens,
      timeToFirstTokenMs: gate.timeToFirstTokenMs,
      prefillTokensPerSecond:
        timings !== undefined && timings.prompt_n > 0 ? timings.prompt_per_second : null,
      decodeTokensPerSecond: gate.decodeTokensPerSecond,
      durationMs: gate.elapsedMs,
    };
  }

  /** Holds every decode step until each running answer may go on. With one slot that is the one answer. */
  #gateSteps(proxy: WllamaProxy): void {
    const step = proxy.wllamaAction.bind(proxy);
    proxy.wllamaAction = async (name, body) => {
      if (name === 'get_result') await Promise.all([...this.#running].map((gate) => gate.beforeStep()));
      return step(name, body);
    };
  }
}
