import { readFileSync } from 'node:fs';
import { expect, describe, it } from 'vitest';
import { present } from '#kernel/assert';
import { parseWith } from '#contracts/schema-parse';
import { GgufCatalogueSchema } from '#contracts/gguf-catalogue';
import type { ModelShape } from '#contracts/model-shape';
import {
  syntheticModel,
  syntheticShape,
  type SyntheticModel,
  type SyntheticModelOptions,
} from '../../../../src/hardware/synthetic/synthetic-model.ts';
import { SYNTHETIC_QUANTIZATIONS } from '../../../../src/contracts/capacity.ts';
import type { SyntheticShape } from '../../../../src/hardware/synthetic/tensors.ts';
import { blobSource } from '../../../../src/storage/gguf/blob-source.ts';
import { inspectGguf } from '../../../../src/storage/gguf/inspect.ts';

const NEVER = new AbortController().signal;
const SMALL: SyntheticShape = {
  layers: 8,
  embedding: 96,
  feedForward: 256,
  heads: 6,
  kvHeads: 2,
  headDim: 16,
  vocabulary: 600,
  tied: true,
};
const OPTIONS: SyntheticModelOptions = { quantization: 'Q4_0', seed: 1, contextTokens: 2048 };

function model(shape: SyntheticShape, options = OPTIONS): SyntheticModel {
  const made = syntheticModel(shape, options);
  if (!made.ok) throw new Error(made.error.code);
  return made.value;
}

const bytesOf = (made: SyntheticModel): Promise<Uint8Array> => new Blob([...made.chunks()]).bytes();

describe.each(SYNTHETIC_QUANTIZATIONS)('a model in %s', (quantization) => {
  it.each([SMALL, { ...SMALL, embedding: 256, headDim: 32, heads: 8, tied: false }])(
    'is a whole file that the header’s reader accepts',
    async (shape) => {
      const made = model(shape, { ...OPTIONS, quantization });
      const bytes = await bytesOf(made);
      expect(bytes.length).toBe(made.sizeBytes);
      const read = await inspectGguf(NEVER, blobSource(new Blob([new Uint8Array(bytes)])));
      expect(read).toMatchObject({
        ok: true,
        value: {
          summary: {
            architecture: 'llama',
            parameters: made.parameters,
            shape: {
              layers: 8,
              embedding: shape.embedding,
              heads: shape.heads,
              keyDimensions: shape.headDim,
            },
          },
        },
      });
    },
  );

  it('is the same for the same seed, and another for another', async () => {
    const [first, again, other] = await Promise.all(
      [1, 1, 2].map((seed) => bytesOf(model(SMALL, { ...OPTIONS, quantization, seed }))),
    );
    expect(again).toEqual(first);
    expect(other).not.toEqual(first);
  });
});

it('never hands out more than 4 MiB at once, however large the model', () => {
  const made = model({ ...SMALL, embedding: 1024, feedForward: 8192, vocabulary: 32_768, layers: 1 });
  let bytes = 0;
  for (const chunk of made.chunks()) {
    expect(chunk.length).toBeLessThanOrEqual(4 << 20);
    bytes += chunk.length;
  }
  expect(bytes).toBe(made.sizeBytes);
});

describe('the twin of a catalogue model', () => {
  const catalogue = parseWith(
    GgufCatalogueSchema,
    JSON.parse(readFileSync('public/catalogue/gguf.json', 'utf8')),
    'model-invalid',
  );
  if (!catalogue.ok) throw new Error(catalogue.error.cause);
  const models = catalogue.value.models.filter(
    // Its embeddings per layer are half of the file, and no dimension of the shape.
    ({ id, shape }) => !id.startsWith('gemma-4') && shape?.attention?.recurrent === 0,
  );

  it.each(models.map((real) => [real.id, real] as const))('%s has the size of the real file', (_id, real) => {
    const shape = syntheticShape(present(real.shape, 'shape'));
    if (!shape.ok) throw new Error(shape.error.code);
    const quantization = SYNTHETIC_QUANTIZATIONS.find((name) => name === real.quantization);
    if (quantization === undefined) throw new Error(real.quantization);
    const realBytes = real.files.reduce(
      (sum, { role, bytes }) => sum + (role === 'weights' ? present(bytes, 'size') : 0),
      0,
    );
    const ratio = model(shape.value, { ...OPTIONS, quantization }).sizeBytes / realBytes;
    expect(ratio).toBeGreaterThan(0.99);
    expect(ratio).toBeLessThan(1.01);
  });

  it('is refused where the shape cannot be built', () => {
    const known = present(models[0]?.shape, 'shape');
    const change = (part: Partial<ModelShape>): unknown => {
      const shape = syntheticShape({ ...known, ...part });
      return shape.ok ? null : shape.error.details;
    };
    expect(change({ headDim: null })).toEqual({ reason: 'shape-unknown' });
    const attention = { full: 1, sliding: 0, recurrent: 3, windowTokens: null };
    expect(change({ attention })).toEqual({ reason: 'recurrent-layers' });
  });
});

it.each([
  ['row-length', { embedding: 100 }],
  ['row-length', { feedForward: 33 }],
  ['heads', { kvHeads: 4 }],
  ['heads', { headDim: 0.5, heads: 192, kvHeads: 1 }],
  ['vocabulary', { vocabulary: 129 }],
])('is refused for its %s', (reason, change) => {
  expect(syntheticModel({ ...SMALL, ...change }, OPTIONS)).toMatchObject({
    error: { code: 'request-unsupported', details: { reason } },
  });
});
