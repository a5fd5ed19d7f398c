import { describe, expect, it } from 'vitest';
import { SYNTHETIC_QUANTIZATIONS } from '#contracts/capacity';
import {
  CALIBRATION,
  CALIBRATION_ANSWER_TOKENS,
  calibrationContext,
} from '../../../src/capacity/calibration.ts';
import {
  syntheticModel,
  syntheticShape,
  type SyntheticModel,
} from '../../../src/hardware/synthetic/synthetic-model.ts';

/** Blocks of llama.cpp's k-quantizations. */
const LARGEST_BLOCK_WEIGHTS = 256;
const MOST_PARAMETERS = 40e6;

function built(model: (typeof CALIBRATION)[number], quantization = model.quantization): SyntheticModel {
  const shape = syntheticShape(model.shape);
  if (!shape.ok) throw new Error(shape.error.code);
  const made = syntheticModel(shape.value, {
    quantization,
    seed: 1,
    contextTokens: calibrationContext(model),
  });
  if (!made.ok) throw new Error(JSON.stringify(made.error));
  return made.value;
}

describe.each(CALIBRATION.map((model, index) => ({ index, model, name: model.quantization })))(
  'calibration model $index ($name)',
  ({ model }) => {
    it('can be built in every quantization, and is small enough to be built while somebody waits', () => {
      for (const quantization of SYNTHETIC_QUANTIZATIONS) {
        const { parameters, sizeBytes } = built(model, quantization);
        expect(parameters).toBeLessThanOrEqual(MOST_PARAMETERS);
        expect(parameters).toBeGreaterThan(1e6);
        expect(sizeBytes).toBeLessThan(2 * MOST_PARAMETERS);
      }
    });

    it('has rows of whole blocks, so that no matrix falls back to another type', () => {
      const { embeddingDim, feedForwardDim, heads, headDim } = model.shape;
      for (const length of [embeddingDim, feedForwardDim, (heads ?? NaN) * (headDim ?? NaN)])
        expect((length ?? NaN) % LARGEST_BLOCK_WEIGHTS).toBe(0);
    });

    it('has room in its context for the longest prompt and its answer', () => {
      const { prompts, longPrompt } = model;
      const longest = Math.max(longPrompt ?? 0, ...prompts);
      expect(calibrationContext(model)).toBeGreaterThanOrEqual(longest + CALIBRATION_ANSWER_TOKENS);
      expect(calibrationContext(model)).toBeLessThan(longest + 4 * CALIBRATION_ANSWER_TOKENS);
      expect(prompts.length).toBeGreaterThanOrEqual(2);
    });
  },
);

describe('the calibration models', () => {
  it('tell bytes, layers and fixed costs apart with the three that are always run', () => {
    const [tiny, ...others] = CALIBRATION.slice(0, 3);
    if (tiny === undefined) throw new Error('none');
    expect(new Set([tiny, ...others].map(({ quantization }) => quantization)).size).toBe(1);
    const perLayer = others.map((each) => built(each).sizeBytes / (each.shape.layers ?? NaN));
    expect(Math.max(...perLayer) / Math.min(...perLayer)).toBeGreaterThan(3);
    for (const other of others) {
      expect(other.shape.layers ?? 0).toBeGreaterThan(2 * (tiny.shape.layers ?? NaN));
      expect(built(other).sizeBytes).toBeGreaterThan(4 * built(tiny).sizeBytes);
    }
  });

  it('cover every quantization, and one shape in all of them', () => {
    expect(new Set(CALIBRATION.map(({ quantization }) => quantization))).toEqual(
      new Set(SYNTHETIC_QUANTIZATIONS),
    );
    const wide = CALIBRATION.at(-1)?.shape;
    const ofWide = CALIBRATION.filter(({ shape }) => shape === wide).map(({ quantization }) => quantization);
    expect(new Set(ofWide)).toEqual(new Set(SYNTHETIC_QUANTIZATIONS));
  });

  it('ask at least one long question', () => {
    expect(CALIBRATION.filter(({ longPrompt }) => longPrompt !== null)).toHaveLength(1);
  });
});
