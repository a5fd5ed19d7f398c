import { describe, expect, it } from 'vitest';
import { present } from '#kernel/assert';
import { whatHappened } from '#contracts/error-messages';
import { manifestOf, type WebLlmCatalogue, type WebLlmModel } from '#contracts/catalogue';
import { chooseVariant, shortfallOf } from '../../../src/capacity/variant-choice.ts';
import { displayNameOf, mlcSourceOf } from '../../../src/capacity/mlc-source.ts';
import { FULL_LIMITS } from '../../fakes/web-llm-gpu.ts';

const MIB = 2 ** 20;

function model(id: string, change: Partial<WebLlmModel> = {}): WebLlmModel {
  return {
    id,
    family: 'Llama',
    kind: 'chat',
    parameters: 1e9,
    quantization: 'q4f32_1',
    vramMiB: 900,
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

const F16 = { quantization: 'q4f16_1', requiredFeatures: ['shader-f16'] };
const catalogue: WebLlmCatalogue = {
  schema: 'witan.web-llm-catalogue',
  version: 1,
  source: { package: '@mlc-ai/web-llm', version: '0', libraries: 'v0' },
  weightsBase: 'https://weights.test/mlc/',
  libraryBase: 'https://libraries.test/',
  models: [
    model('pair-f16', { ...F16, f32Twin: 'pair-f32' }),
    model('pair-f32'),
    model('alone-f16', F16),
    model('wide-f16', { ...F16, f32Twin: 'wide-f32', requiredBindingBytes: 250 * MIB }),
    model('wide-f32', { requiredBindingBytes: 250 * MIB }),
  ],
};

const named = (id: string): WebLlmModel =>
  present(
    catalogue.models.find((each) => each.id === id),
    id,
  );
const adapter = (features: string[], limits: Record<string, number> = {}) => ({
  features,
  limits: { ...FULL_LIMITS, ...limits },
});

describe('the variant of a model', () => {
  it('is the one asked for where it fits', () => {
    expect(chooseVariant(catalogue, named('pair-f16'), adapter(['shader-f16']))).toEqual({
      ok: true,
      value: { model: named('pair-f16'), insteadBecause: null },
    });
    // Whoever asks for 32 bits gets them: on some drivers 16 are broken.
    expect(chooseVariant(catalogue, named('pair-f32'), adapter(['shader-f16']))).toMatchObject({
      value: { model: { id: 'pair-f32' } },
    });
  });

  it('is its twin in 32-bit floats where the adapter has no others, with the reason', () => {
    expect(chooseVariant(catalogue, named('pair-f16'), adapter([]))).toEqual({
      ok: true,
      value: { model: named('pair-f32'), insteadBecause: { need: 'shader-f16' } },
    });
  });

  it('is none, and why, where there is no twin', () => {
    const outcome = chooseVariant(catalogue, named('alone-f16'), adapter([]));
    expect(outcome).toEqual({
      ok: false,
      error: { code: 'feature-missing', details: { model: 'alone-f16', feature: 'shader-f16' } },
    });
    expect(!outcome.ok && whatHappened(outcome.error)).toBe(
      'alone-f16 needs shader-f16, which this device does not offer.',
    );
  });

  it('is none where the twin misses something too', () => {
    const limits = { maxStorageBuffersPerShaderStage: 8 };
    expect(chooseVariant(catalogue, named('pair-f16'), adapter([], limits))).toMatchObject({
      error: {
        details: {
          feature: 'maxStorageBuffersPerShaderStage',
          needed: 10,
          available: 8,
          twin: 'pair-f32',
          twinNeeds: 'maxStorageBuffersPerShaderStage',
        },
      },
    });
  });
});

describe('a shortfall', () => {
  it('counts what web-llm takes of a limit, not what the adapter has', () => {
    const half = adapter(['shader-f16'], { maxStorageBufferBindingSize: 512 * MIB });
    expect(shortfallOf(named('wide-f16'), half)).toEqual({
      need: 'maxStorageBufferBindingSize',
      needed: 1024 * MIB,
      available: 512 * MIB,
    });
    expect(shortfallOf(named('pair-f16'), half)).toBeNull();
    expect(shortfallOf(named('wide-f16'), adapter(['shader-f16']))).toBeNull();
  });

  it('takes a limit that is not told for none', () => {
    expect(shortfallOf(named('pair-f32'), { features: [], limits: {} })).toMatchObject({ available: 0 });
  });
});

it('gives the engine whole addresses and a name to read', () => {
  expect(mlcSourceOf(catalogue, named('pair-f16'))).toMatchObject({
    format: 'mlc',
    id: 'pair-f16',
    weightsUrl: 'https://weights.test/mlc/pair-f16/resolve/main/',
    libraryUrl: 'https://libraries.test/v0/pair-f16.wasm',
    sizeBytes: null,
    requiredFeatures: ['shader-f16'],
  });
});

it('hands on the manifest that a model must be loaded through', () => {
  const through = model('gemma', { manifest: 'mlc-model-manifest.json' });
  expect(manifestOf(mlcSourceOf(catalogue, through))).toBe('mlc-model-manifest.json');
  expect(manifestOf(mlcSourceOf(catalogue, named('pair-f16')))).toBeNull();
});

it.each([
  ['Llama-3.2-1B-Instruct-q4f16_1-MLC', 'Llama 3.2 1B Instruct'],
  ['Llama-3.1-8B-Instruct-q4f32_1-MLC-1k', 'Llama 3.1 8B Instruct (1k)'],
  ['stablelm-2-zephyr-1_6b-q4f16_1-MLC', 'stablelm 2 zephyr 1.6b'],
  ['SmolLM2-360M-Instruct-q0f16-MLC', 'SmolLM2 360M Instruct'],
])('%s is shown as %s', (id, name) => {
  expect(displayNameOf(id)).toBe(name);
});
