import { readFileSync, statSync } from 'node:fs';
import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { present } from '#kernel/assert';
import { WebLlmCatalogueSchema } from '#contracts/catalogue';
import { ModelFactsSchema, modelOfWebLlm } from '#contracts/model-facts';
import { isFullShape } from '#contracts/model-shape';
import { CATALOGUE_FILE } from '../../../tools/catalogue/make.ts';
import { FACTS_FILE, factsDocument } from '../../../tools/catalogue/make-facts.ts';
import { expectKnown, expectSoundShape } from './sourced.ts';

/** How many of web-llm's chat models have a full shape, and a licence. These may only rise. */
const FULL_SHAPES = 155;
const LICENSED = 114;

const json = JSON.parse(readFileSync(FACTS_FILE, 'utf8')) as object;
const facts = v.parse(ModelFactsSchema, json);
const webLlm = v.parse(WebLlmCatalogueSchema, JSON.parse(readFileSync(CATALOGUE_FILE, 'utf8'))).models;
const factsOf = (id: string) => present(facts.models[modelOfWebLlm(id)], id);

describe('catalogue/model-facts.json', () => {
  it('is what its tables say (else: npx tsx tools/catalogue/make-facts.ts)', () => {
    expect(facts).toEqual(factsDocument());
  });

  it('speaks of every model of web-llm’s list, and of no other', () => {
    const models = new Set(webLlm.map((model) => modelOfWebLlm(model.id)));
    expect(Object.keys(facts.models).sort()).toEqual([...models].sort());
  });

  it('knows as many shapes and licences as before, or more', () => {
    const shaped = webLlm.filter(({ id }) => {
      const { shape } = factsOf(id);
      return shape !== null && isFullShape(present(facts.shapes[shape], shape));
    });
    const licensed = webLlm.filter(({ id }) => factsOf(id).licence !== null);
    expect([shaped.length, licensed.length], 'raise the figures when you find more').toEqual([
      FULL_SHAPES,
      LICENSED,
    ]);
  });

  it.each(Object.entries(facts.shapes))('could be a model, each figure sourced: %s', (_key, shape) => {
    expectSoundShape(shape, facts.sources);
  });

  it('leads from each model to what it names, and to a source of it', () => {
    for (const { shape, licence, sources } of Object.values(facts.models)) {
      if (shape !== null) expect(facts.shapes).toHaveProperty([shape]);
      expect(sources.licence === undefined).toBe(licence === null);
      if (licence !== null) {
        expect(facts.licences).toHaveProperty([licence]);
        expectKnown(sources.licence ?? [], facts.sources);
      }
      if (sources.shape !== undefined) expectKnown(sources.shape, facts.sources);
    }
  });

  it('shares a shape between two libraries only where a source says so', () => {
    const silent = webLlm.filter((model) => factsOf(model.id).sources.shape === undefined);
    const unsaid = Object.keys(facts.shapes).flatMap((shape) => {
      const users = silent.filter((model) => factsOf(model.id).shape === shape);
      const libraries = new Set(users.map((model) => model.library.replace(/-q\d+f.*/, '')));
      return libraries.size > 1 ? [[...libraries]] : [];
    });
    expect(unsaid).toEqual([]);
  });

  it('names a licence by SPDX, or by its name with an address of its own', () => {
    const licences = Object.values(facts.licences);
    for (const { spdx, url } of licences) {
      if (spdx === null) expect(url).not.toContain('spdx.org');
      else expect(url).toBe(`https://spdx.org/licenses/${spdx}.html`);
    }
    expect(new Set(licences.map(({ url }) => url)).size).toBe(licences.length);
  });

  it('keeps no source that nothing uses', () => {
    const used = [
      ...Object.values(facts.shapes).map((shape) => shape.sources),
      ...Object.values(facts.models).map((model) => model.sources),
    ].flatMap((sources) => Object.values(sources).flat());
    expect(Object.keys(facts.sources).sort()).toEqual([...new Set(used)].sort());
  });

  it('stays small', () => {
    expect(statSync(FACTS_FILE).size).toBeLessThan(48 * 1024);
  });

  it.each([
    ['a field that it does not know', { ...json, extra: 1 }],
    ['another version', { ...json, version: 2 }],
    ['a shape without layers', { ...json, shapes: { broken: { sources: {} } } }],
  ])('refuses %s', (_what, document) => {
    expect(v.safeParse(ModelFactsSchema, document).success).toBe(false);
  });
});

it.each([
  ['Qwen3-0.6B-q4f16_1-MLC', 'Qwen3-0.6B'],
  ['SmolLM2-360M-Instruct-q0f16-MLC', 'SmolLM2-360M-Instruct'],
  ['stablelm-2-zephyr-1_6b-q4f16_1-MLC-1k', 'stablelm-2-zephyr-1_6b'],
  ['Ministral-3-3B-Instruct-2512-BF16-q4f16_1-MLC', 'Ministral-3-3B-Instruct-2512-BF16'],
  ['a name of another kind', 'a name of another kind'],
])('finds the model of %s', (id, model) => {
  expect(modelOfWebLlm(id)).toBe(model);
});
