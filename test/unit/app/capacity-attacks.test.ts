import fc from 'fast-check';
import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { ModelPredictionSchema, PredictReportSchema } from '#contracts/capacity';
import type { Outcome } from '#contracts/errors';
import type { GgufSummary } from '#contracts/gguf';
import type { HardwareProfile } from '#contracts/hardware';
import { CapacityPlanSchema, GOALS, type WhatIf } from '#contracts/plan';
import { ScalabilityReportSchema } from '#contracts/scalability';
import type { CapacityServicePorts } from '../../../src/app/capacity-service.ts';
import { planInput, scalabilityInput, type PlanSources } from '../../../src/app/capacity-view.ts';
import { catalogueModel, storedModel, type KnownModel } from '../../../src/capacity/known-model.ts';
import { measuredSpeed } from '../../../src/capacity/measured-speed.ts';
import { memoryFit } from '../../../src/capacity/memory-fit.ts';
import { planCapacity } from '../../../src/capacity/plan/plan-capacity.ts';
import { demandOfKnown, predictModel } from '../../../src/capacity/predict-model.ts';
import { projectScalability } from '../../../src/capacity/scalability/project-scalability.ts';
import { classifyTier, probeReport } from '../../../src/hardware/tier.ts';
import { prediction } from '../../fakes/capacity-data.ts';
import { capacityRig, LAPTOP, SHIPPED } from '../../fakes/capacity-rig.ts';
import { onlyGpu } from '../../fakes/hardware-profiles.ts';
import { knownLlama } from '../../fakes/known-models.ts';
import { calibrated } from '../../fakes/speed-measurements.ts';

const odd = fc.constantFrom(NaN, 0, -0, -1, 0.3, 1, 2, 7.5, 64, 1e9, 1e300, Infinity, -Infinity);
const maybe = fc.option(odd, { nil: undefined });

const anyWhatIf: fc.Arbitrary<WhatIf> = fc
  .record({ memoryGiB: maybe, graphicsFactor: maybe, cores: maybe, cards: maybe, remoteServers: maybe })
  .map((all) => Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined)));

const anyDevice: fc.Arbitrary<HardwareProfile> = fc
  .record({
    deviceMemoryGiB: fc.option(odd),
    cores: fc.option(odd),
    isolated: fc.boolean(),
    quotaBytes: fc.option(odd),
    usageBytes: fc.option(odd),
    card: fc.constantFrom('none', 'software', 'real'),
    micro: fc.dictionary(
      fc.constantFrom('gpuMemoryMiB', 'gpuReadGBps', 'wasmReadGBps1', 'wasmReadGBpsAll'),
      odd,
    ),
  })
  .map(({ card, quotaBytes, usageBytes, ...device }) => ({
    ...LAPTOP,
    ...device,
    adapters: card === 'none' ? [] : onlyGpu({ fallback: card === 'software' }),
    storage: { ...LAPTOP.storage, quotaBytes, usageBytes },
  }));

const row = (backend: 'cpu' | 'webgpu', id: string): PlanSources['models'][number] => ({
  prediction: prediction({
    ...{ id, name: id, backend },
    tokensPerSecond: { low: 0, median: 10, high: 11 },
    ttft: { low: 0, median: 1000, high: 1100 },
  }),
  known: knownLlama({ id }),
});

const sourcesOf = (device: HardwareProfile, threads: number): PlanSources => ({
  // The tier is of a device that is none of this: what it makes of such readings is tested beside it.
  probe: { ...probeReport(LAPTOP, classifyTier(LAPTOP)), profile: device },
  models: [row('cpu', 'a'), row('cpu', 'b'), row('webgpu', 'c')],
  councils: SHIPPED.councils,
  starter: SHIPPED.starter,
  threads,
  question: { promptTokens: 256, answerTokens: 128 },
  correction: 1,
  answers: new Map(),
});

it('any device that is told or supposed has a plan and projections that are documents', () => {
  fc.assert(
    fc.property(anyDevice, anyWhatIf, fc.integer({ min: 1, max: 64 }), (device, whatIf, threads) => {
      const sources = sourcesOf(device, threads);
      const plan = planCapacity(planInput(sources, 'balanced', whatIf));
      expect(v.parse(CapacityPlanSchema, plan)).toEqual(plan);
      const made = scalabilityInput(sources, plan, null, whatIf);
      const report = projectScalability(made);
      expect(v.parse(ScalabilityReportSchema, report)).toEqual(report);
      expect(JSON.stringify(report)).not.toMatch(/NaN|Infinity/);
      // What is projected from is the device that was planned for.
      if (made.memoryBytes !== null) expect(made.memoryBytes).toBeCloseTo(plan.budget.totalBytes, -3);
    }),
    { numRuns: 300 },
  );
});

