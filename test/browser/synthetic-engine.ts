import { systemClock } from '#kernel/clock';
import type { GenerateRequest, Generation, GgufSource } from '#contracts/engine';
import type { WitanFailure } from '#contracts/errors';
import type { InferenceLoadOptions, InferenceWorkerApi } from '#contracts/worker-api';
import type { WorkerHandle } from '#contracts/worker-handle';
import { WorkerEngine } from '../../src/engines/worker-engine.ts';
import { WORKER_SCRIPTS } from '../../src/platform/worker-scripts.ts';
import { WorkerSupervisor } from '../../src/platform/worker-supervisor.ts';
import type { LoadedWithMemory } from '../../workers/inference/wllama-host.ts';
import { SHAPE_1M } from './synthetic-gguf.ts';
import { syntheticSource } from './synthetic-model.ts';

/** A model in a real worker, as the app would start it. */
export interface StartedEngine {
  readonly engine: WorkerEngine;
  readonly worker: WorkerHandle<InferenceWorkerApi>;
  readonly loaded: LoadedWithMemory;
  readonly lost: readonly WitanFailure[];
}

export const NEVER = new AbortController().signal;

/** Loads a model (the smallest synthetic one unless told otherwise). @throws Error when it cannot be loaded */
export async function startEngine(
  change: Partial<InferenceLoadOptions> & { readonly model?: GgufSource } = {},
): Promise<StartedEngine> {
  const lost: WitanFailure[] = [];
  const supervisor = new WorkerSupervisor(systemClock, {
    onFault: () => undefined,
    onLost: (_name, reason) => lost.push(reason),
  });
  const worker = supervisor.start<InferenceWorkerApi>('synthetic', WORKER_SCRIPTS.wllama);
  const engine = new WorkerEngine('wllama', worker, systemClock);
  const model = change.model ?? (await syntheticSource(SHAPE_1M, { seed: 1 }));
  const loaded = await engine.load(NEVER, { threads: 1, contextTokens: 1024, slots: 1, ...change, model });
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.error));
  return { engine, worker, loaded: loaded.value as LoadedWithMemory, lost };
}

export const REQUEST: GenerateRequest = {
  prompt: 'Tell me of the sea.',
  maxTokens: 40,
  temperature: 1,
  seed: 1,
  ignoreEos: true,
};

/** One answer. @throws Error when there is none */
export async function answer(
  engine: WorkerEngine,
  change: Partial<GenerateRequest> = {},
  signal: AbortSignal = NEVER,
  onText: (text: string) => void = () => undefined,
): Promise<Generation> {
  let text = '';
  const answered = await engine.generate(signal, { ...REQUEST, ...change }, (chunk) => {
    text += chunk.text;
    onText(text);
  });
  if (!answered.ok) throw new Error(JSON.stringify(answered.error));
  return answered.value;
}
