import { describe, expect, it } from 'vitest';
import { present } from '#kernel/assert';
import type { HardwareProfile } from '#contracts/hardware';
import type { PlanCandidate, PlanInput, WhatIf } from '#contracts/plan';
import {
  planInput,
  scalabilityInput,
  type PlanSources,
  type PredictedModel,
} from '../../../src/app/capacity-view.ts';
import { planCapacity } from '../../../src/capacity/plan/plan-capacity.ts';
import { serialShare } from '../../../src/capacity/scalability/amdahl.ts';
import { projectScalability } from '../../../src/capacity/scalability/project-scalability.ts';
import { classifyTier, probeReport } from '../../../src/hardware/tier.ts';
import { prediction } from '../../fakes/capacity-data.ts';
import { LAPTOP, SHIPPED } from '../../fakes/capacity-rig.ts';
import { adapter, AGENTS, onlyGpu } from '../../fakes/hardware-profiles.ts';
import { knownLlama } from '../../fakes/known-models.ts';
import { LLAMA_3_2_1B } from '../../fakes/model-shapes.ts';
import { calibrated } from '../../fakes/speed-measurements.ts';

const GIB = 2 ** 30;
const SPEED = { median: 10, low: 9, high: 11 };
const TTFT = { median: 1000, low: 900, high: 1100 };
const of = (id: string, change: Parameters<typeof prediction>[0] = {}): PredictedModel['prediction'] => ({
  ...prediction({ id, tokensPerSecond: SPEED, ttft: TTFT, ...change }),
});
const STARTER = SHIPPED.starter.members[0]?.id ?? '';
const SCORED = present(SHIPPED.councils.councils[0]?.members[0], 'a scored model');

const sources = (device: Partial<HardwareProfile> = {}, change: Partial<PlanSources> = {}): PlanSources => {
  const profile = { ...LAPTOP, ...device };
  return {
    probe: probeReport(profile, classifyTier(profile)),
    models: [
      { prediction: of('cpu'), known: knownLlama() },
      { prediction: { ...of('card', { backend: 'webgpu' }), engine: 'web-llm' }, known: null },
    ],
    councils: SHIPPED.councils,
    starter: SHIPPED.starter,
    threads: 2,
    question: { promptTokens: 256, answerTokens: 128 },
    correction: 1.1,
    answers: new Map(),
    ...change,
  };
};
const input = (device: Partial<HardwareProfile> = {}, whatIf: WhatIf = {}): PlanInput =>
  planInput(sources(device), 'balanced', whatIf);
const candidate = ({ candidates }: PlanInput, id: string): PlanCandidate =>
  present(
    candidates.find(({ prediction: { id: each } }) => each === id),
    id,
  );
const speedOf = (plan: PlanInput, id: string): number =>
  present(candidate(plan, id).prediction.tokensPerSecond, 'speed').median;

it('is this device, without a what-if', () => {
  expect(input()).toMatchObject({
    goal: 'balanced',
    threads: 2,
    memory: { bytes: 8 * GIB, floor: false, typed: false },
    graphics: null,
    remoteServers: 0,
    storageBytes: null,
    promptTokens: 256,
    answerTokens: 128,
    correction: 1.1,
  });
  expect(candidate(input(), 'cpu').prediction).toEqual(of('cpu'));
});

describe('memory', () => {
  it('may be a floor, untold, or typed', () => {
    // The most that this browser ever tells.
    expect(input({ userAgent: AGENTS.oldChromeWindows }).memory).toEqual({
      bytes: 8 * GIB,
      floor: true,
      typed: false,
    });
    expect(input({ deviceMemoryGiB: null }).memory).toEqual({ bytes: null, floor: false, typed: false });
    expect(input({ userAgent: AGENTS.oldChromeWindows }, { memoryGiB: 24 }).memory).toEqual({
      bytes: 24 * GIB,
      floor: false,
      typed: true,
    });
  });

  it('of storage is what the browser would give, less what is in use', () => {
    const { storage } = LAPTOP;
    const free = (quotaBytes: number, usageBytes: number | null): number | null =>
      input({ storage: { ...storage, quotaBytes, usageBytes } }).storageBytes;
    expect([free(100, 30), free(100, null), free(10, 30)]).toEqual([70, 100, 0]);
  });
});

describe('cards', () => {
  const two = [
    adapter({ vendor: 'nvidia', architecture: 'ada' }),
    adapter({ vendor: 'intel', architecture: 'gen-12lp', powerPreference: 'low-power' }),
  ];

  it('are those that differ; software is none', () => {
    expect(input({ adapters: onlyGpu({ vendor: 'intel' }) }).graphics).toEqual({ cards: 1, bytes: null });
    expect(input({ adapters: two }).graphics?.cards).toBe(2);
    expect(input({ adapters: onlyGpu({ fallback: true }) }).graphics).toBeNull();
  });

  it('have the memory that could be taken, and may be added or taken away', () => {
    const measured = { adapters: onlyGpu({}), micro: { gpuMemoryMiB: 2048 } };
    expect(input(measured).graphics).toEqual({ cards: 1, bytes: 2 * GIB });
    expect(input(measured, { cards: 2 }).graphics).toEqual({ cards: 2, bytes: 2 * GIB });
    expect(input(measured, { cards: 0 }).graphics).toBeNull();
  });

  it('that read faster make what runs on them faster, and no other', () => {
    const plan = input({}, { graphicsFactor: 3 });
    expect([speedOf(plan, 'card'), speedOf(plan, 'cpu')]).toEqual([30, 10]);
    expect(candidate(plan, 'card').prediction.ttft?.median).toBeCloseTo(1000 / 3, 9);
  });
});

