import { readFileSync } from 'node:fs';
import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { present } from '#kernel/assert';
import type { GgufSummary, PerLayer } from '#contracts/gguf';
import { GgufCatalogueSchema, type GgufModel } from '#contracts/gguf-catalogue';
import { isFullShape, kvCacheBytes, ModelShapeSchema } from '#contracts/model-shape';
import { StarterCouncilSchema } from '#contracts/starter';
import { catalogueModel, starterModel, storedModel } from '../../../src/capacity/known-model.ts';
import { demandOfKnown } from '../../../src/capacity/predict-model.ts';
import { ggufFile, numbers, TYPE } from '../../fakes/gguf-file.ts';
import { inspect, SMALL, withFields, withoutFields } from '../../fakes/gguf-models.ts';

const json = (path: string): unknown => JSON.parse(readFileSync(path, 'utf8'));
const catalogue = v.parse(GgufCatalogueSchema, json('public/catalogue/gguf.json'));
const council = v.parse(StarterCouncilSchema, json('public/starter/council.json'));

async function summaryOf(spec = SMALL): Promise<GgufSummary> {
  const inspected = await inspect(ggufFile(spec));
  if (!inspected.ok) throw new Error(inspected.error.code);
  return inspected.value.summary;
}

describe('a model of the catalogue', () => {
  const first = present(catalogue.models[0], 'a model');
  const weights: GgufModel['files'][number] = { role: 'weights', name: 'a.gguf', bytes: 10, sha256: null };

  it('keeps its dimensions, and all of its files of weights', () => {
    const files = [weights, { ...weights, bytes: 20 }, { ...weights, role: 'projector' as const, bytes: 99 }];
    expect(catalogueModel({ ...first, files }, true)).toMatchObject({
      id: first.id,
      engine: 'wllama',
      fileBytes: [10, 20],
      installed: true,
      shape: first.shape,
      trainedTokens: first.contextTokens,
    });
  });

  it.each([
    ['one file has no size', [weights, { ...weights, bytes: null }]],
    ['it has no weights', [{ ...weights, role: 'projector' as const }]],
  ])('is none where %s', (_what, files) => {
    expect(catalogueModel({ ...first, files }, false)).toBeNull();
  });
});

it('a bundled model has all its dimensions, and they come to its parameters', () => {
  for (const member of council.members) {
    const { shape, fileBytes, engine, installed } = starterModel(member);
    expect(v.parse(ModelShapeSchema, shape)).toEqual(shape);
    expect(isFullShape(shape)).toBe(true);
    expect([fileBytes, engine, installed]).toEqual([[member.sizeBytes], 'starter', true]);
    const { layers, embedding, feedForward, kvHeads, vocabulary } = member;
    const head = present(shape.headDim, 'head');
    const layer = embedding * (2 * head * (member.heads + kvHeads) + 3 * feedForward);
    // Norms, and perhaps a second table.
    const least = layers * layer + vocabulary * embedding;
    expect(member.parameters).toBeGreaterThanOrEqual(least);
    expect(member.parameters).toBeLessThan(1.1 * (least + vocabulary * embedding));
  }
});

describe('a model of the store', () => {
  it('is what its file says of itself', async () => {
    const summary = await summaryOf();
    expect(storedModel('own', 'Own', summary, [4000, 1156])).toEqual({
      id: 'own',
      name: 'Own',
      family: 'llama',
      engine: 'wllama',
      quantization: 'Q8_0',
      parameters: summary.parameters,
      fileBytes: [4000, 1156],
      installed: true,
      shape: {
        layers: 2,
        heads: 4,
        kvHeads: 2,
        headDim: 16,
        embeddingDim: 64,
        feedForwardDim: null,
        vocabulary: 3,
        tiedEmbeddings: null,
        attention: { full: 2, sliding: 0, recurrent: 0, windowTokens: null },
        fullHeadDim: null,
        sharedKv: { full: 0, sliding: 0 },
      },
      trainedTokens: 128,
      kvBytesPerToken: summary.kvBytesPerToken,
    });
  });

  it('says nothing that its file does not', async () => {
    const bare = await summaryOf(withoutFields('llama.block_count', 'general.file_type'));
    const { shape, quantization } = storedModel('own', 'Own', bare, [5156]);
    expect(shape.attention).toBeNull();
    expect(kvCacheBytes(shape, 1)).toBeNull();
    expect(quantization).toBe(bare.quantization.dominant);
    const nothing = { declared: null, dominant: null, differ: false };
    expect(storedModel('own', '', { ...bare, architecture: null, quantization: nothing }, [])).toMatchObject({
      family: '',
      quantization: '',
    });
  });

  it('counts the heads of layers that have some, and the others for recurrent', async () => {
    const summary = await summaryOf(withFields(numbers('llama.attention.head_count_kv', TYPE.u32, [0, 2])));
    const model = storedModel('own', 'Own', summary, [5156]);
    expect(model.shape).toMatchObject({ kvHeads: 2, attention: { full: 1, recurrent: 1 } });
    expect(demandOfKnown(model).cacheBytes).toBe((summary.kvBytesPerToken ?? 0) * 128);
  });

  it.each<[PerLayer, number | null]>([
    [null, null],
    [8, 8],
    [[8, 8, 4], 8],
    [[0, 0, 0, 8], 8],
    [[0, 0], null],
    [[], null],
  ])('heads %j are %j in most layers', async (kvHeads, most) => {
    const summary = await summaryOf();
    const { shape } = storedModel('own', 'Own', { ...summary, shape: { ...summary.shape, kvHeads } }, []);
    expect(shape.kvHeads).toBe(most);
  });
});
