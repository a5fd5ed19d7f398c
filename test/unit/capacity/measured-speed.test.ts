import { describe, expect, it } from 'vitest';
import { present } from '#kernel/assert';
import type { MeasuredShape, SpeedMeasurement, SpeedRun, SyntheticQuantization } from '#contracts/capacity';
import type { ModelShape } from '#contracts/model-shape';
import { CALIBRATION } from '../../../src/capacity/calibration.ts';
import {
  batchTokens,
  isOfThisDevice,
  measuredSpeed,
  nearestQuantization,
  samplesOf,
} from '../../../src/capacity/measured-speed.ts';
import { syntheticModel, syntheticShape } from '../../../src/hardware/synthetic/synthetic-model.ts';
import { speedMeasurement } from '../../fakes/capacity-data.ts';
import { AGENTS } from '../../fakes/hardware-profiles.ts';

const WIDE = shapeOf('Q4_K_M');
const DEEP = shapeOf('Q4_0');

/** Of the first calibration model in it. */
function shapeOf(quantization: SyntheticQuantization): ModelShape {
  return present(CALIBRATION.find((model) => model.quantization === quantization)?.shape, quantization);
}

const run = (change: Partial<SpeedRun> = {}): SpeedRun => ({
  promptTokens: 8,
  prefillMs: 4,
  contextTokens: 16,
  decodeMs: 2,
  firstTokenMs: 7,
  ...change,
});

const model = (shape: ModelShape, change: Partial<MeasuredShape> = {}): MeasuredShape => ({
  shape,
  quantization: 'Q4_0',
  fileBytes: 16e6,
  memory: { contextTokens: 128, weightsBytes: 15e6, kvBytes: 1e6, computeBytes: 2e6 },
  loadMs: 200,
  runs: [
    run(),
    run({ promptTokens: 96, prefillMs: 40, contextTokens: 104, decodeMs: 2.5, firstTokenMs: 45 }),
  ],
  ...change,
});

const measurement = (...models: MeasuredShape[]): SpeedMeasurement => ({ ...speedMeasurement(), models });

describe('samples', () => {
  it('are the medians of the answers to each question, each figure by itself', () => {
    const runs = [
      run({ prefillMs: 5, decodeMs: 2 }),
      run({ promptTokens: 96, prefillMs: 40, contextTokens: 104, decodeMs: 3 }),
      run({ prefillMs: 4, decodeMs: 9 }),
      run({ prefillMs: 90, decodeMs: 2.2 }),
    ];
    const samples = samplesOf(measurement(model(WIDE, { runs })));
    expect(samples.map(({ work: _work, ...figures }) => figures)).toEqual([
      { promptTokens: 8, prefillMs: 5, contextTokens: 16, decodeMs: 2.2 },
      { promptTokens: 96, prefillMs: 40, contextTokens: 104, decodeMs: 3 },
    ]);
  });

  it('carry the work of their model, its bytes as the engine counted them', () => {
    const [sample] = samplesOf(measurement(model(WIDE, { quantization: 'Q8_0' })));
    const { work } = present(sample, 'a sample');
    expect(work).toMatchObject({ quantization: 'Q8_0', layers: 6, attention: 6 * 512 });
    expect(work.layerBytes + work.outputBytes).toBeCloseTo(15e6, 3);
  });

  it('leave out a model of which too little is known', () => {
    const unknown = { ...WIDE, embeddingDim: null };
    expect(samplesOf(measurement(model(unknown)))).toEqual([]);
  });

  it('count batches as the engine makes them: by bytes and threads on the CPU, in one size on a card', () => {
    expect(batchTokens('webgpu', 500e6, 2)).toBe(256);
    expect(batchTokens('cpu', 16e6, 2)).toBe(64);
    expect(batchTokens('cpu', 100e6, 4)).toBe(24);
    expect(batchTokens('cpu', 4e9, 1)).toBe(8);
    const card = { ...measurement(model(WIDE)), backend: 'webgpu' as const };
    expect(samplesOf(card)[0]?.work.batchTokens).toBe(256);
  });
});