describe('cores', () => {
  it('make what runs on them faster by their square root, and less sure', () => {
    const plan = input({}, { cores: 16 });
    expect(plan.threads).toBe(16);
    expect([speedOf(plan, 'cpu'), speedOf(plan, 'card')]).toEqual([20, 10]);
    const { tokensPerSecond, ttft } = candidate(plan, 'cpu').prediction;
    const width = ({ low, high }: typeof SPEED): number => high / low;
    expect(width(tokensPerSecond ?? SPEED)).toBeGreaterThan(width(SPEED));
    expect(width(ttft ?? TTFT)).toBeGreaterThan(width(TTFT));
    expect(ttft?.median).toBe(500);
  });

  it('that are fewer make it slower', () => {
    const { tokensPerSecond } = candidate(input({}, { cores: 1 }), 'cpu').prediction;
    expect(tokensPerSecond?.median).toBe(5);
    expect(tokensPerSecond?.low).toBeLessThan(4.5);
    expect(tokensPerSecond?.high).toBeGreaterThan(5.5);
  });

  it('are of no use to a page that is not isolated', () => {
    const plan = input({ isolated: false }, { cores: 16 });
    expect(plan.threads).toBe(1);
    expect(speedOf(plan, 'cpu')).toBe(10);
  });

  it('that nobody tells of are as many as there are threads', () => {
    expect(speedOf(input({ cores: null }, { cores: 8 }), 'cpu')).toBe(20);
  });

  it('leave a speed that is not known unknown', () => {
    const models = [{ prediction: of('cpu', { tokensPerSecond: null, ttft: null }), known: null }];
    const plan = planInput(sources({}, { models }), 'speed', { cores: 16 });
    expect(candidate(plan, 'cpu').prediction).toMatchObject({ tokensPerSecond: null, ttft: null });
  });
});

it('counts servers', () => {
  expect(input({}, { remoteServers: 3 }).remoteServers).toBe(3);
});

it('knows scores, accuracies and what a token of context takes, where there are any', () => {
  const models: readonly PredictedModel[] = [
    { prediction: { ...of(STARTER), engine: 'starter' }, known: knownLlama() },
    { prediction: of(SCORED.id), known: null },
    {
      prediction: of('own'),
      known: knownLlama({ shape: { ...LLAMA_3_2_1B, headDim: null }, kvBytesPerToken: 77 }),
    },
  ];
  const plan = planInput(sources({}, { models }), 'quality');
  expect(candidate(plan, STARTER)).toMatchObject({
    accuracy: SHIPPED.starter.members[0]?.accuracy.test,
    score: null,
    cacheBytesPerToken: 2 * 8 * 64 * 16 * 2,
  });
  expect(candidate(plan, SCORED.id)).toMatchObject({
    accuracy: null,
    score: SCORED.score,
    cacheBytesPerToken: null,
  });
  expect(candidate(plan, 'own').cacheBytesPerToken).toBe(77);
  const bare = planInput(sources({}, { models, councils: null, starter: null }), 'quality');
  expect(candidate(bare, STARTER).accuracy).toBeNull();
  expect(candidate(bare, SCORED.id).score).toBeNull();
});

