import { readFileSync, statSync } from 'node:fs';
import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { present } from '#kernel/assert';
import {
  GgufCatalogueSchema,
  type GgufModel,
  ggufUrls,
  MAX_BYTES_WITHOUT_JSPI,
  TIERS,
} from '#contracts/gguf-catalogue';
import { isFullShape, kvCacheBytes } from '#contracts/model-shape';
import { GGUF_FILE, ggufDocument } from '../../../tools/catalogue/make-facts.ts';
import { expectKnown, expectSoundShape } from './sourced.ts';

const json = JSON.parse(readFileSync(GGUF_FILE, 'utf8')) as { models: object[] };
const catalogue = v.parse(GgufCatalogueSchema, json);
const { models, mirrors } = catalogue;
const weightsOf = (model: GgufModel) =>
  present(
    model.files.find((file) => file.role === 'weights'),
    model.id,
  );
const named = models.map((model) => [model.id, model] as const);

describe('catalogue/gguf.json', () => {
  it('is what its tables say (else: npx tsx tools/catalogue/make-facts.ts)', () => {
    expect(catalogue).toEqual(ggufDocument());
  });

  it('has every row of the research, by tier', () => {
    expect(
      TIERS.map((tier) => models.filter((model) => model.tier === tier).map(({ name }) => name)),
    ).toEqual([
      [
        ...['Gemma 3 270M', 'SmolLM2 360M Instruct', 'LFM2 700M', 'Qwen3.5 0.8B', 'LFM2.5 VL 450M'],
        ...['LFM2 1.2B', 'Llama 3.2 1B Instruct'],
      ],
      ['Qwen3 1.7B', 'Qwen3.5 2B', 'SmolLM3 3B'],
      ['Qwen3.5 4B', 'Gemma 4 E2B'],
    ]);
  });

  it('names each model, file and hash once', () => {
    const once = (values: readonly unknown[]) => expect(new Set(values).size).toBe(values.length);
    const files = models.flatMap((model) => model.files);
    once(models.map(({ id }) => id));
    once(models.map(({ name }) => name));
    once(models.flatMap((model) => model.files.map(({ name }) => `${model.repository}/${name}`)));
    once(files.flatMap(({ sha256 }) => sha256 ?? []));
    once(files.flatMap(({ bytes }) => bytes ?? []));
  });

  it.each(named)('has a source for every figure of %s', (_id, model) => {
    const figures: Record<string, unknown> = {
      parameters: model.parameters,
      commit: model.commit,
      bytes: model.files.find(({ bytes }) => bytes !== null) ?? null,
      sha256: model.files.find(({ sha256 }) => sha256 !== null) ?? null,
      contextTokens: model.contextTokens,
      licence: model.licence,
      tier: model.tier,
    };
    const sourced = Object.keys(figures).filter((figure) => figures[figure] !== null);
    expect(Object.keys(model.sources).sort()).toEqual(sourced.sort());
    for (const keys of Object.values(model.sources)) expectKnown(keys, catalogue.sources);
    expectSoundShape(model.shape, catalogue.sources);
  });

  it.each(named)('is consistent about %s', (_id, model) => {
    const weights = weightsOf(model);
    expect(model.files.filter((file) => file.role === 'weights')).toEqual([weights]);
    expect(weights.name.toLowerCase()).toContain(model.quantization.toLowerCase());
    expect(model.vision).toBe(model.files.some((file) => file.role === 'projector'));
    const large = model.files.some(({ bytes }) => (bytes ?? 0) > MAX_BYTES_WITHOUT_JSPI);
    expect(model.needs).toEqual(large ? ['jspi'] : []);
    // Of 4 to 9 bits for each weight; Gemma 4's name counts neither all parameters nor those of its table alone.
    const bits = (8 * (weights.bytes ?? Number.NaN)) / (model.parameters ?? Number.NaN);
    expect(bits).toBeGreaterThan(3.5);
    expect(bits).toBeLessThan(9);
    // A hash without a commit would fail after the next upload.
    if (model.commit === null) expect(model.files.every(({ sha256 }) => sha256 === null)).toBe(true);
    expect(model.licence.url.includes('spdx.org')).toBe(model.licence.spdx !== null);
  });

  it('knows what the memory of each depends on', () => {
    for (const { shape } of models) {
      expect(isFullShape(shape)).toBe(true);
      expect(kvCacheBytes(shape, 4096)).toBeGreaterThan(0);
    }
  });

  it('pins all of them', () => {
    expect(models.filter((model) => model.commit === null)).toEqual([]);
    expect(models.flatMap((model) => model.files).filter((file) => file.sha256 === null)).toEqual([]);
  });

  it('needs JSPI for the high tier only', () => {
    expect(new Set(models.filter(({ needs }) => needs.length > 0).map(({ tier }) => tier))).toEqual(
      new Set(['high']),
    );
  });

  it('stays small', () => {
    expect(statSync(GGUF_FILE).size).toBeLessThan(60 * 1024);
  });

  const broken = (change: object) => ({ ...json, models: [{ ...json.models[0], ...change }] });
  it.each([
    ['a field that it does not know', { ...json, extra: 1 }],
    ['another version', { ...json, version: 2 }],
    ['no mirror', { ...json, mirrors: [] }],
    ['an insecure mirror', { ...json, mirrors: ['http://huggingface.co/{file}'] }],
    ['a model with a field that it does not know', broken({ stars: 5 })],
    ['a branch as commit', broken({ commit: 'main' })],
    ['a repository that leads elsewhere', broken({ repository: 'a/../../b' })],
    ['a file of no bytes', broken({ files: [{ role: 'weights', name: 'a.gguf', bytes: 0, sha256: null }] })],
    ['half a hash', broken({ files: [{ role: 'weights', name: 'a.gguf', bytes: 1, sha256: 'abc' }] })],
    ['no file', broken({ files: [] })],
    ['a tier that is none', broken({ tier: 'huge' })],
  ])('refuses %s', (_what, document) => {
    expect(v.safeParse(GgufCatalogueSchema, document).success).toBe(false);
  });
});

describe('addresses of a file', () => {
  it.each(named)('are well-formed and pinned for %s', (_id, model) => {
    for (const { name } of model.files) {
      const urls = ggufUrls(mirrors, model, name);
      expect(urls).toHaveLength(mirrors.length);
      const url = new URL(present(urls[0], 'url'));
      expect(url.host).toBe('huggingface.co');
      expect(url.pathname).toBe(`/${model.repository}/resolve/${present(model.commit, 'commit')}/${name}`);
    }
  });

  it('are the newest where nothing is pinned, one for each mirror, with names escaped', () => {
    const model = { repository: 'maker/model', commit: null };
    const two = ['https://a.example/{repository}/{commit}/{file}', 'https://b.example/{file}?of={other}'];
    expect(ggufUrls(two, model, 'a model.gguf')).toEqual([
      'https://a.example/maker/model/main/a%20model.gguf',
      'https://b.example/a%20model.gguf?of={other}',
    ]);
  });
});
