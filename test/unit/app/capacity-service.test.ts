import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { err, ok } from '#kernel/result';
import {
  PredictReportSchema,
  SpeedMeasurementSchema,
  type PredictReport,
  type SpeedProgress,
} from '#contracts/capacity';
import { failure, type Outcome } from '#contracts/errors';
import { CapacityPlanSchema, GOALS } from '#contracts/plan';
import { ScalabilityReportSchema } from '#contracts/scalability';
import { CALIBRATION } from '../../../src/capacity/calibration.ts';
import type { SpeedMeasurementStore } from '../../../src/storage/speed-measurement-store.ts';
import { capacityRig, LAPTOP, LLAMA_ID, SHIPPED, type CapacityRig } from '../../fakes/capacity-rig.ts';
import { calibrationOf } from '../../fakes/calibrations.ts';
import { AGENTS, onlyGpu } from '../../fakes/hardware-profiles.ts';
import { decodeVerdict } from '../../fakes/prediction-verdicts.ts';
import { calibrated } from '../../fakes/speed-measurements.ts';

const { signal } = new AbortController();
const CATALOGUE = {
  gguf: () => Promise.resolve(ok(SHIPPED.gguf)),
  webLlm: () => Promise.resolve(ok({ ...SHIPPED.webLlm, models: [] })),
  councils: () => Promise.resolve(ok(SHIPPED.councils)),
};

async function valueOf<T>(outcome: Promise<Outcome<T>>): Promise<T> {
  const settled = await outcome;
  if (!settled.ok) throw new Error(settled.error.code);
  return settled.value;
}
const reportOf = async (
  { service }: CapacityRig,
  ids: readonly string[] | null = null,
): Promise<PredictReport> => {
  const report = await valueOf(service.predict(signal, ids));
  expect(v.parse(PredictReportSchema, report)).toEqual(report);
  return report;
};
const measuredRig = async (...rest: Parameters<typeof capacityRig>): Promise<CapacityRig> => {
  const rig = capacityRig(...rest);
  expect(await rig.speeds.write(calibrated())).toMatchObject({ ok: true });
  return rig;
};

describe('measure', () => {
  it('runs models of random weights, keeps how fast they were, and predicts from that', async () => {
    const rig = capacityRig();
    expect(await rig.service.measurement()).toEqual({ ok: true, value: null });
    const told: SpeedProgress[] = [];
    const measured = await valueOf(rig.service.measure(signal, (progress) => told.push(progress)));
    expect(v.parse(SpeedMeasurementSchema, measured)).toEqual(measured);
    expect(measured).toMatchObject({ backend: 'cpu', threads: 2, userAgent: AGENTS.chromeWindows });
    expect(rig.workers.built.map(({ shape, quantization }) => ({ shape, quantization }))).toEqual(
      CALIBRATION.map(({ shape, quantization }) => ({ shape, quantization })),
    );
    expect(new Set(told.map(({ phase }) => phase))).toEqual(new Set(['build', 'load', 'run']));
    expect(await rig.speeds.read('cpu')).toEqual({ ok: true, value: measured });
    expect(await rig.service.measurement()).toEqual({ ok: true, value: measured });
    const { measuredOn, models } = await reportOf(rig);
    expect(measuredOn).toMatchObject({ backend: 'cpu', threads: 2, measuredAtMs: measured.measuredAtMs });
    expect(models.find(({ id }) => id === LLAMA_ID)?.tokensPerSecond?.median).toBeGreaterThan(0);
  });

  it('runs on a card with half precision where the engine can wait for it', async () => {
    const rig = capacityRig({}, { ...LAPTOP, adapters: onlyGpu({}) });
    expect(await valueOf(rig.service.measure(signal, () => undefined))).toMatchObject({ backend: 'webgpu' });
    expect(rig.workers.loads.every(({ backend }) => backend === 'webgpu')).toBe(true);
  });

  it('believes the engine where it finds the card of no use and stays on the processor', async () => {
    const rig = capacityRig({}, { ...LAPTOP, adapters: onlyGpu({}) });
    await rig.speeds.write(calibrated({ backend: 'cpu' }));
    const { measuredOn, models } = await reportOf(rig, [LLAMA_ID]);
    expect(measuredOn).toMatchObject({ backend: 'cpu' });
    expect(models).toMatchObject([{ backend: 'cpu' }]);
    await rig.speeds.write(calibrated({ backend: 'webgpu' }));
    expect((await reportOf(rig, [LLAMA_ID])).measuredOn).toMatchObject({ backend: 'webgpu' });
  });

  it('is one at a time', async () => {
    const { service } = capacityRig();
    const first = service.measure(signal, () => undefined);
    expect(await service.measure(signal, () => undefined)).toMatchObject({ error: { code: 'queue-full' } });
    expect(await first).toMatchObject({ ok: true });
    expect(await service.measure(signal, () => undefined)).toMatchObject({ ok: true });
  });

  it('fails with what went wrong, keeps nothing, and can be tried again', async () => {
    const rig = capacityRig();
    rig.workers.fails = true;
    expect(await rig.service.measure(signal, () => undefined)).toMatchObject({
      error: { code: 'out-of-memory' },
    });
    expect(await rig.speeds.read('cpu')).toEqual({ ok: true, value: null });
    rig.workers.fails = false;
    expect(await rig.service.measure(signal, () => undefined)).toMatchObject({ ok: true });
  });

  it('waits for the members, and does not begin where they cannot be kept quiet', async () => {
    const rig = capacityRig({ exclusively: () => Promise.resolve(err(failure('cancelled'))) });
    expect(await rig.service.measure(signal, () => undefined)).toMatchObject({
      error: { code: 'cancelled' },
    });
    expect(rig.workers.built).toEqual([]);
  });

  it('is worth what it found where that cannot be kept', async () => {
    const full = () => Promise.resolve(err(failure('storage-failed', {})));
    const store = { write: full, read: full } as unknown as SpeedMeasurementStore;
    const rig = capacityRig({ speeds: Promise.resolve(store) });
    expect(await rig.service.measure(signal, () => undefined)).toMatchObject({ ok: true });
    expect((await reportOf(rig)).measuredOn).toBeNull();
  });
});

