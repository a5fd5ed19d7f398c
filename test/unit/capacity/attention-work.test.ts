import { describe, expect, it } from 'vitest';
import { decodeComparisons, promptComparisons } from '../../../src/capacity/attention-work.ts';
import type { TokenWork } from '../../../src/capacity/token-work.ts';

/** 20 layers of four heads, as the model has them whose times are below. */
const DEEP: TokenWork = {
  quantization: 'Q4_0',
  layerBytes: 9e6,
  outputBytes: 0.9e6,
  layers: 20,
  heads: 4,
  attention: 20 * 4 * 64,
  slidingAttention: 0,
  windowTokens: null,
  batchTokens: 8,
};
const cpu = (threads: number) => ({ backend: 'cpu', threads }) as const;
const CARD = { backend: 'webgpu', threads: 4 } as const;

/**
 * Context, tokens, and ms of a written token: medians of three, wllama 3.8.1 in Chromium, two cores with nothing else to do
 * (`prediction-pairs.ts`' own way of asking, 17 million parameters in Q4_0).
 */
const MEASURED = {
  1: [
    [20, 10.6],
    [84, 12.6],
    [180, 15],
    [238, 16.5],
    [288, 17.6],
    [388, 20.2],
    [500, 22.6],
    [628, 26.4],
    [756, 28.8],
    [1012, 34.9],
  ],
  2: [
    [20, 6.08],
    [84, 7.11],
    [180, 8.3],
    [238, 9.66],
    [288, 11.8],
    [388, 13.2],
    [500, 12.8],
    [628, 15.6],
    [756, 16.3],
    [1012, 19.3],
  ],
} as const;

describe('of a token that is written', () => {
  it.each([1, 2] as const)('explains what was measured with %d threads, at every length', (threads) => {
    const points = MEASURED[threads].map(
      ([context, ms]) => ({ work: decodeComparisons(DEEP, context, cpu(threads)), ms }) as const,
    );
    const [first, last] = [points[0], points.at(-1)];
    if (first === undefined || last === undefined) throw new Error('no points');
    const each = (last.ms - first.ms) / (last.work - first.work);
    for (const { work, ms } of points) {
      expect((first.ms + each * (work - first.work)) / ms).toBeGreaterThan(0.9);
      expect((first.ms + each * (work - first.work)) / ms).toBeLessThan(1.1);
    }
  });

  it('grows evenly on a card, and with one thread', () => {
    for (const place of [CARD, cpu(1)])
      expect(decodeComparisons(DEEP, 300, place)).toBe(3 * decodeComparisons(DEEP, 100, place));
  });

  it('leaves a thread more to do than another where the heads cannot be divided evenly', () => {
    expect(decodeComparisons({ ...DEEP, heads: 3 }, 90, cpu(2))).toBe((DEEP.attention * 90 * 2) / 3);
    expect(decodeComparisons(DEEP, 90, cpu(16))).toBe((DEEP.attention * 90) / 4);
  });

  it('looks no further than a window', () => {
    const windowed = { ...DEEP, attention: 4 * 128, slidingAttention: 12 * 64, windowTokens: 512 };
    expect(decodeComparisons(windowed, 100, cpu(1))).toBe(100 * (4 * 128 + 12 * 64));
    expect(decodeComparisons(windowed, 4096, cpu(1))).toBe(4 * 128 * 4096 + 12 * 64 * 512);
  });
});

describe('of a prompt', () => {
  it('compares each token with half of them', () => {
    expect(promptComparisons(DEEP, 200, cpu(2))).toBe(200 * 100 * DEEP.attention);
  });

  it('takes less for whole tiles, on the processor', () => {
    const tiled = { ...DEEP, batchTokens: 64 };
    const plain = promptComparisons(DEEP, 640, cpu(2));
    expect(promptComparisons(tiled, 640, cpu(2)) / plain).toBeCloseTo(0.2, 9);
    expect(promptComparisons(tiled, 96, cpu(2)) / promptComparisons(DEEP, 96, cpu(2))).toBeCloseTo(
      (64 * 0.2 + 32) / 96,
      9,
    );
    expect(promptComparisons(tiled, 640, CARD)).toBe(plain);
  });

  it('looks no further than a window', () => {
    const windowed = { ...DEEP, attention: 512, slidingAttention: 768, windowTokens: 256 };
    expect(promptComparisons(windowed, 2000, cpu(1))).toBe(2000 * (512 * 1000 + 768 * 256));
  });
});