describe('measuredSpeed', () => {
  it('needs two models', () => {
    expect(measuredSpeed(measurement(model(WIDE)))).toBeNull();
    const unknown = { ...DEEP, vocabulary: null };
    expect(measuredSpeed(measurement(model(WIDE), model(unknown)))).toBeNull();
    expect(measuredSpeed(measurement(model(WIDE), model(DEEP)))).not.toBeNull();
  });

  it('names the sizes that were run, smallest first and each once, as those models have them', () => {
    const speed = measuredSpeed(measurement(model(WIDE), model(DEEP), model(WIDE, { quantization: 'Q8_0' })));
    const built = [DEEP, WIDE].map((shape) => {
      const known = syntheticShape(shape);
      if (!known.ok) throw new Error(known.error.code);
      const made = syntheticModel(known.value, { quantization: 'Q4_0', seed: 1, contextTokens: 128 });
      if (!made.ok) throw new Error(made.error.code);
      return made.value.parameters;
    });
    const { parameters } = present(speed, 'a speed');
    expect(parameters).toHaveLength(2);
    // All but the scales of the norms: one value a row.
    for (const [index, parameter] of parameters.entries()) {
      expect(parameter).toBeLessThanOrEqual(built[index] ?? NaN);
      expect(parameter / (built[index] ?? NaN)).toBeGreaterThan(0.999);
    }
  });

  it('counts the table of tokens twice where the output has its own', () => {
    const untied = { ...WIDE, tiedEmbeddings: false };
    const speed = measuredSpeed(measurement(model(WIDE), model(untied)));
    const [tied = NaN, own = NaN] = speed?.parameters ?? [];
    expect(own - tied).toBe(16_384 * 512);
  });

  it('takes for overhead what prompt and token leave of the time to the first token, never less than none', () => {
    const first = (firstTokenMs: number): SpeedRun => run({ firstTokenMs });
    const overhead = (...times: number[]): number | undefined =>
      measuredSpeed(measurement(model(WIDE, { runs: times.map(first) }), model(DEEP, { runs: [first(9)] })))
        ?.overheadMs;
    expect(overhead(7, 7.5)).toBe(1.5); // of 1, 1.5 and 3
    expect(overhead(1, 2)).toBe(0);
  });

  it('answers for the models that it was fitted to', () => {
    const faster = { contextTokens: 128, weightsBytes: 9e6, kvBytes: 1e6, computeBytes: 2e6 };
    const of = measurement(model(WIDE), model(DEEP, { memory: faster }));
    const speed = present(measuredSpeed(of), 'a speed');
    for (const { decodeMs, ...question } of samplesOf(of)) {
      const { median } = present(speed.model.predict(question), 'a prediction').decodeMs;
      expect(median).toBeGreaterThan(0.5 * decodeMs);
      expect(median).toBeLessThan(2 * decodeMs);
    }
  });
});

describe('isOfThisDevice', () => {
  const on = (userAgent: string, change: Partial<SpeedMeasurement> = {}): SpeedMeasurement => ({
    ...speedMeasurement(),
    threads: 4,
    userAgent,
    ...change,
  });

  it('is true for as many threads and the same major version, whatever else the agent says', () => {
    for (const agent of Object.values(AGENTS)) expect(isOfThisDevice(on(agent), 4, agent)).toBe(true);
    const patched = AGENTS.chromeWindows.replace('147.0.0.0', '147.0.7.1');
    expect(isOfThisDevice(on(AGENTS.chromeWindows), 4, patched)).toBe(true);
    expect(isOfThisDevice(on('curl'), 4, 'curl')).toBe(true);
  });

  it('is false for other threads, unless a card did the work', () => {
    expect(isOfThisDevice(on(AGENTS.chromeWindows), 2, AGENTS.chromeWindows)).toBe(false);
    const card = on(AGENTS.chromeWindows, { backend: 'webgpu' });
    expect(isOfThisDevice(card, 2, AGENTS.chromeWindows)).toBe(true);
    expect(isOfThisDevice(card, 2, AGENTS.oldChromeWindows)).toBe(false);
  });

  it.each([
    ['another version', AGENTS.chromeWindows, AGENTS.oldChromeWindows],
    ['another browser', AGENTS.chromeWindows, AGENTS.firefoxLinux],
    ['Edge on the same Chromium', AGENTS.edge, AGENTS.edge.replace(/ Edg\/.*$/, '')],
    ['an agent without a version', 'curl', 'wget'],
    [
      'a web view, which calls every version 4.0',
      AGENTS.chromeAndroid.replace('Chrome/', 'Version/4.0 Chrome/'),
      AGENTS.chromeAndroid.replace('Chrome/147', 'Version/4.0 Chrome/148'),
    ],
    ['another Safari', AGENTS.safariIphone, AGENTS.safariIphone.replace('Version/26', 'Version/27')],
  ])('is false for %s', (_what, then, now) => {
    expect(isOfThisDevice(on(then), 4, now)).toBe(false);
  });
});

describe('nearestQuantization', () => {
  const ALL = new Set(['Q4_0', 'Q8_0', 'Q4_K_M'] as const);

  it.each([
    ['Q4_0', 'Q4_0', true],
    ['Q8_0', 'Q8_0', true],
    ['Q4_K_M', 'Q4_K_M', true],
    ['Q5_0', 'Q4_0', false],
    ['Q6_K', 'Q4_K_M', false],
    ['Q5_K_S', 'Q4_K_M', false],
    ['IQ4_XS', 'Q4_K_M', false],
    ['F16', 'Q8_0', false],
    ['BF16', 'Q8_0', false],
    ['F32', 'Q8_0', false],
    ['something else', 'Q4_0', false],
  ] as const)('takes %s for %s', (name, quantization, exact) => {
    expect(nearestQuantization(name, ALL)).toEqual({ quantization, exact });
  });

  it('takes what was measured where the nearest was not, and says that it is not the same', () => {
    const few = new Set(['Q4_K_M', 'Q4_0'] as const);
    expect(nearestQuantization('Q8_0', few)).toEqual({ quantization: 'Q4_K_M', exact: false });
    expect(nearestQuantization('Q4_0', new Set())).toBeNull();
  });
});
