import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import * as v from 'valibot';
import { WebLlmCatalogueSchema } from '#contracts/catalogue';
import { webLlmMember } from '../../../src/app/web-llm-members.ts';
import { adapter } from '../../fakes/hardware-profiles.ts';
import { FULL_LIMITS } from '../../fakes/web-llm-gpu.ts';

const catalogue = v.parse(
  WebLlmCatalogueSchema,
  JSON.parse(readFileSync('public/catalogue/web-llm.json', 'utf8')),
);
const ID = 'Llama-3.2-1B-Instruct-q4f16_1-MLC';
const F16 = adapter({ features: ['shader-f16'], limits: FULL_LIMITS });

it('runs what was chosen, with ever less context of the same weights below', () => {
  const spec = webLlmMember(catalogue, ID, F16);
  expect(spec?.rungs.map(({ id }) => id)).toEqual([`${ID}@4096`, `${ID}@2048`, `${ID}@1024`]);
  expect(new Set(spec?.rungs.map(({ load }) => load.model.id))).toEqual(new Set([ID]));
  expect(spec).toMatchObject({ id: ID, name: 'Llama 3.2 1B Instruct', bundled: false });
  expect(spec?.manner?.promptLimit).toBeGreaterThan(3000);
});

it('takes the twin in 32-bit floats on a card without f16, under the name and seat of the one chosen', () => {
  const spec = webLlmMember(catalogue, ID, adapter({ features: [], limits: FULL_LIMITS }));
  expect(spec?.id).toBe(ID);
  expect(spec?.rungs[0].load.model.id).toBe('Llama-3.2-1B-Instruct-q4f32_1-MLC');
  expect(spec?.rungs[0].features).toEqual([]);
});

it('leaves the choice to the load where no card is known, and knows no model that is not in the catalogue', () => {
  expect(webLlmMember(catalogue, ID, null)?.rungs[0].load.model.id).toBe(ID);
  expect(webLlmMember(catalogue, 'no-such-model', F16)).toBeNull();
});

it('goes on with smaller models that are on the device, the largest first, and with no others', () => {
  const weights = (id: string): string => {
    const model = catalogue.models.find((each) => each.id === id);
    return new URL(model?.weights ?? 'none', catalogue.weightsBase).href;
  };
  const kept = new Set([
    `${weights('SmolLM2-360M-Instruct-q4f16_1-MLC')}params_shard_0.bin`,
    `${weights('Llama-3.2-1B-Instruct-q4f16_1-MLC')}params_shard_0.bin`,
    `${weights('Qwen3-8B-q4f16_1-MLC')}params_shard_0.bin`,
  ]);
  const spec = webLlmMember(catalogue, 'Llama-3.2-3B-Instruct-q4f16_1-MLC', F16, kept);
  expect(spec?.rungs.slice(3).map(({ load }) => load.model.id)).toEqual([
    'Llama-3.2-1B-Instruct-q4f16_1-MLC',
    'SmolLM2-360M-Instruct-q4f16_1-MLC',
  ]);
  // Its own weights are no smaller model.
  expect(
    webLlmMember(catalogue, ID, F16, kept)
      ?.rungs.slice(3)
      .map(({ load }) => load.model.id),
  ).toEqual(['SmolLM2-360M-Instruct-q4f16_1-MLC']);
});

it('makes a loadable ladder of every model in the catalogue', () => {
  for (const { id, contextTokens } of catalogue.models) {
    const spec = webLlmMember(catalogue, id, F16);
    expect(spec?.rungs[0].load.contextTokens, id).toBe(contextTokens);
    const contexts = spec?.rungs.map(({ load }) => load.contextTokens) ?? [];
    expect(
      [...contexts].sort((a, b) => b - a),
      id,
    ).toEqual(contexts);
    expect(new Set(contexts).size, id).toBe(contexts.length);
  }
});
