import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import * as v from 'valibot';
import { WebLlmCatalogueSchema } from '#contracts/catalogue';
import { ModelFactsSchema } from '#contracts/model-facts';
import { modelOffers } from '../../../src/capacity/model-offers.ts';
import { adapter, profile } from '../../fakes/hardware-profiles.ts';
import { FULL_LIMITS } from '../../fakes/web-llm-gpu.ts';

/** The catalogue that is shipped. */
const catalogue = v.parse(
  WebLlmCatalogueSchema,
  JSON.parse(readFileSync('public/catalogue/web-llm.json', 'utf8')),
);
const on = (features: readonly string[], limits: Readonly<Record<string, number>> = FULL_LIMITS) =>
  modelOffers(catalogue, profile({ adapters: [adapter({ features: [...features], limits })] }));

it('offers every model of the catalogue once, and every variant that runs', () => {
  const offers = on(['shader-f16', 'subgroups']);
  expect(offers.unavailable).toBeNull();
  const ids = offers.models.flatMap(({ variants }) => variants.map(({ id }) => id));
  expect(new Set(ids).size).toBe(ids.length);
  expect(ids.length).toBe(catalogue.models.length);
  expect(new Set(offers.models.map(({ name }) => name)).size).toBe(offers.models.length);
});

it('puts four-bit weights with 16-bit arithmetic first, and 32-bit where the card has no other', () => {
  const firstOf = (offers: ReturnType<typeof on>, name: string) =>
    offers.models.find((model) => model.name === name)?.variants[0];
  expect(firstOf(on(['shader-f16']), 'Llama 3.2 1B Instruct')).toMatchObject({
    id: 'Llama-3.2-1B-Instruct-q4f16_1-MLC',
    contextTokens: 4096,
  });
  expect(firstOf(on([]), 'Llama 3.2 1B Instruct')?.id).toBe('Llama-3.2-1B-Instruct-q4f32_1-MLC');
});

it('names what the card lacks for a model that does not run on it', () => {
  const without = on([]).models.find(({ name }) => name.startsWith('gemma3 1b'));
  expect(without).toMatchObject({ variants: [], misses: 'shader-f16' });
  const small = on(['shader-f16'], { ...FULL_LIMITS, maxStorageBuffersPerShaderStage: 8 });
  expect(small.models.every(({ variants }) => variants.length === 0)).toBe(true);
  expect(small.models[0]?.misses).toBe('maxStorageBuffersPerShaderStage');
});

it('says why nothing runs, and still lists the models', () => {
  const nothing = modelOffers(catalogue, profile({ webgpu: 'unsupported' }));
  expect(nothing.unavailable).toBe('no-webgpu');
  expect(nothing.models.length).toBeGreaterThan(40);
  expect(nothing.models.every(({ variants, misses }) => variants.length === 0 && misses === 'WebGPU')).toBe(
    true,
  );
  expect(modelOffers(catalogue, profile({ webgpu: 'no-adapter' })).unavailable).toBe('no-adapter');
  const emulated = profile({ adapters: [adapter({ fallback: true, limits: FULL_LIMITS })] });
  expect(modelOffers(catalogue, emulated).unavailable).toBe('software-adapter');
});

it('knows which variants are on the device, at least in part', () => {
  const id = 'SmolLM2-360M-Instruct-q4f16_1-MLC';
  const { weights } = catalogue.models.find((model) => model.id === id) ?? { weights: '' };
  const kept = new Set([new URL(`${weights}params_shard_0.bin`, catalogue.weightsBase).href]);
  const card = adapter({ features: ['shader-f16'], limits: FULL_LIMITS });
  const variants = modelOffers(catalogue, profile({ adapters: [card] }), kept).models.flatMap(
    (model) => model.variants,
  );
  expect(variants.filter((variant) => variant.kept).map((variant) => variant.id)).toContain(id);
  expect(variants.filter((variant) => variant.kept && !variant.id.startsWith('SmolLM2-360M'))).toEqual([]);
});

describe('what web-llm’s list does not say', () => {
  const facts = v.parse(
    ModelFactsSchema,
    JSON.parse(readFileSync('public/catalogue/model-facts.json', 'utf8')),
  );
  const card = profile({ adapters: [adapter({ features: ['shader-f16'], limits: FULL_LIMITS })] });
  const offerOf = (known: typeof facts | null) =>
    modelOffers(catalogue, card, new Set(), known).models.find(
      ({ name }) => name === 'Llama 3.2 1B Instruct',
    );

  it('comes from the facts: the licence, and what the context takes of the memory', () => {
    const offer = offerOf(facts);
    expect(offer?.licence).toBe('Llama 3.2 Community License');
    // 2 · 16 layers · 8 heads · 64 · 2 bytes for each of 4,096 tokens.
    expect(offer?.variants[0]).toMatchObject({ contextTokens: 4096, cacheBytes: 134_217_728 });
  });

  it('is left out where they could not be read, or do not know the model', () => {
    for (const known of [null, { ...facts, models: {} }]) {
      expect(offerOf(known)).toMatchObject({ licence: null });
      expect(offerOf(known)?.variants[0]).toMatchObject({ cacheBytes: null });
    }
  });

  it('never claims more for the context than the whole takes', () => {
    for (const { variants } of modelOffers(catalogue, card, new Set(), facts).models)
      for (const { id, cacheBytes, memoryBytes } of variants)
        expect(cacheBytes ?? 0, id).toBeLessThan(memoryBytes);
  });
});
