import { err, ok } from '#kernel/result';
import { untilAborted } from '#kernel/until-aborted';
import type { LoadOptions, LoadProgress, MlcSource } from '#contracts/engine';
import { failure, type Outcome, type WitanFailure } from '#contracts/errors';
import type { TensorSizes } from '#contracts/mlc-files';
import { checkAdapter } from './web-llm-adapter.ts';
import { checkTensors, readTensorSizes } from './web-llm-artifacts.ts';
import { DeviceWatch, type DeviceFate } from './web-llm-device.ts';
import {
  appConfigFor,
  LIBRARY_ADDRESS,
  progressOf,
  type WebLlmEngine,
  type WebLlmPackage,
} from './web-llm-engine.ts';
import { webLlmFailure } from './web-llm-errors.ts';
import { SteppedPipeline } from './web-llm-pipeline.ts';
import type { StoredCaches } from './web-llm-stored-caches.ts';

/** A model in graphics memory, and all that stops, watches and frees it. */
export interface LoadedWebLlm {
  readonly engine: WebLlmEngine;
  readonly pipeline: SteppedPipeline;
  readonly watch: DeviceWatch;
  readonly model: MlcSource;
  /** Weights in graphics memory, bytes. */
  readonly weightBytes: number;
}

/** Where an engine comes from; the browser's, or a test's. */
export interface WebLlmOrigin {
  readonly openPackage: () => Promise<WebLlmPackage>;
  readonly gpu: GPU | undefined;
  /** In the place of the worker's `caches`. */
  readonly caches: Pick<StoredCaches, 'serve'>;
  /** Tells the supervisor for how long this thread may now be silent; null: as usual again. */
  readonly askPatience: (silenceAllowedMs: number | null) => void;
}

type OnProgress = (progress: LoadProgress) => void;

/** One load, as far as each try of it needs it. */
interface Plan {
  readonly model: MlcSource;
  readonly options: LoadOptions;
  readonly adapter: GPUAdapter;
  readonly sizes: TensorSizes;
  readonly onProgress: OnProgress;
}

/** Reason of a failure that no other library mends: web-llm itself is built otherwise than we know it. */
const INTERNALS = 'internals';

/** How web-llm's own loading ended. */
type Ended = 'resolved' | 'aborted' | { readonly fate: DeviceFate } | { readonly thrown: unknown };

/** Loads models one after the other, each into an engine of its own. */
export class WebLlmLoader {
  readonly #origin: WebLlmOrigin;
  /** web-llm's latest loading. Given up, it goes on for a while, and its GPU device must not be taken for the next one's. */
  #latest: Promise<void> = Promise.resolve();

  constructor(origin: WebLlmOrigin) {
    this.#origin = origin;
  }

