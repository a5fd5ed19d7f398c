import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { present } from '#kernel/assert';
import type { Caveat } from '#contracts/capacity';
import type { Estimate } from '#contracts/estimate';
import type { KnownModel } from '../../../src/capacity/known-model.ts';
import { measuredSpeed } from '../../../src/capacity/measured-speed.ts';
import { predictSpeed, type Device, type SpeedPrediction } from '../../../src/capacity/predict-speed.ts';
import { CALIBRATION } from '../../../src/capacity/calibration.ts';
import { knownLlama } from '../../fakes/known-models.ts';
import { LLAMA_3_2_1B } from '../../fakes/model-shapes.ts';
import { calibrated, decodeMsOf, weightsOf } from '../../fakes/speed-measurements.ts';

const QUESTION = { promptTokens: 96, answerTokens: 64 };
const DEVICE: Device = {
  backend: 'cpu',
  threads: 2,
  measured: measuredSpeed(calibrated()),
  stable: true,
};

const predicted = (change: Partial<KnownModel> = {}, device: Partial<Device> = {}): SpeedPrediction =>
  predictSpeed(knownLlama(change), { ...DEVICE, ...device }, QUESTION);

const widthOf = ({ tokensPerSecond }: SpeedPrediction): number => {
  const { low, high } = present(tokensPerSecond, 'a speed');
  return high / low;
};
const isOrdered = ({ low, median, high }: Estimate): boolean => 0 < low && low <= median && median <= high;

/** The model that was measured itself. */
const WIDE = present(CALIBRATION.at(-1), 'calibration').shape;
const measuredModel = (): KnownModel => {
  const { layers, table } = weightsOf(WIDE);
  return knownLlama({
    shape: WIDE,
    quantization: 'Q4_0',
    parameters: layers + table,
    fileBytes: [(layers * 18) / 32 + (table * 6.5625) / 8],
  });
};

it('says nothing of speed before the device was measured', () => {
  expect(predicted({}, { measured: null })).toEqual({
    tokensPerSecond: null,
    ttft: null,
    pace: null,
    method: 'none',
    caveats: ['not-measured'],
  });
});

it('says nothing of a model whose dimensions nobody knows', () => {
  const shape = { ...LLAMA_3_2_1B, layers: null };
  expect(predicted({ shape })).toMatchObject({
    tokensPerSecond: null,
    method: 'none',
    caveats: ['shape-unknown'],
  });
});

it('tells what was measured of a model that was', () => {
  const found = predictSpeed(measuredModel(), DEVICE, { promptTokens: 96, answerTokens: 16 });
  expect(found).toMatchObject({ method: 'interpolated', caveats: [], pace: 'fluent' });
  const { layers } = weightsOf(WIDE);
  const decodeMs = decodeMsOf(WIDE, 'Q4_0');
  expect(present(found.tokensPerSecond, 'speed').median * decodeMs).toBeCloseTo(1000, 0);
  const prefillMs = 96 * ((0.25e-6 * layers) / 2 + 0.005 * 6);
  // 4 ms lie between question and engine.
  const { low, high } = present(found.ttft, 'ttft');
  expect(prefillMs + decodeMs + 4).toBeGreaterThan(low);
  expect(prefillMs + decodeMs + 4).toBeLessThan(high);
});

it('extrapolates beyond size and context of what was measured, and says from where on it is a guess', () => {
  expect(predicted()).toMatchObject({ method: 'extrapolated', caveats: ['beyond-measured'] });
  const long = predictSpeed(measuredModel(), DEVICE, { promptTokens: 4000, answerTokens: 16 });
  expect(long).toMatchObject({ method: 'extrapolated', caveats: ['beyond-measured'] });
  const longer = predictSpeed(measuredModel(), DEVICE, { promptTokens: 512, answerTokens: 16 });
  expect(longer).toMatchObject({ method: 'extrapolated', caveats: [] });
  expect(widthOf(long)).toBeGreaterThan(widthOf(longer));
});

