import { systemClock } from '#kernel/clock';
import { present } from '#kernel/assert';
import type { LoadOptions, GgufSource } from '#contracts/engine';
import type { WitanFailure } from '#contracts/errors';
import type { StarterCouncil } from '#contracts/starter';
import type { InferenceWorkerApi } from '#contracts/worker-api';
import type { WorkerHandle } from '#contracts/worker-handle';
import { WorkerEngine } from '../../src/engines/worker-engine.ts';
import { WORKER_SCRIPTS } from '../../src/platform/worker-scripts.ts';
import { WorkerSupervisor } from '../../src/platform/worker-supervisor.ts';

/** One bundled model in a real worker, as the app would start it. */
export interface StartedModel {
  readonly engine: WorkerEngine;
  readonly worker: WorkerHandle<InferenceWorkerApi>;
  readonly options: LoadOptions;
  readonly lost: readonly WitanFailure[];
}

export async function starterSource(id: string): Promise<GgufSource> {
  const response = await fetch('/starter/council.json');
  const council = (await response.json()) as StarterCouncil;
  const { name, file, sizeBytes, sha256 } = present(
    council.members.find((member) => member.id === id),
    id,
  );
  return {
    format: 'gguf',
    id,
    name,
    url: new URL(`/starter/${file}`, location.href).href,
    sizeBytes,
    sha256,
  };
}

export async function startModel(id: string, change: Partial<GgufSource> = {}): Promise<StartedModel> {
  const lost: WitanFailure[] = [];
  const supervisor = new WorkerSupervisor(systemClock, {
    onFault: () => undefined,
    onLost: (_name, reason) => lost.push(reason),
  });
  const worker = supervisor.start<InferenceWorkerApi>(id, WORKER_SCRIPTS.wllama);
  const model = { ...(await starterSource(id)), ...change };
  const options = { model, threads: 1, contextTokens: 256, slots: 1 };
  return { engine: new WorkerEngine('wllama', worker, systemClock), worker, options, lost };
}
