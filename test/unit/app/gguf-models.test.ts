import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { err, ok } from '#kernel/result';
import { failure, type Outcome } from '#contracts/errors';
import type { GgufCatalogue, GgufModel } from '#contracts/gguf-catalogue';
import { GgufModels } from '../../../src/app/gguf-models.ts';

function valueOf<T>(outcome: Outcome<T>): T {
  if (!outcome.ok) throw new Error(outcome.error.code);
  return outcome.value;
}

const BASE = 'https://witan.example/app/';
const SHA = 'ab'.repeat(32);
const COMMIT = '0'.repeat(40);
const signal = new AbortController().signal;

const WEIGHTS: GgufModel['files'][number] = {
  role: 'weights',
  name: 'Alder 1B.Q4_K_M.gguf',
  bytes: 1_000,
  sha256: SHA,
};
const PROJECTOR: GgufModel['files'][number] = {
  role: 'projector',
  name: 'mmproj.gguf',
  bytes: 500,
  sha256: 'cd'.repeat(32),
};

/** 2 · 8 · 64 · 2 · 16 = 32,768 bytes of keys and values for each token. */
const SHAPE: GgufModel['shape'] = {
  ...{ layers: 16, heads: 32, kvHeads: 8, headDim: 64, embeddingDim: 2048, feedForwardDim: 8192 },
  ...{ vocabulary: 128_256, tiedEmbeddings: true, fullHeadDim: null, sharedKv: { full: 0, sliding: 0 } },
  attention: { full: 16, sliding: 0, recurrent: 0, windowTokens: null },
  sources: {},
};

function model(change: Partial<GgufModel> = {}): GgufModel {
  return {
    id: 'alder-1b',
    name: 'Alder 1B',
    tier: 'low',
    family: 'alder',
    parameters: 1_000_000_000,
    quantization: 'Q4_K_M',
    repository: 'wood/alder-gguf',
    commit: COMMIT,
    files: [WEIGHTS],
    contextTokens: 8192,
    licence: { name: 'Apache License 2.0', spdx: 'Apache-2.0', url: 'https://spdx.org/licenses/Apache-2.0' },
    shape: SHAPE,
    vision: false,
    needs: [],
    sources: {},
    note: null,
    ...change,
  };
}

const catalogue = (...models: readonly GgufModel[]): GgufCatalogue => ({
  schema: 'witan.gguf-catalogue',
  version: 1,
  date: '2026-11-01',
  mirrors: ['https://hub.example/{repository}/resolve/{commit}/{file}', './models/{file}'],
  sources: {},
  models: [...models],
});

const fetchable = (...models: readonly GgufModel[]): GgufModels =>
  new GgufModels(() => Promise.resolve(ok(catalogue(...models))), BASE);

const REMOTE = `https://hub.example/wood/alder-gguf/resolve/${COMMIT}/Alder%201B.Q4_K_M.gguf`;

describe('a request', () => {
  it('names each file by its content, at all mirrors, the relative ones beside the app', async () => {
    expect(await fetchable(model()).request(signal, 'alder-1b')).toEqual(
      ok({
        id: 'alder-1b',
        name: 'Alder 1B',
        format: 'gguf',
        origin: 'catalogue',
        files: [
          {
            id: `sha256-${SHA}`,
            urls: [REMOTE, `${BASE}models/Alder%201B.Q4_K_M.gguf`],
            sizeBytes: 1_000,
            sha256: SHA,
            chunkSha256: null,
          },
        ],
      }),
    );
  });

  it('names a file whose hash nobody knows by its first address', async () => {
    const models = fetchable(model({ files: [{ ...WEIGHTS, sha256: null }], commit: null }));
    const [file] = valueOf(await models.request(signal, 'alder-1b')).files;
    const url = REMOTE.replace(COMMIT, 'main');
    expect(file).toMatchObject({
      id: `url-${createHash('sha256').update(url).digest('hex')}`,
      sha256: null,
      urls: [url, `${BASE}models/Alder%201B.Q4_K_M.gguf`],
    });
  });

  it('has all weights in their order, and nothing that reads pictures', async () => {
    const second = { ...WEIGHTS, name: 'second.gguf', sha256: 'ef'.repeat(32) };
    const models = fetchable(model({ files: [WEIGHTS, PROJECTOR, second], vision: true }));
    const { files } = valueOf(await models.request(signal, 'alder-1b'));
    expect(files.map(({ sha256 }) => sha256)).toEqual([WEIGHTS.sha256, second.sha256]);
  });

  it('for what the catalogue does not have is for nobody', async () => {
    expect(await fetchable(model()).request(signal, 'birch')).toEqual(
      err(failure('member-unknown', { member: 'birch' })),
    );
  });
});