describe('a caveat', () => {
  const attention = { full: 6, sliding: 0, recurrent: 10, windowTokens: null };
  const cases: readonly [Caveat, Partial<KnownModel>, Partial<Device>][] = [
    ['other-quantization', { quantization: 'Q5_K_M' }, {}],
    ['recurrent-layers', { shape: { ...LLAMA_3_2_1B, attention } }, {}],
    ['shared-layers', { shape: { ...LLAMA_3_2_1B, sharedKv: { full: 2, sliding: 0 } } }, {}],
    ['shared-layers', { shape: { ...LLAMA_3_2_1B, fullHeadDim: 128 } }, {}],
    ['shape-unknown', { shape: { ...LLAMA_3_2_1B, feedForwardDim: null } }, {}],
    ['unstable', {}, { stable: false }],
  ];

  it.each(cases)('%s makes the interval wider', (caveat, model, device) => {
    const found = predicted(model, device);
    expect(found.caveats).toEqual([caveat, 'beyond-measured']);
    expect(widthOf(found)).toBeGreaterThan(widthOf(predicted()));
  });

  it('adds to the others', () => {
    let before = predicted();
    let all: { model: Partial<KnownModel>; device: Partial<Device> } = { model: {}, device: {} };
    for (const [caveat, model, device] of cases) {
      if (before.caveats.includes(caveat)) continue;
      const shape = { ...(all.model.shape ?? LLAMA_3_2_1B), ...changeOf(model) };
      all = { model: { ...all.model, ...model, shape }, device: { ...all.device, ...device } };
      const after = predicted(all.model, all.device);
      expect(widthOf(after), caveat).toBeGreaterThan(widthOf(before));
      before = after;
    }
    expect(before.caveats).toHaveLength(6);
  });

  /** Of a shape, what is not as Llama has it. */
  const changeOf = ({ shape }: Partial<KnownModel>): Partial<KnownModel['shape']> =>
    Object.fromEntries(
      Object.entries(shape ?? {}).filter(
        ([name, value]) => value !== LLAMA_3_2_1B[name as keyof typeof LLAMA_3_2_1B],
      ),
    );
});

describe('the pace', () => {
  /** A device on which Llama 1B writes so fast, by its own prediction. */
  const atSpeed = (tokensPerSecond: number): SpeedPrediction => {
    const factor = present(predicted().tokensPerSecond, 'speed').median / tokensPerSecond;
    const { models } = calibrated();
    const slowed = models.map((model) => ({
      ...model,
      runs: model.runs.map((run) => ({ ...run, decodeMs: run.decodeMs * factor })),
    }));
    return predicted({}, { measured: measuredSpeed(calibrated({ models: slowed })) });
  };

  it.each([
    [5.01, 'fluent'],
    [4.99, 'slow'],
    [1.01, 'slow'],
    [0.99, 'very-slow'],
  ] as const)('at %d tokens a second is %s', (speed, pace) => {
    const found = atSpeed(speed);
    expect(present(found.tokensPerSecond, 'speed').median).toBeCloseTo(speed, 3);
    expect(found.pace).toBe(pace);
  });
});

it('has its median inside, whatever is asked of whatever model', () => {
  const models = fc.record({
    quantization: fc.constantFrom('Q4_0', 'Q8_0', 'Q4_K_M', 'Q6_K', 'IQ2_XS', 'F16', ''),
    bytes: fc.integer({ min: 1e6, max: 20e9 }),
    threads: fc.integer({ min: 1, max: 16 }),
    backend: fc.constantFrom('cpu' as const, 'webgpu' as const),
    promptTokens: fc.integer({ min: 1, max: 100_000 }),
    answerTokens: fc.integer({ min: 1, max: 10_000 }),
  });
  fc.assert(
    fc.property(models, ({ quantization, bytes, threads, backend, promptTokens, answerTokens }) => {
      const model = knownLlama({ quantization, fileBytes: [bytes], parameters: null });
      const device = { ...DEVICE, threads, backend };
      const { tokensPerSecond, ttft } = predictSpeed(model, device, { promptTokens, answerTokens });
      expect(isOrdered(present(tokensPerSecond, 'speed')) && isOrdered(present(ttft, 'ttft'))).toBe(true);
    }),
    { numRuns: 60 },
  );
});
