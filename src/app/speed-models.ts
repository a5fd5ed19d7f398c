import type { Clock } from '#kernel/clock';
import { ok } from '#kernel/result';
import type { SpeedProgress, SyntheticWorkerApi } from '#contracts/capacity';
import type { Backend, StoredSource } from '#contracts/engine';
import { failure, type Outcome } from '#contracts/errors';
import type { InferenceWorkerApi } from '#contracts/worker-api';
import type { WorkerFactory } from '#contracts/worker-handle';
import type { OpenSpeedModel, SpeedTask } from '../bench/speed-suite.ts';
import { WorkerEngine } from '../engines/worker-engine.ts';

export interface SpeedModelPorts {
  readonly clock: Clock;
  readonly startBuilder: WorkerFactory<SyntheticWorkerApi>;
  readonly startEngine: WorkerFactory<InferenceWorkerApi>;
}

export interface SpeedPlacement {
  readonly backend: Extract<Backend, 'cpu' | 'webgpu'>;
  readonly threads: number;
  readonly contextTokens: (task: SpeedTask) => number;
}

/** Tens of megabytes take a second at most. */
const BUILD_DEADLINE_MS = 60_000;
const SEED = 20_261_122;

/**
 * Builds a model of random weights and loads it as any other model is loaded. Errors: those of the builder
 * (request-unsupported, out-of-memory, worker-lost, deadline-exceeded) and of `Engine.load`.
 */
export async function openSpeedModel(
  { clock, startBuilder, startEngine }: SpeedModelPorts,
  { backend, threads, contextTokens }: SpeedPlacement,
  signal: AbortSignal,
  task: SpeedTask,
  onPhase: (phase: SpeedProgress['phase']) => void,
): Promise<Outcome<OpenSpeedModel>> {
  const tokens = contextTokens(task);
  const { shape, quantization, promptBatchTokens } = task;
  const builder = startBuilder('model builder');
  const stop = (): void => {
    builder.terminate(failure('cancelled', { member: builder.name }));
  };
  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();
  const built = await builder.call(BUILD_DEADLINE_MS, (api) =>
    api.build({ shape, quantization, seed: SEED, contextTokens: tokens }),
  );
  signal.removeEventListener('abort', stop);
  stop();
  if (!built.ok) return built;
  onPhase('load');
  const { file } = built.value;
  const model: StoredSource = {
    format: 'stored',
    id: 'synthetic',
    name: 'Model of random weights',
    sizeBytes: file.size,
    files: [file],
  };
  const engine = new WorkerEngine('wllama', startEngine('measured model'), clock);
  const loaded = await engine.load(signal, {
    model,
    backend,
    threads,
    contextTokens: tokens,
    slots: 1,
    promptBatchTokens,
  });
  if (!loaded.ok) {
    await engine.unload();
    return loaded;
  }
  return ok({ engine, loaded: loaded.value, fileBytes: file.size, close: () => engine.unload() });
}