  /** Whether this device can run a model. Errors: engine-unavailable, feature-missing. See `InferenceWorkerApi.canRun`. */
  async check(model: MlcSource, largestTensorBytes: number | null): Promise<Outcome<null>> {
    const checked = await checkAdapter(this.#origin.gpu, model);
    if (!checked.ok) return checked;
    return checkTensors(model, largestTensorBytes ?? 0, checked.value.maxStorageBufferBindingSize);
  }

  /**
   * Loads a model from its files, which come with it. Nothing stays in memory after an abort or a failure; an abort is
   * answered at once.
   * Errors: engine-unavailable, feature-missing, model-fetch-failed (web-llm itself), model-invalid, engine-incompatible
   * (with reason `internals` where no other library would mend it), out-of-memory, device-lost, model-load-failed,
   * storage-failed, cancelled.
   */
  async load(
    signal: AbortSignal,
    model: MlcSource,
    options: LoadOptions,
    onProgress: OnProgress,
  ): Promise<Outcome<LoadedWebLlm>> {
    const checked = await checkAdapter(this.#origin.gpu, model);
    if (!checked.ok) return checked;
    const { adapter, maxStorageBufferBindingSize } = checked.value;
    const sizes = await readTensorSizes(model);
    if (!sizes.ok) return sizes;
    const fits = checkTensors(model, sizes.value.largestBytes, maxStorageBufferBindingSize);
    if (!fits.ok) return fits;
    let webLlm: WebLlmPackage;
    try {
      webLlm = await this.#origin.openPackage();
    } catch (thrown) {
      return err(webLlmFailure(thrown, model.name));
    }
    return this.#attempt(signal, webLlm, { model, options, adapter, sizes: sizes.value, onProgress });
  }

  async #attempt(signal: AbortSignal, webLlm: WebLlmPackage, plan: Plan): Promise<Outcome<LoadedWebLlm>> {
    const { model, sizes, onProgress } = plan;
    await untilAborted(this.#latest, signal);
    if (signal.aborted) return err(failure('cancelled', { model: model.name }));
    const { files = [], libraryUrl } = model;
    const library = files.filter(({ url }) => url === libraryUrl);
    this.#origin.caches.serve([...files, ...library.map(({ file }) => ({ url: LIBRARY_ADDRESS, file }))]);
    const engine = webLlm.createEngine(appConfigFor(model, plan.options), (report) => {
      const progress = progressOf(report, sizes.totalBytes);
      if (progress !== null) onProgress(progress);
    });
    const watch = new DeviceWatch();
    const unobserve = watch.observe(plan.adapter);
    const reloading = engine.reload(model.id);
    const ended = await endOf(signal, reloading, watch);
    const problem = await problemOf(ended, watch, model);
    const pipeline = problem === null ? SteppedPipeline.of(engine, model.id) : null;
    if (problem === null && pipeline instanceof SteppedPipeline && watch.seen) {
      unobserve();
      return ok({ engine, pipeline, watch, model, weightBytes: sizes.totalBytes });
    }
    // Told to unload, web-llm aborts what it fetches, but goes on with whatever else it does, and may load all the same.
    void freeWebLlm(engine, watch);
    this.#latest = reloading
      .catch(() => undefined)
      .then(() => freeWebLlm(engine, watch))
      .finally(unobserve);
    if (problem !== null) return err(problem);
    return err(
      pipeline === null
        ? failure('model-load-failed', { model: model.name, reason: 'no-model' })
        : failure('engine-incompatible', { model: model.name, reason: INTERNALS }),
    );
  }
}

/** Gives back what an engine and its device hold, in whatever state they are. Never rejects. */
export async function freeWebLlm(engine: WebLlmEngine, watch: DeviceWatch): Promise<void> {
  watch.expectEnd();
  const unloading = (async () => {
    await engine.unload();
  })();
  watch.destroy();
  await unloading.catch(() => undefined);
}

/** Never waits longer than needed: what waits for a lost device, or fetches without a signal, may never end. */
function endOf(signal: AbortSignal, reloading: Promise<void>, watch: DeviceWatch): Promise<Ended> {
  return new Promise((resolve) => {
    const onAbort = (): void => {
      resolve('aborted');
    };
    signal.addEventListener('abort', onAbort, { once: true });
    const forget = watch.onLost((fate) => {
      resolve({ fate });
    });
    reloading
      .then(
        () => {
          resolve('resolved');
        },
        (thrown: unknown) => {
          resolve({ thrown });
        },
      )
      .finally(() => {
        signal.removeEventListener('abort', onAbort);
        forget();
      });
  });
}

/** Null when web-llm says that the model is loaded; it says so too when it was told to unload meanwhile. */
async function problemOf(ended: Ended, watch: DeviceWatch, model: MlcSource): Promise<WitanFailure | null> {
  const named = { model: model.name };
  if (ended === 'aborted') return failure('cancelled', named);
  if (typeof ended === 'object' && 'fate' in ended) return failure(ended.fate, named);
  await watch.settled();
  if (watch.fate !== null) return failure(watch.fate, named);
  if (ended === 'resolved') {
    const dropped = watch.takeProblem();
    return dropped === null ? null : failure('model-load-failed', named, dropped);
  }
  const mapped = webLlmFailure(ended.thrown, model.name);
  return mapped.code === 'engine-failed'
    ? failure('model-load-failed', mapped.details, ended.thrown)
    : mapped;
}
