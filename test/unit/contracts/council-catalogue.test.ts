import { readFileSync } from 'node:fs';
import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { present } from '#kernel/assert';
import { WebLlmCatalogueSchema } from '#contracts/catalogue';
import {
  CouncilCatalogueSchema,
  MAX_SCORE_SPREAD,
  type RecommendedCouncil,
} from '#contracts/council-catalogue';
import { GgufCatalogueSchema, TIERS } from '#contracts/gguf-catalogue';
import { kvCacheBytes } from '#contracts/model-shape';
import { CATALOGUE_FILE } from '../../../tools/catalogue/make.ts';
import { COUNCILS_FILE, councilsDocument, GGUF_FILE } from '../../../tools/catalogue/make-facts.ts';
import { expectKnown } from './sourced.ts';

const read = (file: string): unknown => JSON.parse(readFileSync(file, 'utf8'));
const json = read(COUNCILS_FILE) as { councils: { members: object[] }[] };
const catalogue = v.parse(CouncilCatalogueSchema, json);
const webLlm = new Map(
  v.parse(WebLlmCatalogueSchema, read(CATALOGUE_FILE)).models.map((model) => [model.id, model]),
);
const gguf = new Map(v.parse(GgufCatalogueSchema, read(GGUF_FILE)).models.map((model) => [model.id, model]));

const { councils, rejected } = catalogue;
const all = [...councils, ...rejected].map((council) => [council.id, council] as const);
const idsOf = (council: RecommendedCouncil) => council.members.map(({ id }) => id);
const councilOf = (id: string) =>
  present(
    councils.find((council) => council.id === id),
    id,
  );

describe('catalogue/councils.json', () => {
  it('is what its tables say (else: npx tsx tools/catalogue/make-facts.ts)', () => {
    expect(catalogue).toEqual(councilsDocument());
  });

  it('has one for each tier and each kind of device, each once', () => {
    const offered = councils.map(({ tier, engine, requiredFeatures }) =>
      [tier, engine, ...requiredFeatures].join(' '),
    );
    const kinds = ['web-llm shader-f16', 'web-llm', 'wllama'];
    expect(offered.sort()).toEqual(TIERS.flatMap((tier) => kinds.map((kind) => `${tier} ${kind}`)).sort());
    expect(new Set(all.map(([id]) => id)).size).toBe(all.length);
  });

  it.each(all)('%s: three members of three families, each in its engine’s catalogue', (_id, council) => {
    for (const member of council.members) {
      const known = (council.engine === 'web-llm' ? webLlm : gguf).get(member.id);
      expect(present(known, member.id).family).toBe(member.family);
      expectKnown(member.sources, catalogue.sources);
    }
    expect(new Set(council.members.map(({ family }) => family)).size).toBe(3);
  });

  it.each(all)('%s: its memory is the sum of what the catalogues say', (_id, council) => {
    const sizes = idsOf(council).map((id) => {
      if (council.engine === 'web-llm') return Math.round(present(webLlm.get(id), id).vramMiB * 2 ** 20);
      const { files, shape } = present(gguf.get(id), id);
      const past = present(kvCacheBytes(shape, council.contextTokens), id);
      return files.reduce((sum, { bytes }) => sum + present(bytes, id), past);
    });
    expect(council.members.map(({ memoryBytes }) => memoryBytes)).toEqual(sizes);
    expect(council.memoryBytes).toBe(sizes.reduce((sum, size) => sum + size, 0));
    if (council.engine !== 'web-llm') return;
    for (const id of idsOf(council))
      expect(present(webLlm.get(id), id).contextTokens).toBe(council.contextTokens);
  });

  it.each(all)('%s: needs shader-f16 exactly where a member does', (_id, council) => {
    const needed = idsOf(council).flatMap((id) => webLlm.get(id)?.requiredFeatures ?? []);
    expect(council.requiredFeatures).toEqual([...new Set(needed)]);
  });

  it('gives the 32-bit twins where it says so, and replaces only what has none', () => {
    for (const tier of TIERS) {
      const twins = idsOf(councilOf(`web-llm-${tier}`)).map((id) => present(webLlm.get(id), id).f32Twin);
      const without = idsOf(councilOf(`web-llm-${tier}-f32`));
      expect(without.every((id) => present(webLlm.get(id), id).quantization.includes('f32'))).toBe(true);
      expect(without).toEqual(expect.arrayContaining(twins.filter((twin) => twin !== null)));
      expect(twins.includes(null)).toBe(tier === 'low');
    }
  });

  it('grows with the tier', () => {
    for (const kind of ['web-llm-TIER', 'web-llm-TIER-f32', 'wllama-TIER']) {
      const sums = TIERS.map((tier) => councilOf(kind.replace('TIER', tier)).memoryBytes);
      expect(sums).toEqual([...sums].sort((a, b) => a - b));
    }
  });

  it.each(all)('%s: says how far apart its members stand', (_id, council) => {
    const scores = council.members.map(({ score }) => score);
    expect(council.scoreSpread).toBeCloseTo(Math.max(...scores) - Math.min(...scores), 6);
  });

  it('recommends members of like strength only, and rejects the others for that', () => {
    for (const { scoreSpread } of councils) expect(scoreSpread).toBeLessThanOrEqual(MAX_SCORE_SPREAD);
    for (const { scoreSpread } of rejected) expect(scoreSpread).toBeGreaterThan(MAX_SCORE_SPREAD);
  });

  it('gives a model one score everywhere', () => {
    const scores = new Map<string, number>();
    for (const { id, score } of all.flatMap(([, council]) => council.members))
      expect(scores.set(id, scores.get(id) ?? score).get(id)).toBe(score);
  });

  it.each([
    ['a field that it does not know', { ...json, extra: 1 }],
    ['another version', { ...json, version: 2 }],
    [
      'two members',
      { ...json, councils: [{ ...json.councils[0], members: json.councils[0]?.members.slice(1) }] },
    ],
  ])('refuses %s', (_what, document) => {
    expect(v.safeParse(CouncilCatalogueSchema, document).success).toBe(false);
  });
});
