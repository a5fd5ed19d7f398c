import { Wllama } from '@wllama/wllama/esm/index.js';
import wasmUrl from '@wllama/wllama/esm/wasm/wllama.wasm?url';
import { present } from '#kernel/assert';
import { systemClock } from '#kernel/clock';
import type { Backend, Engine, GenerateRequest, GgufSource, StoredSource } from '#contracts/engine';
import type { InferenceWorkerApi } from '#contracts/worker-api';
import type { LoadedWithMemory } from '../../../workers/inference/wllama-host.ts';
import { WorkerEngine } from '../../../src/engines/worker-engine.ts';
import { WORKER_SCRIPTS } from '../../../src/platform/worker-scripts.ts';
import { WorkerSupervisor } from '../../../src/platform/worker-supervisor.ts';

export interface Placement {
  readonly backend: Backend;
  readonly threads: number;
  readonly contextTokens: number;
  readonly slots: number;
}

/** One answer as the page saw it. Times of the page's clock, ms. */
export interface Timing {
  readonly firstTokenMs: number;
  /** (tokens − 1) / (end of the answer − first token). */
  readonly tokensPerSecond: number;
  readonly tokens: number;
  readonly text: string;
}

const NEVER = new AbortController().signal;

export interface Started {
  readonly engine: Engine;
  readonly loaded: LoadedWithMemory;
}

/** The engine as the app has it: supervised worker, comlink, host, wllama. */
export async function startStack(model: GgufSource | StoredSource, placement: Placement): Promise<Started> {
  const worker = new WorkerSupervisor(systemClock).start<InferenceWorkerApi>(
    'measured',
    WORKER_SCRIPTS.wllama,
  );
  const engine = new WorkerEngine('wllama', worker, systemClock);
  const loaded = await engine.load(NEVER, { model, ...placement });
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.error));
  return { engine, loaded: loaded.value as LoadedWithMemory };
}

export async function askStack(engine: Engine, request: GenerateRequest): Promise<Timing> {
  const startMs = performance.now();
  let firstMs: number | null = null;
  const answered = await engine.generate(NEVER, request, () => {
    firstMs ??= performance.now();
  });
  const endMs = performance.now();
  if (!answered.ok) throw new Error(JSON.stringify(answered.error));
  return timing(startMs, firstMs, endMs, answered.value.completionTokens, answered.value.text);
}

/** Without it wllama prints; with `suppressNativeLog` it is slower (llama.cpp then formats and sends its debug lines too). */
const SILENT = {
  debug: () => undefined,
  log: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

/** wllama as its own documentation shows it, in the same page: its defaults, except what the placement says. */
export async function startBare(model: GgufSource, placement: Placement): Promise<Wllama> {
  const wllama = new Wllama({ default: wasmUrl }, { logger: SILENT });
  wllama.setCompat(null);
  await wllama.loadModel([await (await fetch(model.url)).blob()], {
    n_ctx: placement.contextTokens,
    n_parallel: placement.slots,
    n_threads: placement.threads,
    ...(placement.backend === 'cpu' ? { n_gpu_layers: 0 } : {}),
  });
  return wllama;
}

export async function askBare(wllama: Wllama, request: GenerateRequest): Promise<Timing> {
  const startMs = performance.now();
  let firstMs: number | null = null;
  let tokens = 0;
  let text = '';
  await wllama.createChatCompletion({
    messages: [{ role: 'user', content: request.prompt }],
    stream: true,
    max_tokens: request.maxTokens,
    temperature: request.temperature,
    seed: request.seed,
    cache_prompt: request.cachePrompt ?? true,
    ignore_eos: request.ignoreEos ?? false,
    onData: (chunk) => {
      const piece = chunk.choices[0]?.delta.content ?? '';
      if (piece !== '') firstMs ??= performance.now();
      text += piece;
      tokens = chunk.timings?.predicted_n ?? tokens;
    },
  });
  return timing(startMs, firstMs, performance.now(), tokens, text);
}

function timing(
  startMs: number,
  firstMs: number | null,
  endMs: number,
  tokens: number,
  text: string,
): Timing {
  const first = present(firstMs, 'a first token');
  return {
    firstTokenMs: first - startMs,
    tokensPerSecond: ((tokens - 1) * 1000) / (endMs - first),
    tokens,
    text,
  };
}
