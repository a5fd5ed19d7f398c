import { systemClock } from '#kernel/clock';
import type { SpeedMeasurement, SyntheticWorkerApi } from '#contracts/capacity';
import type { InferenceWorkerApi } from '#contracts/worker-api';
import { openSpeedModel } from '../../../src/app/speed-models.ts';
import { SpeedSuite } from '../../../src/bench/speed-suite.ts';
import {
  CALIBRATION,
  CALIBRATION_ANSWER_TOKENS,
  CALIBRATION_WARM_UP_MS,
  calibrationContext,
} from '../../../src/capacity/calibration.ts';
import { WORKER_SCRIPTS } from '../../../src/platform/worker-scripts.ts';
import { WorkerSupervisor } from '../../../src/platform/worker-supervisor.ts';
import type { Generation, StoredSource } from '#contracts/engine';
import type { LoadedWithMemory } from '../../../workers/inference/wllama-host.ts';
import { syntheticModel } from '../../../src/hardware/synthetic/synthetic-model.ts';
import type { SyntheticQuantization } from '../../../src/contracts/capacity.ts';
import type { SyntheticShape } from '../../../src/hardware/synthetic/tensors.ts';
import { startStack, type Placement } from './stack.ts';

/** One answer, by the engine's own account. */
export interface SpeedRun extends Pick<
  Generation,
  | 'promptTokens'
  | 'completionTokens'
  | 'prefillTokensPerSecond'
  | 'decodeTokensPerSecond'
  | 'timeToFirstTokenMs'
> {
  /** Tokens of the context when the answer ended. */
  readonly contextTokens: number;
}

export interface Speeds {
  readonly loaded: LoadedWithMemory;
  readonly sizeBytes: number;
  readonly runs: readonly SpeedRun[];
}

const NEVER = new AbortController().signal;
const DECODED = 24;

/** How fast a synthetic model of this shape reads and writes, at several lengths of the context in turn. */
export async function speeds(
  shape: SyntheticShape,
  quantization: SyntheticQuantization,
  placement: Omit<Placement, 'contextTokens' | 'slots'>,
  contexts: readonly number[],
  repeats: number,
): Promise<Speeds> {
  const contextTokens = Math.max(...contexts) + 2 * DECODED;
  const made = syntheticModel(shape, { quantization, seed: 1, contextTokens });
  if (!made.ok) throw new Error(JSON.stringify(made.error));
  // A piece is used again for the next one.
  const pieces = Array.from(made.value.chunks(), (piece) => new Blob([piece]));
  const { sizeBytes } = made.value;
  const model: StoredSource = {
    format: 'stored',
    id: 'synthetic',
    name: 'Synthetic',
    sizeBytes,
    files: [new Blob(pieces)],
  };
  const { engine, loaded } = await startStack(model, { ...placement, contextTokens, slots: 1 });
  const ask = async (promptTokens: number): Promise<Generation> => {
    const prompt = 'a'.repeat(promptTokens);
    const request = {
      prompt,
      maxTokens: DECODED,
      temperature: 0,
      seed: 1,
      ignoreEos: true,
      cachePrompt: false,
    };
    const answered = await engine.generate(NEVER, request, () => undefined);
    if (!answered.ok) throw new Error(JSON.stringify(answered.error));
    return answered.value;
  };
  // The first answer compiles what the others find compiled.
  await ask(8);
  const runs: SpeedRun[] = [];
  for (let repeat = 0; repeat < repeats; repeat += 1) {
    for (const context of contexts) {
      const answer = await ask(context - DECODED);
      const { promptTokens, completionTokens, prefillTokensPerSecond, decodeTokensPerSecond } = answer;
      runs.push({
        contextTokens: promptTokens + completionTokens,
        promptTokens,
        completionTokens,
        prefillTokensPerSecond,
        decodeTokensPerSecond,
        timeToFirstTokenMs: answer.timeToFirstTokenMs,
      });
    }
  }
  await engine.unload();
  return { loaded, sizeBytes, runs };
}

/** Measures this device as the app does: see `src/capacity/calibration.ts`. */
export async function calibration(
  placement: Pick<Placement, 'threads'> & { readonly backend: 'cpu' | 'webgpu' },
): Promise<SpeedMeasurement> {
  const supervisor = new WorkerSupervisor(systemClock);
  const suite = new SpeedSuite(
    CALIBRATION,
    {
      clock: systemClock,
      visibility: { read: () => ({ hidden: false, episodes: 0, hiddenMs: 0 }) },
      open: (signal, task, onPhase) =>
        openSpeedModel(
          {
            clock: systemClock,
            startBuilder: (name) => supervisor.start<SyntheticWorkerApi>(name, WORKER_SCRIPTS.synthetic),
            startEngine: (name) => supervisor.start<InferenceWorkerApi>(name, WORKER_SCRIPTS.wllama),
          },
          { ...placement, contextTokens: calibrationContext },
          signal,
          task,
          onPhase,
        ),
      answerTokens: CALIBRATION_ANSWER_TOKENS,
      firstWarmUpMs: CALIBRATION_WARM_UP_MS,
      userAgent: navigator.userAgent,
    },
    () => undefined,
  );
  const measured = await suite.run(NEVER);
  if (!measured.ok) throw new Error(JSON.stringify(measured.error));
  return measured.value;
}
