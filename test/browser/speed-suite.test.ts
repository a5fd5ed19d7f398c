import * as v from 'valibot';
import { expect, test } from 'vitest';
import { systemClock } from '#kernel/clock';
import { MeasuredShapeSchema, type SyntheticWorkerApi } from '#contracts/capacity';
import type { ModelShape } from '#contracts/model-shape';
import type { InferenceWorkerApi } from '#contracts/worker-api';
import { openSpeedModel } from '../../src/app/speed-models.ts';
import { SpeedSuite, type SpeedTask } from '../../src/bench/speed-suite.ts';
import { VisibilityLog } from '../../src/bench/visibility-log.ts';
import { WORKER_SCRIPTS } from '../../src/platform/worker-scripts.ts';
import { WorkerSupervisor } from '../../src/platform/worker-supervisor.ts';

const ANSWER_TOKENS = 4;
const CONTEXT_TOKENS = 128;

/** 0.7 million parameters. */
const TINY: ModelShape = {
  layers: 2,
  heads: 4,
  kvHeads: 2,
  headDim: 32,
  embeddingDim: 128,
  feedForwardDim: 256,
  vocabulary: 3072,
  tiedEmbeddings: true,
  attention: { full: 2, sliding: 0, recurrent: 0, windowTokens: null },
  fullHeadDim: null,
  sharedKv: { full: 0, sliding: 0 },
};
const TASK: SpeedTask = {
  shape: TINY,
  quantization: 'Q4_0',
  promptBatchTokens: 16,
  prompts: [8, 32],
  longPrompt: 64,
};

test('a model that the builder made runs in the engine, and no worker is left', async () => {
  const supervisor = new WorkerSupervisor(systemClock);
  const workers: { readonly alive: boolean }[] = [];
  const kept = <Handle extends { readonly alive: boolean }>(worker: Handle): Handle => {
    workers.push(worker);
    return worker;
  };
  const means = {
    clock: systemClock,
    startBuilder: (name: string) =>
      kept(supervisor.start<SyntheticWorkerApi>(name, WORKER_SCRIPTS.synthetic)),
    startEngine: (name: string) => kept(supervisor.start<InferenceWorkerApi>(name, WORKER_SCRIPTS.wllama)),
  };
  const placement = { backend: 'cpu', threads: 1, contextTokens: () => CONTEXT_TOKENS } as const;
  const suite = new SpeedSuite(
    [TASK],
    {
      clock: systemClock,
      visibility: new VisibilityLog(systemClock, false),
      answerTokens: ANSWER_TOKENS,
      firstWarmUpMs: 0,
      userAgent: navigator.userAgent,
      open: (signal, task, onPhase) => openSpeedModel(means, placement, signal, task, onPhase),
    },
    () => undefined,
  );
  const outcome = await suite.run(new AbortController().signal);
  if (!outcome.ok) throw new Error(JSON.stringify(outcome.error));
  expect(outcome.value).toMatchObject({ backend: 'cpu', threads: 1, voided: 0 });
  const [model] = outcome.value.models;
  expect(v.parse(MeasuredShapeSchema, model)).toEqual(model);
  expect(model).toMatchObject({
    shape: TINY,
    quantization: 'Q4_0',
    memory: { contextTokens: CONTEXT_TOKENS },
  });
  expect(model?.memory.weightsBytes).toBeGreaterThan(0);
  expect(model?.memory.weightsBytes).toBeLessThan(model?.fileBytes ?? 0);
  // As many tokens as letters: the engine's own count of the prompts that were asked.
  const asked = model?.runs.map(({ promptTokens }) => promptTokens) ?? [];
  // A slow machine leaves out the third round, and the long question's second time.
  const short = asked.filter((tokens) => tokens !== 64);
  expect(short).toEqual([8, 32, 8, 32, 8, 32].slice(0, Math.max(4, short.length)));
  expect([[64], [64, 64]]).toContainEqual(asked.slice(short.length));
  for (const { prefillMs, decodeMs, firstTokenMs, contextTokens, promptTokens } of model?.runs ?? []) {
    for (const figure of [prefillMs, decodeMs, firstTokenMs]) expect(figure).toBeGreaterThan(0);
    expect(contextTokens).toBe(promptTokens + ANSWER_TOKENS / 2);
  }
  expect(workers).toHaveLength(2);
  expect(workers.some(({ alive }) => alive)).toBe(false);
});
