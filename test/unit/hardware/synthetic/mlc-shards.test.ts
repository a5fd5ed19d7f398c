import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { seededRandom } from '#kernel/random';
import {
  contentOf,
  piecesOf,
  SHARD_BYTES,
  shardsOf,
  WeightPools,
} from '../../../../src/hardware/synthetic/mlc-shards.ts';
import type { MlcTensor } from '../../../../src/hardware/synthetic/mlc-tensors.ts';

const tensor = (words: number, index = 0): MlcTensor => ({
  name: `layer.${index}.q_weight`,
  shape: [words],
  dtype: 'uint32',
  nbytes: words * 4,
});

const SIZES = fc.array(fc.oneof(fc.integer({ min: 1, max: 4e6 }), fc.integer({ min: 6e6, max: 3e7 })), {
  minLength: 1,
  maxLength: 30,
});

describe('shards', () => {
  it('hold all tensors in their order, one after the other, and within the limit unless a tensor alone is larger', () => {
    fc.assert(
      fc.property(SIZES, (sizes) => {
        const tensors = sizes.map(tensor);
        const shards = shardsOf(tensors);
        expect(shards.flatMap((shard) => shard.tensors.map((each) => each.tensor))).toEqual(tensors);
        expect(new Set(shards.map(({ name }) => name)).size).toBe(shards.length);
        for (const { sizeBytes, tensors: members } of shards) {
          expect(sizeBytes <= SHARD_BYTES || members.length === 1).toBe(true);
          let end = 0;
          for (const { tensor: member, byteOffset } of members) {
            expect(byteOffset).toBe(end);
            end += member.nbytes;
          }
          expect(end).toBe(sizeBytes);
        }
      }),
    );
  });

  it('are filled by pieces that add up to each tensor and lie within their pool', () => {
    const pools = new WeightPools(1);
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2e7 }), fc.integer(), (words, seed) => {
        const pieces = piecesOf(tensor(words), seededRandom(seed));
        expect(pieces.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)).toBe(words * 4);
        for (const { content, fromByte, sizeBytes } of pieces) {
          expect(fromByte % 4).toBe(0);
          expect(sizeBytes).toBeGreaterThan(0);
          expect(fromByte + sizeBytes).toBeLessThanOrEqual(pools.of(content).length);
        }
      }),
    );
  });
});

/** Of 16 bits, by the standard's definition (IEEE 754 binary16). */
function half(bits: number): number {
  const [exponent, fraction] = [(bits >> 10) & 31, bits & 1023];
  const size = exponent === 0 ? (fraction / 1024) * 2 ** -14 : (1 + fraction / 1024) * 2 ** (exponent - 15);
  return (bits & 0x8000 ? -1 : 1) * (exponent === 31 ? Number.NaN : size);
}

const numbersOf = (dtype: MlcTensor['dtype'], pool: Uint8Array<ArrayBuffer>): readonly number[] =>
  dtype === 'float16' ? [...new Uint16Array(pool.buffer)].map(half) : [...new Float32Array(pool.buffer)];

describe('weights', () => {
  it.each([
    ['model.norm.weight', 'float16', 1, 1],
    ['transformer.h.0.ln_1.weight', 'float16', 1, 1],
    ['encoder.layer.0.output.LayerNorm.weight', 'float32', 1, 1],
    ['attn.c_attn.bias', 'float16', 0, 0],
    ['attn.c_attn.bias', 'float32', 0, 0],
    ['mlp.gate_up_proj.q_scale', 'float16', 2 ** -8, 2 ** -7],
    ['mlp.gate_up_proj.q_scale', 'float32', 2 ** -8, 2 ** -7],
    ['lm_head.weight', 'float16', -(2 ** -4), 2 ** -4],
    ['lm_head.weight', 'float32', -(2 ** -4), 2 ** -4],
  ] as const)('of %s in %s lie between %d and %d, all of them numbers', (name, dtype, least, most) => {
    const numbers = numbersOf(dtype, new WeightPools(3).of(contentOf({ name, dtype })));
    expect(numbers.every((each) => each >= least && each <= most)).toBe(true);
    if (least !== most) expect(new Set(numbers.slice(0, 1000)).size).toBeGreaterThan(300);
  });

  it('in words are random bits, the same for the same seed and others for another', () => {
    const words = new WeightPools(3).of(contentOf({ name: 'a.q_weight', dtype: 'uint32' }));
    expect(new Set(words.subarray(0, 4096)).size).toBe(256);
    expect(Buffer.compare(new WeightPools(3).of('words'), words)).toBe(0);
    expect(Buffer.compare(new WeightPools(4).of('words'), words)).not.toBe(0);
  });
});