it('supposing what no device has supposes nothing', () => {
  const sources = sourcesOf(LAPTOP, 2);
  const here = planInput(sources, 'speed');
  for (const nothing of [
    { cores: 0 },
    { cores: NaN },
    { memoryGiB: -1 },
    { cards: -1 },
    { graphicsFactor: 0 },
  ])
    expect(planInput(sources, 'speed', nothing)).toEqual(here);
  expect(planInput(sources, 'speed', { cores: 1e9 }).threads).toBe(1024);
});

describe('memory that is told', () => {
  const demand = demandOfKnown(knownLlama());
  const fit = (deviceMemoryGiB: number | null) => memoryFit({ ...LAPTOP, deviceMemoryGiB }, demand, false);

  it.each([0, -1, NaN, Infinity])('as %s is as untold', (told) => {
    expect(fit(told)).toEqual(fit(null));
  });

  it('as tiny is believed, and nothing fits', () => {
    expect(fit(0.25).verdict).toBe('will-not-fit');
  });
});

describe('a model of the user’s', () => {
  const whole = fc.constantFrom(0, 1, 2, 8, 32, 4096, 131_072, 2 ** 31, 2 ** 53);
  const figure = fc.option(whole);
  const perLayer = fc.oneof(figure, fc.array(whole, { maxLength: 6 }));
  const summary: fc.Arbitrary<GgufSummary> = fc
    .record({
      parameters: whole,
      kvBytesPerToken: figure,
      shape: fc.record({
        contextTokens: figure,
        layers: figure,
        embedding: figure,
        heads: perLayer,
        kvHeads: perLayer,
        keyDimensions: figure,
        valueDimensions: figure,
        slidingWindowTokens: figure,
        vocabulary: figure,
        experts: figure,
      }),
    })
    .map(
      (said) =>
        ({
          ...said,
          architecture: 'llama',
          quantization: { declared: null, dominant: null, differ: false },
        }) as unknown as GgufSummary,
    );
  const measured = measuredSpeed(calibrated());

  it('is predicted, whatever its file says of itself', () => {
    fc.assert(
      fc.property(
        summary,
        fc.constantFrom(0, 1, 1e6, 2 ** 40),
        fc.constantFrom('cpu' as const, 'webgpu' as const),
        (said, bytes, backend) => {
          const model = storedModel('own', 'Own', said, [bytes]);
          const device = { backend, threads: 2, measured, stable: true };
          const found = predictModel(model, device, { promptTokens: 256, answerTokens: 256 });
          const made = { ...found, engine: 'wllama', fits: 'tight', fitReason: '' } as const;
          expect(v.parse(ModelPredictionSchema, made)).toEqual(made);
          const { low, median, high } = made.memory ?? { low: 1, median: 0, high: 0 };
          expect(low <= median && median <= high).toBe(true);
          const { neededBytes } = memoryFit(LAPTOP, demandOfKnown(model), false);
          expect(neededBytes >= 0 && Number.isFinite(neededBytes)).toBe(true);
        },
      ),
      { numRuns: 500 },
    );
  });
});

it('a row of the catalogue with figures missing is left out, or predicted within bounds', () => {
  const device = { backend: 'cpu' as const, threads: 2, measured: measuredSpeed(calibrated()), stable: true };
  for (const model of SHIPPED.gguf.models) {
    const unknown = { ...model.shape, layers: null, kvHeads: null, attention: null };
    const bare: readonly (KnownModel | null)[] = [
      catalogueModel({ ...model, files: [] }, false),
      catalogueModel({ ...model, files: model.files.map((file) => ({ ...file, bytes: null })) }, false),
      catalogueModel({ ...model, parameters: null, contextTokens: null, shape: unknown }, false),
    ];
    expect(bare.slice(0, 2)).toEqual([null, null]);
    for (const known of bare.slice(2)) {
      expect(known).not.toBeNull();
      if (known === null) continue;
      const found = predictModel(known, device, { promptTokens: 256, answerTokens: 256 });
      const made = { ...found, engine: 'wllama', fits: 'tight', fitReason: '' } as const;
      expect(v.parse(ModelPredictionSchema, made)).toEqual(made);
      expect(made).toMatchObject({ memoryParts: null, method: expect.any(String) as string });
    }
  }
});

