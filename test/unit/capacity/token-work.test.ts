import { expect, it } from 'vitest';
import { comparisons, tokenWork } from '../../../src/capacity/token-work.ts';
import { LLAMA_3_2_1B } from '../../fakes/model-shapes.ts';

/** Llama-3.2-1B's published number of parameters, less the norms. */
const PARAMETERS = 1_235_746_816;

it('shares the bytes of a file out to its layers and its output', () => {
  const work = tokenWork(LLAMA_3_2_1B, PARAMETERS);
  expect(work?.outputBytes).toBeCloseTo(128_256 * 2048, -2);
  expect((work?.layerBytes ?? 0) + (work?.outputBytes ?? 0)).toBeCloseTo(PARAMETERS, -2);
  expect(work?.attention).toBe(16 * 32 * 64);
});

it('does not count a table of tokens that serves at the input alone', () => {
  const apart = tokenWork({ ...LLAMA_3_2_1B, tiedEmbeddings: false }, PARAMETERS + 128_256 * 2048);
  const tied = tokenWork(LLAMA_3_2_1B, PARAMETERS);
  expect(apart?.layerBytes).toBeCloseTo(tied?.layerBytes ?? 0, -2);
  expect(apart?.outputBytes).toBeCloseTo(tied?.outputBytes ?? 0, -2);
});

it('counts layers with a window no further than that', () => {
  const work = tokenWork(
    {
      ...LLAMA_3_2_1B,
      attention: { full: 4, sliding: 12, recurrent: 0, windowTokens: 512 },
      fullHeadDim: 128,
    },
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
  expect(tokenWork({ ...LLAMA_3_2_1B, [figure]: null }, PARAMETERS)).toBe(null);
});

it('says nothing of models with recurrent layers', () => {
  const attention = { full: 6, sliding: 0, recurrent: 10, windowTokens: null };
  expect(tokenWork({ ...LLAMA_3_2_1B, attention }, PARAMETERS)).toBe(null);
});