describe('what projections are made from', () => {
  const from = (device: Partial<HardwareProfile>, measured = false, whatIf: WhatIf = {}) => {
    const all = sources(device);
    const plan = planCapacity(planInput(all, 'balanced', whatIf));
    return { plan, made: scalabilityInput(all, plan, measured ? calibrated({ threads: 7 }) : null, whatIf) };
  };

  it('are the members of the plan, their speeds turned into times', () => {
    const { plan, made } = from({});
    expect(plan.members.length).toBeGreaterThan(0);
    expect(made.members).toEqual(
      plan.members.map(({ id, name, backend, memoryBytes, ttft, tokensPerSecond }) => ({
        ...{ id, name, backend, memoryBytes, bandwidthShare: null, prefillMs: ttft },
        decodeMs:
          tokensPerSecond === null
            ? null
            : {
                median: 1000 / tokensPerSecond.median,
                low: 1000 / tokensPerSecond.high,
                high: 1000 / tokensPerSecond.low,
              },
      })),
    );
  });

  it('are what was measured, and nothing where it was not', () => {
    expect(from({}).made).toMatchObject({ threads: 2, threadScaling: null, graphics: null });
    const micro = { wasmReadGBps1: 10, wasmReadGBpsAll: 25, gpuReadGBps: 300 };
    expect(from({ micro, adapters: onlyGpu({}) }, true).made).toMatchObject({
      threads: 7,
      threadScaling: 2.5,
      graphics: { cards: 1, readGBps: 300 },
    });
    expect(from({ micro: { wasmReadGBps1: 0, wasmReadGBpsAll: 1 } }).made.threadScaling).toBeNull();
  });

  it('are all models whose memory is known, smallest first', () => {
    const memory = (bytes: number) => ({ low: 1, median: 2, high: bytes });
    const models = [
      { prediction: of('large', { name: 'L', memory: memory(9) }), known: null },
      { prediction: of('none', { name: 'N', memory: null }), known: null },
      { prediction: of('small', { name: 'S', memory: memory(5) }), known: null },
    ];
    const all = sources({}, { models });
    const made = scalabilityInput(all, planCapacity(planInput(all, 'speed')), null);
    expect(made.models.map(({ name, memoryBytes }) => [name, memoryBytes])).toEqual([
      ['S', 5],
      ['L', 9],
    ]);
  });

  describe('where a device is supposed', () => {
    const micro = { wasmReadGBps1: 10, wasmReadGBpsAll: 25, gpuReadGBps: 300, gpuMemoryMiB: 2048 };
    const carded = { micro, adapters: onlyGpu({}) };

    it('are its figures, and those of this one where nothing is supposed', () => {
      const whatIf = { memoryGiB: 24, cores: 14, cards: 2, graphicsFactor: 3, remoteServers: 2 };
      const { plan, made } = from(carded, true, whatIf);
      expect(made).toMatchObject({
        supposed: true,
        threads: 14,
        cores: 14,
        memoryBytes: 24 * GIB,
        memoryIsFloor: false,
        graphics: { cards: 2, readGBps: 900 },
        remoteServers: 2,
      });
      expect(made.memoryBytes).toBe(plan.budget.totalBytes);
      expect(from(carded, true).made).toMatchObject({ supposed: false, threads: 7, memoryBytes: 8 * GIB });
      expect(from(carded, true, {}).made).toEqual(from(carded, true).made);
    });

    it('have the serial share that was measured, with other threads', () => {
      const here = from(carded, true).made;
      const there = from(carded, true, { cores: 14 }).made;
      const share = ({ threads, threadScaling }: typeof here): number =>
        serialShare(threads, threadScaling).median;
      expect(there.threadScaling).toBeGreaterThan(here.threadScaling ?? Infinity);
      expect(share(there)).toBeCloseTo(share(here), 12);
      // One thread tells nothing of several.
      expect(from(carded, true, { cores: 1 }).made).toMatchObject({ threads: 1, threadScaling: null });
    });

    it('have one thread on a page that is not isolated', () => {
      const made = from({ ...carded, isolated: false }, false, { cores: 16 }).made;
      expect(made).toMatchObject({ threads: 1, cores: 16 });
    });

    it('know of no floor where memory is typed, and of no card where there is none', () => {
      const floor = { userAgent: AGENTS.oldChromeWindows };
      expect(from(floor).made.memoryIsFloor).toBe(true);
      expect(from(floor, false, { memoryGiB: 8 }).made.memoryIsFloor).toBe(false);
      const { made } = from(carded, false, { cards: 0 });
      expect(made.graphics).toBeNull();
      expect(made.models).toHaveLength(1);
    });

    it('take nothing of software for a card that is added', () => {
      const soft = { micro, adapters: onlyGpu({ fallback: true }) };
      expect(from(soft, false, { cards: 1 }).made.graphics).toEqual({ cards: 1, readGBps: null });
      expect(input(soft, { cards: 1 }).graphics).toEqual({ cards: 1, bytes: null });
    });

    it('are said to be of it, in the first line and in what doubles them', () => {
      const { made } = from({}, true, { memoryGiB: 16, cores: 8 });
      const { projections } = projectScalability(made);
      expect(projections[0]?.title).toContain('supposed');
      expect(projections.map(({ title }) => title)).toContain('Twice the memory (32 GiB)');
      expect(projections.map(({ title }) => title)).toContain('Twice the cores (16)');
    });
  });
});

it('takes what was measured here before what was known of a model when it was made', () => {
  const models: readonly PredictedModel[] = [
    { prediction: { ...of(STARTER), engine: 'starter' }, known: knownLlama() },
    { prediction: of('own'), known: knownLlama() },
  ];
  const measured = { questions: 40, ci95: [0.4, 0.7] as [number, number], answerMs: null, tokens: 9 };
  const answers = new Map([[STARTER, { accuracy: 0.55, measured }]]);
  const plan = planInput(sources({}, { models, answers }), 'quality');
  expect(candidate(plan, STARTER)).toMatchObject({ accuracy: 0.55, measured });
  expect(candidate(plan, 'own')).toMatchObject({ accuracy: null });
  expect(candidate(plan, 'own')).not.toHaveProperty('measured');
});