describe('the offers', () => {
  it('say what a download costs and what it is', async () => {
    expect(await fetchable(model()).offers(signal)).toEqual(
      ok([
        {
          id: 'alder-1b',
          name: 'Alder 1B',
          sizeBytes: 1_000,
          parameters: 1_000_000_000,
          quantization: 'Q4_K_M',
          contextTokens: 8192,
          licence: 'Apache-2.0',
          hosts: ['hub.example', 'witan.example'],
          demand: {
            weightsBytes: 1_000,
            largestFileBytes: 1_000,
            contextTokens: 4096,
            cacheBytes: 134_217_728,
            shape: SHAPE,
          },
        },
      ]),
    );
  });

  it('count only what is fetched', async () => {
    const second = { ...WEIGHTS, name: 'second.gguf', bytes: 30 };
    const models = fetchable(model({ files: [WEIGHTS, PROJECTOR, second] }));
    expect(valueOf(await models.offers(signal))).toMatchObject([
      { sizeBytes: 1_030, demand: { weightsBytes: 1_030, largestFileBytes: 1_000 } },
    ]);
    const fetched = valueOf(await models.request(signal, 'alder-1b')).files;
    expect(fetched.reduce((sum, { sizeBytes }) => sum + (sizeBytes ?? Number.NaN), 0)).toBe(1_030);
  });

  it('leave out what has an unknown size, or no weights; not what has a projector of unknown size', async () => {
    const files = (...of: GgufModel['files']): Partial<GgufModel> => ({ files: of });
    const models = fetchable(
      model({ id: 'unsized', ...files(WEIGHTS, { ...WEIGHTS, bytes: null }) }),
      model({ id: 'pictures-only', ...files(PROJECTOR) }),
      model({ id: 'fine', ...files(WEIGHTS, { ...PROJECTOR, bytes: null }) }),
    );
    expect(valueOf(await models.offers(signal)).map(({ id }) => id)).toEqual(['fine']);
  });

  it('take no more context than the model was trained for, and claim no cache of an unknown shape', async () => {
    const short = fetchable(model({ contextTokens: 1024 }));
    expect(valueOf(await short.offers(signal))).toMatchObject([
      { demand: { contextTokens: 1024, cacheBytes: 33_554_432 } },
    ]);
    const unknown = fetchable(model({ contextTokens: null, shape: { ...SHAPE, kvHeads: null } }));
    expect(valueOf(await unknown.offers(signal))).toMatchObject([
      { demand: { contextTokens: 4096, cacheBytes: null } },
    ]);
  });

  it('name a licence that has no short name by its own', async () => {
    const licence = { name: 'Wood Licence', spdx: null, url: 'https://wood.example/licence' };
    expect(valueOf(await fetchable(model({ licence })).offers(signal))).toMatchObject([
      { licence: 'Wood Licence' },
    ]);
  });
});

it('fails with the catalogue, and asks it with the signal it was given', async () => {
  const failed = err(failure('model-fetch-failed', { status: 404 }));
  const given: AbortSignal[] = [];
  const models = new GgufModels((asked) => {
    given.push(asked);
    return Promise.resolve(failed);
  }, BASE);
  expect(await models.offers(signal)).toEqual(failed);
  expect(await models.request(signal, 'alder-1b')).toEqual(failed);
  expect(given).toEqual([signal, signal]);
});
