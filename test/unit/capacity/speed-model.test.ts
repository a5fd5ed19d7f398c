import { describe, expect, it } from 'vitest';
import { seededRandom, type Random } from '#kernel/random';
import { SpeedModel, type SpeedQuestion, type SpeedSample } from '../../../src/capacity/speed-model.ts';
import type { TokenWork } from '../../../src/capacity/token-work.ts';

const work = (
  megabytes: number,
  layers: number,
  heads: number,
  quantization: TokenWork['quantization'] = 'Q4_0',
): TokenWork => ({
  quantization,
  batchTokens: megabytes > 50 ? 8 : 32,
  layerBytes: 0.8 * megabytes * 1e6,
  outputBytes: 0.2 * megabytes * 1e6,
  layers,
  heads,
  attention: layers * heads * 64,
  slidingAttention: 0,
  windowTokens: null,
});

/** Time of a byte of weights in a token, ms. */
const UNPACKING = { Q4_0: 1e-6, Q8_0: 0.5e-6, Q4_K_M: 0.8e-6 } as const;

/**
 * A device: 1 GB/s in Q4_0, 0.1 ms a layer, 5 ns a comparison, 1 ms of its own; prompts at 1.5 GB/s, and 0.4 ms for each
 * MB of each batch and 0.05 for each of its layers.
 */
function measured({
  work: of,
  promptTokens,
  contextTokens,
}: SpeedQuestion): Omit<SpeedSample, keyof SpeedQuestion> {
  const half = promptTokens / 2;
  const batches = Math.ceil(promptTokens / of.batchTokens);
  const byte = UNPACKING[of.quantization];
  return {
    decodeMs:
      (of.layerBytes + of.outputBytes) * byte + 0.1 * of.layers + 5e-6 * of.attention * contextTokens + 1,
    prefillMs:
      promptTokens * ((of.layerBytes * byte) / 1.5 + 5e-6 * of.attention * half) +
      (batches * of.layerBytes + of.outputBytes) * 0.4e-6 +
      batches * of.layers * 0.05 +
      promptTokens * of.layers * 0.01,
  };
}

const ONE_THREAD = { backend: 'cpu', threads: 1 } as const;

const SMALL = [
  work(10, 20, 4),
  work(14, 12, 6),
  work(27, 6, 10),
  work(25, 6, 8, 'Q8_0'),
  work(15, 6, 8, 'Q4_K_M'),
];
const LARGE = work(400, 32, 15);

function samples(noise: () => number): SpeedSample[] {
  return SMALL.flatMap((of) =>
    [40, 128, 512].map((contextTokens) => {
      const question = { work: of, promptTokens: contextTokens - 24, contextTokens };
      const { decodeMs, prefillMs } = measured(question);
      return { ...question, decodeMs: decodeMs * noise(), prefillMs: prefillMs * noise() };
    }),
  );
}

/** A share that varies by some percent (sum of twelve: Irwin–Hall). */
const noiseOf = (random: Random, spread: number) => () => {
  let sum = -6;
  for (let draw = 0; draw < 12; draw += 1) sum += random();
  return Math.exp(spread * sum);
};

const question = (of: TokenWork, contextTokens: number): SpeedQuestion => ({
  work: of,
  promptTokens: contextTokens - 24,
  contextTokens,
});

it('finds what a device is like, and tells of models that were never there', () => {
  const model = new SpeedModel(
    samples(() => 1),
    ONE_THREAD,
  );
  for (const of of [LARGE, work(700, 30, 24, 'Q8_0'), work(900, 40, 20, 'Q4_K_M')]) {
    for (const contextTokens of [128, 1024, 4096]) {
      const asked = question(of, contextTokens);
      const truth = measured(asked);
      const { decodeMs, prefillMs } = model.predict(asked);
      expect(decodeMs.median / truth.decodeMs).toBeCloseTo(1, 6);
      expect(prefillMs.median / truth.prefillMs).toBeCloseTo(1, 6);
    }
  }
});

describe('the interval', () => {
  const widthOf = (model: SpeedModel, of: TokenWork): number => {
    const { high, low } = model.predict(question(of, 128)).decodeMs;
    return high / low;
  };

  it('holds nine of ten measurements, or more, where these vary by 3 percent', () => {
    const random = seededRandom(11);
    const noise = noiseOf(random, 0.03);
    let inside = 0;
    const trials = 400;
    for (let trial = 0; trial < trials; trial += 1) {
      const { low, high } = new SpeedModel(samples(noise), ONE_THREAD).predict(
        question(work(80, 30, 9), 128),
      ).decodeMs;
      const found = measured(question(work(80, 30, 9), 128)).decodeMs * noise();
      if (found >= low && found <= high) inside += 1;
    }
    expect(inside / trials).toBeGreaterThan(0.85);
  });

  it('is wider the further a model is from what was measured, and the more that varied', () => {
    const exact = new SpeedModel(
      samples(() => 1),
      ONE_THREAD,
    );
    expect(widthOf(exact, LARGE)).toBeGreaterThan(widthOf(exact, SMALL[1] ?? LARGE));
    const rough = new SpeedModel(samples(noiseOf(seededRandom(3), 0.2)), ONE_THREAD);
    expect(widthOf(rough, LARGE)).toBeGreaterThan(widthOf(exact, LARGE));
  });

  it('has the median in it', () => {
    const { decodeMs, prefillMs } = new SpeedModel(
      samples(() => 1),
      ONE_THREAD,
    ).predict(question(LARGE, 1024));
    for (const { low, median, high } of [decodeMs, prefillMs]) {
      expect(low).toBeGreaterThan(0);
      expect(low).toBeLessThan(median);
      expect(median).toBeLessThan(high);
    }
  });
});

it('lets no part of the time be less than nothing, however wild the measurements are', () => {
  const random = seededRandom(5);
  for (let trial = 0; trial < 50; trial += 1) {
    const model = new SpeedModel(
      samples(() => 0.2 + 3 * random()),
      ONE_THREAD,
    );
    const [near, far] = [128, 4096].map((context) => model.predict(question(LARGE, context)).decodeMs.median);
    expect(near).toBeGreaterThan(0);
    expect(far).toBeGreaterThanOrEqual(near ?? NaN);
  }
});