describe('predict', () => {
  it('has a row for every model, those that fit first', async () => {
    const { models, measuredOn } = await reportOf(await measuredRig());
    const ids = models.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    for (const { id } of SHIPPED.gguf.models) expect(ids).toContain(id);
    for (const { id } of SHIPPED.starter.members) expect(ids).not.toContain(id);
    expect(models.some(({ engine }) => engine === 'web-llm')).toBe(true);
    const order = models.map(({ fits }) => ['runs-well', 'tight', 'will-not-fit'].indexOf(fits));
    expect(order).toEqual([...order].sort((a, b) => a - b));
    expect(measuredOn?.parameters).toEqual([2_621_440, 16_777_216, 27_262_976]);
  });

  it('tells of those that are asked for alone, bundled ones too', async () => {
    const [starter] = SHIPPED.starter.members;
    const ids = [LLAMA_ID, starter?.id ?? '', SHIPPED.webLlm.models[0]?.id ?? ''];
    const { models } = await reportOf(await measuredRig(), ids);
    expect(models.map(({ id }) => id).sort()).toEqual([...ids].sort());
    expect(models.find(({ id }) => id === starter?.id)).toMatchObject({ engine: 'wllama', installed: true });
  });

  it('knows no model that nobody knows', async () => {
    const { service } = await measuredRig();
    expect(await service.predict(signal, [LLAMA_ID, 'nobody'])).toMatchObject({
      error: { code: 'member-unknown', details: { member: 'nobody' } },
    });
  });

  it.each([
    ['nothing was measured', null],
    ['other threads were', { threads: 4 }],
    ['another browser was', { userAgent: AGENTS.firefoxLinux }],
    ['another version was', { userAgent: AGENTS.oldChromeWindows }],
    ['another backend was', { backend: 'webgpu' }],
  ] as const)('says no speed where %s', async (_what, change) => {
    const rig = capacityRig();
    if (change !== null) await rig.speeds.write(calibrated(change));
    const { models, measuredOn } = await reportOf(rig);
    expect(measuredOn).toBeNull();
    expect(await rig.service.measurement()).toEqual({ ok: true, value: null });
    expect(models.every(({ tokensPerSecond }) => tokensPerSecond === null)).toBe(true);
    expect(models.find(({ id }) => id === LLAMA_ID)).toMatchObject({
      caveats: ['not-measured'],
      fits: 'runs-well',
    });
  });

  it.each([
    ['gguf', { gguf: () => Promise.resolve(err(failure('model-fetch-failed', {}))) }],
    ['webLlm', { webLlm: () => Promise.resolve(err(failure('model-fetch-failed', {}))) }],
  ])('fails as its catalogue does: %s', async (_what, change) => {
    const councils = (): Promise<Outcome<typeof SHIPPED.councils>> =>
      Promise.resolve({ ok: true, value: SHIPPED.councils });
    const gguf = (): Promise<Outcome<typeof SHIPPED.gguf>> =>
      Promise.resolve({ ok: true, value: SHIPPED.gguf });
    const webLlm = (): Promise<Outcome<typeof SHIPPED.webLlm>> =>
      Promise.resolve({ ok: true, value: SHIPPED.webLlm });
    const { service } = capacityRig({ catalogue: { gguf, webLlm, councils, ...change } });
    expect(await service.predict(signal, null)).toMatchObject({ error: { code: 'model-fetch-failed' } });
    expect(await service.plan(signal, 'speed')).toMatchObject({ error: { code: 'model-fetch-failed' } });
    expect(await service.scalability(signal, 'speed')).toMatchObject({
      error: { code: 'model-fetch-failed' },
    });
  });

  it('fails as the probe does', async () => {
    const { service } = capacityRig({ device: { probe: () => Promise.resolve(err(failure('cancelled'))) } });
    for (const outcome of [
      service.predict(signal, null),
      service.measurement(),
      service.plan(signal, 'speed'),
    ])
      expect(await outcome).toMatchObject({ error: { code: 'cancelled' } });
    expect(await service.measure(signal, () => undefined)).toMatchObject({ error: { code: 'cancelled' } });
  });
});

