import { Wllama, type LoadedContextInfo, type LoadModelParams } from '@wllama/wllama/esm/index.js';
import { err, ok } from '#kernel/result';
import { failure, type Outcome, type WitanFailure } from '#contracts/errors';
import type { InferenceLoadOptions } from '#contracts/worker-api';
import { cpuBatchTokens, GPU_BATCH_TOKENS } from '#contracts/prompt-batch';
import { browserFeatures, chooseBuild, type BuildChoice } from './wllama-browser.ts';
import { wllamaFailure, wllamaLoadFailure } from './wllama-errors.ts';
import { InnerWorkerWatch, type InnerFate, type WllamaProxy } from './wllama-inner-worker.ts';
import { NativeLog } from './wllama-native-log.ts';

/** More layers than any model has: all that fit go to the GPU. */
const ALL_LAYERS = 99_999;

/** Where a GGUF file names the pooling of its embeddings, if it does: in the metadata, before the tokenizer's lists. */
const METADATA_BYTES = 1 << 20;

/** A model in the memory of a wllama instance. */
export interface LoadedWllama {
  readonly wllama: Wllama;
  readonly proxy: WllamaProxy;
  readonly watch: InnerWorkerWatch;
  readonly log: NativeLog;
  readonly info: LoadedContextInfo;
  /** Resolves when the engine is lost, with the reason; never when we end it ourselves. */
  readonly lost: Promise<WitanFailure>;
}

/** wllama's own store of models, which we do not use: its constructor needs the browser's file system otherwise. */
const NO_STORE = {} as never;

/** Whether the file says how token vectors become one vector (embedding models do, generative models do not). */
async function namesPooling([first = new Blob()]: readonly Blob[]): Promise<boolean> {
  const head = new Uint8Array(await first.slice(0, METADATA_BYTES).arrayBuffer());
  return new TextDecoder('latin1').decode(head).includes('.pooling_type');
}

async function modelParameters(
  options: InferenceLoadOptions,
  { gpu }: BuildChoice,
  files: readonly Blob[],
): Promise<LoadModelParams> {
  const embeddings = options.embeddings === true;
  const threads = crossOriginIsolated ? options.threads : 1;
  const weightBytes = files.reduce((sum, file) => sum + file.size, 0);
  const batch = gpu ? GPU_BATCH_TOKENS : (options.promptBatchTokens ?? cpuBatchTokens(weightBytes, threads));
  // A text is embedded whole or not at all: llama.cpp refuses one that is longer than a batch.
  const batchTokens = embeddings ? Math.ceil(options.contextTokens / options.slots) : batch;
  return {
    n_ctx: options.contextTokens,
    n_parallel: options.slots,
    n_threads: options.threads,
    n_batch: batchTokens,
    n_ubatch: batchTokens,
    n_gpu_layers: gpu ? ALL_LAYERS : 0,
    // Each slot has its share of the context to itself. In one shared cache two answers that outgrow it together both
    // fail, and where the tokens of one lie depends on its neighbours: sums round otherwise, and so its words change.
    kv_unified: false,
    // On the CPU its order of summation depends on how a prompt was cut into batches, and so on the neighbours. Who has
    // none keeps its 10 % of a prefill and 4 to 9 % of a decode step (CPU time, 30 M parameters, one thread).
    ...(gpu || options.slots > 1 ? { flash_attn: gpu } : {}),
    // Would copy the cache of every idle slot to a second store whenever a request begins.
    cache_idle_slots: false,
    // Thoughts cost the small models that run here more time than they gain, and nobody sees them.
    reasoning: false,
    ...(embeddings ? { embeddings } : {}),
    // What a generative model gives: the mean over its tokens.
    ...(embeddings && !(await namesPooling(files)) ? { pooling_type: 'mean' } : {}),
  };
}

function fateFailure(fate: InnerFate, model: string, log: NativeLog): WitanFailure {
  const native = log.takeProblems();
  if (fate.kind === 'device-lost')
    return failure('device-lost', { model }, [fate.message, ...native].join(' | '));
  const problem = wllamaFailure(fate.message, model, native);
  if (problem.code !== 'engine-failed' && problem.code !== 'request-unsupported') return problem;
  // Not understood. A module that does not come to life is no module of this page's generation, whatever it says of itself.
  if (!fate.initialised && fate.kind !== 'gone')
    return failure('engine-incompatible', { model }, problem.cause);
  // An engine that trapped or vanished is lost as a worker is, and restarted as one.
  return failure('worker-lost', { model, reason: fate.kind }, problem.cause);
}

/**
 * Starts wllama and loads a model whose files, in order, were proved whole.
 * @param engineUrl where the default build's WASM file is
 * @param own receives wllama as soon as it exists; whoever receives it ends it, also when the load fails
 * Errors: model-invalid, model-load-failed, out-of-memory, device-lost, engine-unavailable, engine-incompatible,
 * worker-lost.
 */
export async function loadWllama(
  engineUrl: string,
  files: readonly Blob[],
  options: InferenceLoadOptions,
  own: (wllama: Wllama) => void,
): Promise<Outcome<LoadedWllama>> {
  const { name } = options.model;
  const log = new NativeLog();
  let watch: InnerWorkerWatch | null = null;
  const fail = (problem: WitanFailure): Outcome<LoadedWllama> => {
    watch?.end();
    return err(problem);
  };
  try {
    const choice = chooseBuild(browserFeatures(), options.backend === 'webgpu');
    const created = new Wllama(
      { default: engineUrl },
      { logger: log, cacheManager: NO_STORE, modelManager: NO_STORE },
    );
    own(created);
    // The mode is the one in which wllama asks for features, not for the browser's name. Its default build is on a CDN.
    created.setCompat(
      choice.build === 'compat' ? (await import('./wllama-compat.ts')).COMPAT_BUILD : null,
      'firefox_safari',
    );
    let tell: (problem: WitanFailure) => void = () => undefined;
    const lost = new Promise<WitanFailure>((resolve) => {
      tell = resolve;
    });
    const watching = new InnerWorkerWatch(created, (fate) => {
      tell(fateFailure(fate, name, log));
    });
    watch = watching;
    const loading = created.loadModel([...files], await modelParameters(options, choice, files));
    const problem = await Promise.race([lost, loading.then(() => null)]);
    if (problem !== null) return fail(asLoadFailure(problem));
    const info = created.getLoadedContextInfo();
    // loadModel resolves on garbage too; only a vocabulary proves a model.
    if (!(info.n_vocab > 0)) return fail(wllamaLoadFailure('no vocabulary', name, log.takeProblems()));
    const { proxy } = watching;
    if (proxy === null) return fail(failure('engine-incompatible', { model: name }));
    log.takeProblems();
    return ok({ wllama: created, proxy, watch: watching, log, info, lost });
  } catch (thrown) {
    return fail(wllamaLoadFailure(thrown, name, log.takeProblems()));
  }
}

/** A trap while it loads comes again when it is tried again; a worker that the browser ended may not. */
function asLoadFailure(problem: WitanFailure): WitanFailure {
  const trapped = problem.code === 'worker-lost' && problem.details['reason'] !== 'gone';
  return trapped ? { ...problem, code: 'model-load-failed' } : problem;
}
