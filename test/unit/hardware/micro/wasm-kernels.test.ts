import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { seededRandom } from '#kernel/random';
import { signed, unsigned } from '../../../../src/hardware/micro/wasm-encoder.ts';
import {
  expectedMultiply,
  expectedRead,
  READ_STRIDE_BYTES,
  wasmKernels,
} from '../../../../src/hardware/micro/wasm-kernels.ts';

describe.each([true, false])('the kernels over a memory (shared: %s)', (shared) => {
  const memory = new WebAssembly.Memory({ initial: 2, maximum: 2, shared });

  it('read every word of a range and none beside it', async () => {
    const kernels = await wasmKernels(memory, shared);
    const words = new Uint32Array(memory.buffer);
    const random = seededRandom(1);
    words.forEach((_, index) => {
      words[index] = Math.floor(random() * 2 ** 32);
    });
    const strides = words.byteLength / READ_STRIDE_BYTES;
    fc.assert(
      fc.property(fc.nat(strides - 1), fc.nat(strides - 1), (first, second) => {
        const from = Math.min(first, second) * READ_STRIDE_BYTES;
        const to = (Math.max(first, second) + 1) * READ_STRIDE_BYTES;
        expect(kernels.read(from, to)).toBe(expectedRead(words.subarray(from / 4, to / 4)));
      }),
    );
  });

  it('multiply and add exactly as 32-bit arithmetic does, and stay normal for ever', async () => {
    const kernels = await wasmKernels(memory, shared);
    for (const [turns, start] of [
      [1, 0.5],
      [2, 0.5],
      [777, 3.25],
    ] as const)
      expect(kernels.multiply(turns, start)).toBe(expectedMultiply(turns, start));
    expect(expectedMultiply(1, 0.5)).not.toBe(expectedMultiply(2, 0.5));
    // 12 chains of 4 lanes, each at 2.
    expect(kernels.multiply(1_000_000, 0.5)).toBeCloseTo(96, 0);
  });
});

it('encodes numbers as LEB128 does', () => {
  // The examples of the DWARF standard, §7.6.
  expect([2, 127, 128, 129, 12_857].map(unsigned)).toEqual([[2], [127], [128, 1], [129, 1], [185, 100]]);
  expect([2, -2, 127, -127, 128, -128, 129, -129].map(signed)).toEqual([
    [2],
    [0x7e],
    [0xff, 0],
    [0x81, 0x7f],
    [0x80, 1],
    [0x80, 0x7f],
    [0x81, 1],
    [0xff, 0x7e],
  ]);
});
