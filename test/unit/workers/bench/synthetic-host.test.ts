import { afterEach, describe, expect, it, vi } from 'vitest';
import { SYNTHETIC_QUANTIZATIONS, type SyntheticFile, type SyntheticRequest } from '#contracts/capacity';
import type { ModelShape } from '#contracts/model-shape';
import { syntheticModel, syntheticShape } from '../../../../src/hardware/synthetic/synthetic-model.ts';
import { SyntheticHost } from '../../../../workers/bench/synthetic-host.ts';

const SHAPE: ModelShape = {
  layers: 2,
  heads: 4,
  kvHeads: 2,
  headDim: 64,
  embeddingDim: 256,
  feedForwardDim: 512,
  vocabulary: 600,
  tiedEmbeddings: true,
  attention: { full: 2, sliding: 0, recurrent: 0, windowTokens: null },
  fullHeadDim: null,
  sharedKv: { full: 0, sliding: 0 },
};

const request = (change: Partial<SyntheticRequest> = {}): SyntheticRequest => ({
  shape: SHAPE,
  quantization: 'Q4_0',
  seed: 7,
  contextTokens: 256,
  ...change,
});

async function built(change: Partial<SyntheticRequest> = {}): Promise<SyntheticFile> {
  const outcome = await new SyntheticHost().build(request(change));
  if (!outcome.ok) throw new Error(JSON.stringify(outcome.error));
  return outcome.value;
}

const bytesOf = async ({ file }: SyntheticFile): Promise<Uint8Array> =>
  new Uint8Array(await file.arrayBuffer());

/** The file as its chunks have it, each copied before the next is asked for. */
function chunked({ shape, ...options }: SyntheticRequest): { bytes: Buffer; parameters: number } {
  const known = syntheticShape(shape);
  if (!known.ok) throw new Error(known.error.code);
  const model = syntheticModel(known.value, options);
  if (!model.ok) throw new Error(model.error.code);
  const pieces = Array.from(model.value.chunks(), (piece) => Buffer.from(piece));
  return { bytes: Buffer.concat(pieces), parameters: model.value.parameters };
}

afterEach(() => {
  vi.unstubAllGlobals();
});

describe('SyntheticHost', () => {
  it.each(SYNTHETIC_QUANTIZATIONS)(
    'hands out the file that the chunks in %s make, byte by byte',
    async (quantization) => {
      const file = await built({ quantization });
      const { bytes, parameters } = chunked(request({ quantization }));
      expect(bytes.equals(await bytesOf(file))).toBe(true);
      expect(file.parameters).toBe(parameters);
    },
  );

  it('builds one of more than one piece of weights as well', async () => {
    const shape = { ...SHAPE, vocabulary: 40_000 };
    const file = await built({ shape });
    expect(file.file.size).toBeGreaterThan(5e6);
    expect(chunked(request({ shape })).bytes.equals(await bytesOf(file))).toBe(true);
  });

  it('gives the same bytes for the same request, and others for another seed', async () => {
    const first = Buffer.from(await bytesOf(await built()));
    expect(first.equals(await bytesOf(await built()))).toBe(true);
    expect(first.equals(await bytesOf(await built({ seed: 8 })))).toBe(false);
  });

  it.each([
    ['shape-unknown', { embeddingDim: null }],
    ['recurrent-layers', { attention: { full: 1, sliding: 0, recurrent: 1, windowTokens: null } }],
    ['row-length', { feedForwardDim: 500 }],
    ['heads', { kvHeads: 3 }],
    ['vocabulary', { vocabulary: 100 }],
  ])('refuses with the reason %s', async (reason, change) => {
    const outcome = await new SyntheticHost().build(request({ shape: { ...SHAPE, ...change } }));
    expect(outcome).toMatchObject({ ok: false, error: { code: 'request-unsupported', details: { reason } } });
  });

  it.each([
    ['a Blob', 'Blob'],
    ['the table of tokens', 'Int32Array'],
  ])('says so when the browser has no room for %s', async (_what, name) => {
    vi.stubGlobal(
      name,
      class {
        constructor() {
          throw new RangeError('Array buffer allocation failed');
        }
      },
    );
    const outcome = await new SyntheticHost().build(request());
    expect(outcome).toMatchObject({ ok: false, error: { code: 'out-of-memory' } });
  });
});