describe('the service', () => {
  const forever = <T>(): Promise<T> => new Promise<T>(() => undefined);
  const broken = <T>(): Promise<T> => Promise.reject<T>(new Error('gone'));
  const catalogue = (part: 'gguf' | 'webLlm' | 'councils', ending: <T>() => Promise<T>) => ({
    catalogue: {
      gguf: () => Promise.resolve({ ok: true as const, value: SHIPPED.gguf }),
      webLlm: () => Promise.resolve({ ok: true as const, value: SHIPPED.webLlm }),
      councils: () => Promise.resolve({ ok: true as const, value: SHIPPED.councils }),
      [part]: () => ending(),
    },
  });
  const store = (ending: <T>() => Promise<T>): Partial<CapacityServicePorts> => ({
    models: () => Promise.resolve({ list: () => ending(), inspect: () => ending() }),
  });
  const hanging: readonly (readonly [string, Partial<CapacityServicePorts>])[] = [
    ['the probe', { device: { probe: () => forever() } }],
    ['the list of models', catalogue('gguf', forever)],
    ['the list of compiled models', catalogue('webLlm', forever)],
    ['the bundled council', { starter: () => forever() }],
    ['the code of the store', { models: () => forever() }],
    ['the store', store(forever)],
    ['what was measured', { speeds: forever() }],
  ];

  it.each(hanging)('is cancelled while it waits for %s', async (_what, ports) => {
    const { service } = capacityRig(ports);
    const calls: readonly ((signal: AbortSignal) => Promise<Outcome<unknown>>)[] = [
      (signal) => service.predict(signal, null),
      ...GOALS.map((goal) => (signal: AbortSignal) => service.plan(signal, goal)),
      (signal) => service.scalability(signal, 'speed'),
    ];
    for (const call of calls) {
      const stop = new AbortController();
      const outcome = call(stop.signal);
      await Promise.resolve();
      stop.abort();
      expect(await outcome).toMatchObject({ error: { code: 'cancelled' } });
      expect(await call(stop.signal)).toMatchObject({ error: { code: 'cancelled' } });
    }
  });

  it('can measure again after a probe that never answered was given up', async () => {
    const { service } = capacityRig({ device: { probe: () => forever() } });
    for (let attempt = 0; attempt < 2; attempt += 1) {
      const stop = new AbortController();
      const outcome = service.measure(stop.signal, () => undefined);
      stop.abort();
      expect(await outcome).toMatchObject({ error: { code: 'cancelled' } });
    }
  });

  it('rejects nowhere, whatever is broken, and needs no store to predict and to plan', async () => {
    const { signal } = new AbortController();
    const ports: readonly Partial<CapacityServicePorts>[] = [
      { device: { probe: () => broken() } },
      catalogue('gguf', broken),
      catalogue('councils', broken),
      { starter: () => broken() },
    ];
    for (const { service } of ports.map((each) => capacityRig(each)))
      for (const outcome of [service.predict(signal, null), service.plan(signal, 'speed')])
        await expect(outcome).resolves.toBeDefined();
    for (const gone of [{ models: () => broken() }, store(broken)] as const) {
      const { service } = capacityRig(gone as Partial<CapacityServicePorts>);
      expect(await service.predict(signal, null)).toMatchObject({ ok: true });
    }
    const { service } = capacityRig({ speeds: broken(), predictions: broken() });
    expect(await service.predict(signal, null)).toMatchObject({ ok: true, value: { measuredOn: null } });
    expect(await service.plan(signal, 'quality')).toMatchObject({ ok: true });
    expect(await service.measurement()).toEqual({ ok: true, value: null });
    expect(await service.record()).toMatchObject({ ok: false });
    // What cannot be kept was measured all the same.
    expect(await service.measure(signal, () => undefined)).toMatchObject({ ok: true });
  });

  it('makes no figures of a measurement that has none', async () => {
    const { signal } = new AbortController();
    for (const zero of [
      { prefillMs: 0, decodeMs: 0, firstTokenMs: 0 },
      { decodeMs: 0 },
      { promptTokens: 0, contextTokens: 0 },
    ]) {
      const { service, speeds } = capacityRig();
      const { models, ...rest } = calibrated();
      const runs = models.map((model) => ({
        ...model,
        runs: model.runs.map((run) => ({ ...run, ...zero })),
      }));
      await speeds.write({ ...rest, models: runs });
      const outcome = await service.predict(signal, null);
      expect(outcome).toMatchObject({ ok: true });
      if (outcome.ok) expect(v.parse(PredictReportSchema, outcome.value)).toEqual(outcome.value);
      expect(await service.plan(signal, 'balanced')).toMatchObject({ ok: true });
    }
  });

  it.each([0, NaN, -1, 0.5, Infinity])('takes %s threads for one', async (told) => {
    const { service, speeds } = capacityRig({ threads: () => told });
    await speeds.write(calibrated({ threads: 1 }));
    const { signal } = new AbortController();
    expect(await service.predict(signal, null)).toMatchObject({ value: { measuredOn: { threads: 1 } } });
  });
});
