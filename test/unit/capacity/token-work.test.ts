import { expect, it } from 'vitest';
import type { ModelShape } from '#contracts/model-shape';
import { comparisons, tokenWork } from '../../../src/capacity/token-work.ts';

/** Llama-3.2-1B: its configuration, and what it has in 8 bits a weight. */
const LLAMA_1B: ModelShape = {
  layers: 16,
  heads: 32,
  kvHeads: 8,
  headDim: 64,
  embeddingDim: 2048,
  feedForwardDim: 8192,
  vocabulary: 128_256,
  tiedEmbeddings: true,
  attention: { full: 16, sliding: 0, recurrent: 0, windowTokens: null },
  fullHeadDim: null,
  sharedKv: { full: 0, sliding: 0 },
};
/** Its published number of parameters, less the norms. */
const PARAMETERS = 1_235_746_816;

it('shares the bytes of a file out to its layers and its output', () => {
  const work = tokenWork(LLAMA_1B, PARAMETERS);
  expect(work?.outputBytes).toBeCloseTo(128_256 * 2048, -2);
  expect((work?.layerBytes ?? 0) + (work?.outputBytes ?? 0)).toBeCloseTo(PARAMETERS, -2);
  expect(work?.attention).toBe(16 * 32 * 64);
});

it('does not count a table of tokens that serves at the input alone', () => {
  const apart = tokenWork({ ...LLAMA_1B, tiedEmbeddings: false }, PARAMETERS + 128_256 * 2048);
  const tied = tokenWork(LLAMA_1B, PARAMETERS);
  expect(apart?.layerBytes).toBeCloseTo(tied?.layerBytes ?? 0, -2);
  expect(apart?.outputBytes).toBeCloseTo(tied?.outputBytes ?? 0, -2);
});

it('counts layers with a window no further than that', () => {
  const work = tokenWork(
    { ...LLAMA_1B, attention: { full: 4, sliding: 12, recurrent: 0, windowTokens: 512 }, fullHeadDim: 128 },
    PARAMETERS,
  );
  if (work === null) throw new Error('no work');
  expect(comparisons(work, 100)).toBe(100 * 32 * (4 * 128 + 12 * 64));
  expect(comparisons(work, 4096)).toBe(32 * (4 * 128 * 4096 + 12 * 64 * 512));
});

it.each([
  'layers',
  'heads',
  'kvHeads',
  'headDim',
  'embeddingDim',
  'feedForwardDim',
  'vocabulary',
  'attention',
] as const)('knows nothing where %s is not known', (figure) => {
  expect(tokenWork({ ...LLAMA_1B, [figure]: null }, PARAMETERS)).toBe(null);
});
