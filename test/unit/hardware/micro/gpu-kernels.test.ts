import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import {
  expectedMultiply,
  expectedRead,
  hashWord,
  multiplyKernel,
  PROOF_TOLERANCE,
  PROOF_TURNS,
  READ_ALIGN_BYTES,
  readBufferBytes,
  smallerReadBuffer,
  THREADS,
} from '../../../../src/hardware/micro/gpu-kernels.ts';

const MIB = 2 ** 20;

describe('what the graphics card must compute', () => {
  it('are words of which every bit is set half the time', () => {
    const words = Array.from({ length: 4096 }, (_, index) => hashWord(index));
    expect(new Set(words).size).toBeGreaterThan(4090);
    for (let bit = 0; bit < 32; bit += 1) {
      const set = words.filter((word) => ((word >>> bit) & 1) === 1).length;
      expect(Math.abs(set / 4096 - 0.5)).toBeLessThan(0.04);
    }
  });

  it('is the sum of the words that all threads read', () => {
    const sum = (from: number, words: number): number =>
      Array.from({ length: words }, (_, word) => hashWord(from + word)).reduce(
        (total, word) => (total + word) >>> 0,
        0,
      );
    expect(expectedRead(5, 1)).toBe(sum(20, 4 * THREADS));
  });

  it('is what the chains come to, step by step, and a step more or less shows', () => {
    const text = multiplyKernel('f32').code;
    const number = (name: string): number =>
      Number(new RegExp(`let ${name} = vec4<f32>\\(([0-9.]+)\\)`).exec(text)?.[1]);
    const starts = [0, 0.125, 0.25, 0.375].map((more) => 0.25 + more);
    const after = (steps: number): number =>
      starts.reduce((sum, start) => {
        let value = start;
        for (let step = 0; step < steps; step += 1) value = value * number('factor') + number('addend');
        return sum + 4 * value;
      }, 0);
    const expected = expectedMultiply(PROOF_TURNS);
    const steps = text.split('a = fma(').slice(1).length * PROOF_TURNS;
    expect(after(steps)).toBeCloseTo(expected, 10);
    for (const tolerance of Object.values(PROOF_TOLERANCE))
      for (const wrong of [steps - 1, steps + 1])
        expect(Math.abs(after(wrong) - expected)).toBeGreaterThan(tolerance * expected);
  });

  it('asks for 16-bit numbers only where it uses them', () => {
    expect(multiplyKernel('f16').code).toMatch(/^enable f16;/);
    expect(multiplyKernel('f32').code).not.toMatch(/f16/);
  });
});

describe('the buffer that is read', () => {
  it.each([
    ['a large card', { largestBytes: 4096 * MIB, deviceMemoryGiB: 32, fallback: false }, 512 * MIB],
    [
      'memory of which nothing is told',
      { largestBytes: 4096 * MIB, deviceMemoryGiB: undefined, fallback: false },
      512 * MIB,
    ],
    ['4 GiB of memory', { largestBytes: 4096 * MIB, deviceMemoryGiB: 4, fallback: false }, 256 * MIB],
    ['the lowest limits', { largestBytes: 128 * MIB, deviceMemoryGiB: 8, fallback: false }, 128 * MIB],
    ['a quarter of a GiB', { largestBytes: 128 * MIB, deviceMemoryGiB: 0.25, fallback: false }, 32 * MIB],
    ['a software adapter', { largestBytes: 4096 * MIB, deviceMemoryGiB: 32, fallback: true }, 64 * MIB],
  ])('of %s', (_, bounds, bytes) => {
    expect(readBufferBytes(bounds)).toBe(bytes);
  });

  it('is halved down to 32 MiB, in whole turns of the kernel', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 64 }), (turns) => {
        const smaller = smallerReadBuffer(turns * READ_ALIGN_BYTES);
        if (smaller === null) return;
        expect(smaller).toBeGreaterThanOrEqual(32 * MIB);
        expect(smaller % READ_ALIGN_BYTES).toBe(0);
        expect(smaller).toBeLessThan(turns * READ_ALIGN_BYTES);
      }),
    );
    expect(smallerReadBuffer(32 * MIB)).toBeNull();
  });
});
