import { describe, expect, it } from 'vitest';
import { seededRandom } from '#kernel/random';
import { halfBits, matrixType, randomBlocks } from '../../../../src/hardware/synthetic/tensor-types.ts';

function halfValue(bits: number): number {
  const exponent = (bits >> 10) & 31;
  const mantissa = bits & 1023;
  return exponent === 0 ? mantissa * 2 ** -24 : (1 + mantissa / 1024) * 2 ** (exponent - 15);
}

it.each([1, 0.5, 0.004, 0.000_25, 0.000_026, 2 ** -14, 1.9999, 65_000])(
  '%d survives in half precision',
  (value) => {
    // Half a step of the mantissa; below the normal numbers, half of their fixed step.
    expect(Math.abs(halfValue(halfBits(value)) - value)).toBeLessThanOrEqual(
      Math.max(value / 2048, 2 ** -25),
    );
  },
);

describe('the recipe', () => {
  const layers = 16;
  const sensitive = (role: 'value' | 'down'): number[] =>
    Array.from({ length: layers }, (_, layer) => layer).filter(
      (layer) => matrixType('Q4_K_M', 512, role, layer, layers).name === 'Q6_K',
    );

  it('gives the first, the last and every third layer between more bits', () => {
    expect(sensitive('down')).toEqual([0, 1, 4, 7, 10, 13, 14, 15]);
    expect(sensitive('value')).toEqual(sensitive('down'));
  });

  it.each([
    ['Q4_K_M', 512, 'output', 'Q6_K'],
    ['Q4_K_M', 512, 'other', 'Q4_K'],
    ['Q4_K_M', 576, 'output', 'Q8_0'],
    ['Q4_K_M', 576, 'other', 'Q5_0'],
    ['Q4_0', 512, 'output', 'Q6_K'],
    ['Q4_0', 576, 'output', 'Q8_0'],
    ['Q4_0', 576, 'other', 'Q4_0'],
    ['Q8_0', 576, 'output', 'Q8_0'],
  ] as const)('makes of %s, rows of %i, %s: %s', (quantization, rowLength, role, name) => {
    expect(matrixType(quantization, rowLength, role).name).toBe(name);
  });
});

it.each(['Q4_0', 'Q8_0', 'Q4_K_M'] as const)(
  'blocks of %s hold their scales, and random bytes besides',
  (name) => {
    const of = matrixType(name, 512, 'other');
    const bytes = randomBlocks(of, seededRandom(3));
    const view = new DataView(bytes.buffer);
    expect(bytes.length % of.blockBytes).toBe(0);
    for (let block = 0; block < bytes.length; block += of.blockBytes)
      for (const { at, value } of of.scales) expect(view.getUint16(block + at, true)).toBe(halfBits(value));
    const counts = new Uint32Array(256);
    for (const byte of bytes) counts[byte] = (counts[byte] ?? 0) + 1;
    expect(Math.min(...counts)).toBeGreaterThan((0.8 * bytes.length) / 256);
  },
);
