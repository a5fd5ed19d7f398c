import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { mostProbedBytes, nextBufferBytes } from '../../../../src/hardware/micro/memory-growth.ts';

const MIB = 2 ** 20;
const GIB = 2 ** 30;

/** Sizes of all buffers until it is enough. */
function grown(mostBytes: number, largestBytes: number): number[] {
  const sizes: number[] = [];
  for (let held = 0; ;) {
    const size = nextBufferBytes(held, mostBytes, largestBytes);
    if (size === 0) return sizes;
    sizes.push(size);
    held += size;
  }
}

describe('how much is probed', () => {
  it('is never more than three fifths of the memory that is told, nor 8 GiB', () => {
    expect(mostProbedBytes(4)).toBe(Math.floor(2.4 * GIB));
    expect(mostProbedBytes(32)).toBe(8 * GIB);
    expect(mostProbedBytes(0.25)).toBe(Math.floor(0.15 * GIB));
  });

  it.each([undefined, null, 0, -1, NaN, '8'])('is 8 GiB where the browser says %s', (told) => {
    expect(mostProbedBytes(told)).toBe(8 * GIB);
  });
});

describe('growth', () => {
  it('comes to the most within the last piece, never beyond it, in buffers that the device allows', () => {
    const bytes = fc.integer({ min: 1, max: 8192 }).map((mebibytes) => mebibytes * MIB);
    fc.assert(
      fc.property(bytes, bytes, (most, largest) => {
        const sizes = grown(most, largest);
        const held = sizes.reduce((sum, size) => sum + size, 0);
        expect(held).toBeLessThanOrEqual(most);
        if (largest >= 16 * MIB) expect(most - held).toBeLessThan(16 * MIB);
        expect(Math.max(0, ...sizes)).toBeLessThanOrEqual(Math.min(largest, 256 * MIB));
        // The step at which memory may end is small against what is held.
        expect(sizes.every((size) => size % (16 * MIB) === 0)).toBe(true);
      }),
    );
  });

  it('begins small, and takes 8 GiB in some forty buffers', () => {
    const sizes = grown(8 * GIB, 2 * GIB);
    expect(sizes[0]).toBe(64 * MIB);
    expect(sizes.length).toBeLessThan(48);
  });
});
