import { expect, it } from 'vitest';
import type { ModelShape } from '#contracts/model-shape';
import { tokenWork, type TokenWork } from '../../../src/capacity/token-work.ts';
import { LLAMA_3_2_1B } from '../../fakes/model-shapes.ts';

/** Llama-3.2-1B's published number of parameters, less the norms. */
const PARAMETERS = 1_235_746_816;

/** Of weights in Q8_0. */
const bytes = (weights: number): number => (weights * 8.5) / 8;

const workOf = (shape: ModelShape, weights: number, parameters: number | null = null): TokenWork | null =>
  tokenWork({ shape, quantization: 'Q8_0', weightsBytes: bytes(weights), parameters, batchTokens: 8 });

it('shares the bytes of a file out to its layers and its output', () => {
  const work = workOf(LLAMA_3_2_1B, PARAMETERS);
  expect(work?.outputBytes).toBeCloseTo(bytes(128_256 * 2048), -2);
  expect((work?.layerBytes ?? 0) + (work?.outputBytes ?? 0)).toBeCloseTo(bytes(PARAMETERS), -2);
  expect(work?.attention).toBe(16 * 32 * 64);
});

it('does not count a table of tokens that serves at the input alone', () => {
  const apart = workOf({ ...LLAMA_3_2_1B, tiedEmbeddings: false }, PARAMETERS + 128_256 * 2048);
  const tied = workOf(LLAMA_3_2_1B, PARAMETERS);
  expect(apart?.layerBytes).toBeCloseTo(tied?.layerBytes ?? 0, -2);
  expect(apart?.outputBytes).toBeCloseTo(tied?.outputBytes ?? 0, -2);
});

it.each(['layers', 'heads', 'headDim', 'embeddingDim', 'vocabulary', 'attention'] as const)(
  'knows nothing where %s is not known',
  (figure) => {
    expect(workOf({ ...LLAMA_3_2_1B, [figure]: null }, PARAMETERS, PARAMETERS)).toBe(null);
  },
);

const table = 128_256 * 2048;

it.each(['kvHeads', 'feedForwardDim'] as const)('takes all but the table for layers without %s', (figure) => {
  const shape = { ...LLAMA_3_2_1B, [figure]: null };
  expect(workOf(shape, PARAMETERS)).toBe(null);
  const work = workOf(shape, PARAMETERS, PARAMETERS);
  expect(work?.outputBytes).toBeCloseTo(bytes(table), -2);
  expect(work?.layerBytes).toBeCloseTo(bytes(PARAMETERS - table), -2);
});

it('takes all but the tables for layers where some are recurrent', () => {
  const attention = { full: 6, sliding: 0, recurrent: 10, windowTokens: null };
  const shape = { ...LLAMA_3_2_1B, attention, tiedEmbeddings: false };
  expect(workOf(shape, 2e9)).toBe(null);
  const work = workOf(shape, 1e9, 1e9);
  expect(work?.outputBytes).toBeCloseTo(bytes(table), -2);
  expect(work?.layerBytes).toBeCloseTo(bytes(1e9 - 2 * table), -2);
  expect(work?.attention).toBe(6 * 32 * 64);
});

it('does not read tables of which a token takes one row', () => {
  const usual = workOf(LLAMA_3_2_1B, PARAMETERS, 1_240_000_000);
  expect(usual?.layerBytes).toBeCloseTo(bytes(PARAMETERS - table), -2);
  const perLayer = workOf(LLAMA_3_2_1B, 2 * PARAMETERS, 2 * PARAMETERS);
  expect(perLayer?.layerBytes).toBeCloseTo(bytes(PARAMETERS - table), -2);
});

it('takes the output of a four-bit model for what it is: six bits and a half', () => {
  const work = tokenWork({
    shape: LLAMA_3_2_1B,
    quantization: 'Q4_0',
    weightsBytes: ((PARAMETERS - table) * 4.5 + table * 6.5625) / 8,
    parameters: null,
    batchTokens: 8,
  });
  expect(work?.outputBytes).toBeCloseTo((table * 6.5625) / 8, -2);
  expect(work?.layerBytes).toBeCloseTo(((PARAMETERS - table) * 4.5) / 8, -2);
});