describe('plan', () => {
  it.each(GOALS)('is a document whose budget adds up: %s', async (goal) => {
    const { service } = await measuredRig();
    for (const whatIf of [
      undefined,
      { memoryGiB: 0.25 },
      { memoryGiB: 64, cores: 16, cards: 2, remoteServers: 1 },
    ]) {
      const plan = await valueOf(service.plan(signal, goal, whatIf));
      expect(v.parse(CapacityPlanSchema, plan)).toEqual(plan);
      for (const budget of [plan.budget, plan.graphicsBudget]) {
        if (budget === null) continue;
        const sum = budget.lines.reduce((total, { bytes }) => total + bytes, 0);
        expect(sum / budget.totalBytes).toBeCloseTo(1, 9);
      }
    }
  });

  it('has members where the device was measured, and counts how right predictions were', async () => {
    const rig = await measuredRig();
    const plan = await valueOf(rig.service.plan(signal, 'quality'));
    expect(plan).toMatchObject({ valid: true, correction: 1 });
    expect(plan.members.length).toBeGreaterThan(0);
    await rig.predictions.add([decodeVerdict(2, 500)]);
    expect((await valueOf(rig.service.plan(signal, 'quality'))).correction).toBe(1);
    await rig.predictions.add([decodeVerdict(2, 1500)]);
    const corrected = await valueOf(rig.service.plan(signal, 'quality'));
    expect(corrected.correction).toBeCloseTo(2 ** (1 / 6), 9);
  });

  it('goes by what its models answered on this device, in questions enough', async () => {
    const bundled = SHIPPED.starter.members.map((member) => ({ ...member, backend: 'cpu' as const }));
    const wanted: unknown[] = [];
    const calibration = calibrationOf(bundled, { accuracy: 0.42 });
    const { service } = capacityRig({
      calibration: () => ({
        latest: (_split, least) => {
          wanted.push(least);
          return Promise.resolve(ok(calibration));
        },
      }),
      catalogue: { ...CATALOGUE, gguf: () => Promise.resolve(ok({ ...SHIPPED.gguf, models: [] })) },
    });
    const plan = await valueOf(service.plan(signal, 'balanced'));
    expect(wanted).toEqual([20]);
    expect(plan.members).toHaveLength(3);
    expect(plan.members[0]).toMatchObject({
      accuracy: 0.42,
      // Of another browser.
      measured: { questions: 100, answerMs: null },
    });
    expect(v.parse(CapacityPlanSchema, plan)).toEqual(plan);
    const broken = capacityRig({
      calibration: () => ({ latest: () => Promise.reject(new Error('no code')) }),
    });
    expect(await broken.service.plan(signal, 'balanced')).toMatchObject({ ok: true });
  });

  it('stands without the scores and the bundled council', async () => {
    const councils = () => Promise.resolve(err(failure('model-fetch-failed', {})));
    const { service } = await measuredRig({
      catalogue: {
        gguf: () => Promise.resolve({ ok: true, value: SHIPPED.gguf }),
        webLlm: () => Promise.resolve({ ok: true, value: SHIPPED.webLlm }),
        councils,
      },
    });
    expect(await service.plan(signal, 'balanced')).toMatchObject({ ok: true });
  });
});

it.each(GOALS)('scalability is a document, today first: %s', async (goal) => {
  const { service } = await measuredRig();
  const report = await valueOf(service.scalability(signal, goal));
  expect(v.parse(ScalabilityReportSchema, report)).toEqual(report);
  expect(report.projections[0]?.kind).toBe('today');
});

it('scalability starts from the device that is supposed', async () => {
  const { service } = await measuredRig();
  const whatIf = { memoryGiB: 32, cores: 16 };
  const plan = await valueOf(service.plan(signal, 'balanced', whatIf));
  const { projections } = await valueOf(service.scalability(signal, 'balanced', whatIf));
  expect(projections[0]).toMatchObject({ kind: 'today', members: plan.members.length });
  expect(projections.map(({ title }) => title)).toContain('Twice the memory (64 GiB)');
  expect(projections.map(({ title }) => title)).toContain('Twice the cores (32)');
});
