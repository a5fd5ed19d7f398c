import { describe, expect, it } from 'vitest';
import * as v from 'valibot';
import { present } from '#kernel/assert';
import { ModelPredictionSchema } from '#contracts/capacity';
import type { WebLlmCatalogue, WebLlmModel } from '#contracts/catalogue';
import type { HardwareProfile } from '#contracts/hardware';
import { predictWebLlm, type WebLlmForetelling } from '../../../src/capacity/predict-web-llm.ts';
import { adapter, profile } from '../../fakes/hardware-profiles.ts';
import { modelMeasurement } from '../../fakes/model-measurement.ts';
import { FULL_LIMITS } from '../../fakes/web-llm-gpu.ts';

function model(id: string, change: Partial<WebLlmModel> = {}): WebLlmModel {
  return {
    id,
    family: 'Llama',
    kind: 'chat',
    parameters: 1e9,
    quantization: 'q4f32_1',
    vramMiB: 1000,
    contextTokens: 4096,
    requiredFeatures: [],
    requiredBindingBytes: null,
    weights: `${id}/resolve/main/`,
    library: `v0/${id}.wasm`,
    manifest: null,
    overrides: {},
    f32Twin: null,
    ...change,
  };
}

const HALF = { quantization: 'q4f16_1', requiredFeatures: ['shader-f16'], vramMiB: 800 };
const catalogue: WebLlmCatalogue = {
  schema: 'witan.web-llm-catalogue',
  version: 1,
  source: { package: '@mlc-ai/web-llm', version: '0', libraries: 'v0' },
  weightsBase: 'https://weights.test/mlc/',
  libraryBase: 'https://libraries.test/',
  models: [
    model('Llama-1B-q4f32_1-MLC-1k', { contextTokens: 1024, vramMiB: 600 }),
    model('Llama-1B-q0f16-MLC', { quantization: 'q0f16', requiredFeatures: ['shader-f16'], vramMiB: 500 }),
    model('Llama-1B-q4f32_1-MLC'),
    model('Llama-1B-q4f16_1-MLC', HALF),
    model('Phi-2-q4f16_1-MLC', HALF),
  ],
};

const card = (features: string[], gpuMemoryMiB?: number): HardwareProfile =>
  profile({
    adapters: [adapter({ features, limits: { ...FULL_LIMITS } })],
    micro: gpuMemoryMiB === undefined ? {} : { gpuMemoryMiB },
  });
const rows = (
  of: HardwareProfile,
  wanted: readonly string[] | null = null,
  kept: (each: WebLlmModel) => boolean = () => false,
): readonly WebLlmForetelling[] => predictWebLlm(catalogue, of, kept, wanted);
const idsOf = (found: readonly WebLlmForetelling[]): string[] => found.map(({ id }) => id);
const byId = (found: readonly WebLlmForetelling[], id: string): WebLlmForetelling =>
  present(
    found.find((row) => row.id === id),
    id,
  );

const HALF_ID = 'Llama-1B-q4f16_1-MLC';

describe('without a card', () => {
  it.each([
    ['no adapter', profile({})],
    ['a software adapter', profile({ adapters: [adapter({ fallback: true, limits: { ...FULL_LIMITS } })] })],
  ])('nothing fits, for that reason: %s', (_what, device) => {
    const found = rows(device);
    expect(idsOf(found)).toEqual([HALF_ID, 'Phi-2-q4f16_1-MLC']);
    for (const row of found)
      expect(row).toMatchObject({
        fits: 'will-not-fit',
        fitBecause: 'no-card',
        misses: null,
        caveats: ['needs-graphics-card'],
      });
  });
});

it('of each model it is the most usual variant that the card can run', () => {
  expect(idsOf(rows(card(['shader-f16'])))).toEqual([HALF_ID, 'Phi-2-q4f16_1-MLC']);
  expect(idsOf(rows(card([])))).toEqual(['Llama-1B-q4f32_1-MLC', 'Phi-2-q4f16_1-MLC']);
});

it('says what a card lacks', () => {
  const found = rows(card([], 100_000));
  expect(byId(found, 'Phi-2-q4f16_1-MLC')).toMatchObject({
    fits: 'will-not-fit',
    fitBecause: 'card-lacks',
    misses: 'shader-f16',
    caveats: ['needs-graphics-card'],
  });
  expect(byId(found, 'Llama-1B-q4f32_1-MLC')).toMatchObject({ fits: 'runs-well', misses: null });
});

it.each([
  [undefined, 'tight', 'card-untold'],
  [1000, 'runs-well', 'card-memory'],
  [999, 'tight', 'card-memory'],
  [100, 'tight', 'card-memory'],
] as const)('800 MiB on a card of which %s MiB could be taken: %s', (gpuMemoryMiB, fits, fitBecause) => {
  expect(byId(rows(card(['shader-f16'], gpuMemoryMiB)), HALF_ID)).toMatchObject({
    fits,
    fitBecause,
    caveats: ['no-library'],
  });
});

it('gives those that are asked for, whatever their variant, and no other', () => {
  const wanted = ['Llama-1B-q0f16-MLC', 'Llama-1B-q4f32_1-MLC-1k', 'nobody'];
  const found = rows(card(['shader-f16']), wanted);
  expect(idsOf(found).sort()).toEqual([...wanted.slice(0, 2)].sort());
  expect(byId(found, 'Llama-1B-q4f32_1-MLC-1k').name).toBe('Llama 1B (1k)');
  expect(rows(card(['shader-f16']), [])).toEqual([]);
});

describe('a model that was measured', () => {
  const measured = new Map([[HALF_ID, modelMeasurement({ modelId: HALF_ID })]]);

  it('is told of by that, and no other is', () => {
    const found = predictWebLlm(catalogue, card(['shader-f16']), () => false, null, measured);
    const row = byId(found, HALF_ID);
    expect(row).toMatchObject({
      method: 'measured',
      tokensPerSecond: { median: 20 },
      promptTokens: 260,
      pace: 'fluent',
      caveats: [],
      fits: 'tight',
    });
    const { fitBecause: _because, misses: _misses, takenBytes: _taken, ...rest } = row;
    const whole = { ...rest, engine: 'web-llm', fitReason: 'So.' } as const;
    expect(v.parse(ModelPredictionSchema, whole)).toEqual(whole);
    expect(byId(found, 'Phi-2-q4f16_1-MLC')).toMatchObject({ method: 'none', tokensPerSecond: null });
  });

  it('is not where its card is gone', () => {
    for (const device of [profile({}), card([])]) {
      const found = predictWebLlm(catalogue, device, () => false, [HALF_ID], measured);
      expect(byId(found, HALF_ID)).toMatchObject({
        method: 'none',
        tokensPerSecond: null,
        fits: 'will-not-fit',
      });
    }
  });
});

it('claims no speed, and knows what is kept', () => {
  const found = rows(card(['shader-f16']), null, ({ id }) => id === HALF_ID);
  expect(found.map(({ installed }) => installed)).toEqual([true, false]);
  for (const { fitBecause: _because, misses: _misses, takenBytes: _taken, ...row } of found) {
    const whole = { ...row, engine: 'web-llm', fitReason: 'So.' } as const;
    expect(v.parse(ModelPredictionSchema, whole)).toEqual(whole);
    expect(row).toMatchObject({ tokensPerSecond: null, ttft: null, pace: null, method: 'none' });
    expect(row.memory?.median).toBe(800 * 2 ** 20);
  }
});
