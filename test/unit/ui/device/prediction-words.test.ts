import { describe, expect, it } from 'vitest';
import { CAVEATS } from '#contracts/capacity';
import {
  caveatWords,
  measuredOnWords,
  memoryPartWords,
  modelFacts,
  recordWords,
  verdictLine,
  verdictWords,
} from '../../../../src/ui/device/prediction-words.ts';
import { prediction, predictionVerdict, predictReport } from '../../../fakes/capacity-data.ts';

const NBSP = '\u00a0';

describe('a model', () => {
  it('says what is to be fetched, what is here, and what nobody tells', () => {
    expect(modelFacts(prediction())).toBe(
      `LFM · 742.5${NBSP}M parameters · Q4_K_M · 468.6${NBSP}MB to fetch`,
    );
    expect(modelFacts(prediction({ installed: true }))).toContain('on this device');
    expect(modelFacts(prediction({ family: '', parameters: null, sizeBytes: null }))).toBe(
      'Q4_K_M · size not told',
    );
  });

  it('has a sentence for every caveat', () => {
    const words = caveatWords(prediction({ caveats: [...CAVEATS] }), true);
    // An unsteady measurement is said above the list.
    expect(new Set(words).size).toBe(CAVEATS.length - 1);
    for (const sentence of words) expect(sentence).toMatch(/^[A-Z].*\.$/);
  });

  it('that was measured itself says so, and whether that was steady', () => {
    expect(caveatWords(prediction({ method: 'measured' }), true)).toEqual([
      'Measured here, with weights of random numbers.',
    ]);
    expect(caveatWords(prediction({ method: 'measured', caveats: ['unstable'] }), true)[1]).toContain(
      'disturbed',
    );
  });

  it('does not repeat what stands above the list of a device that was not measured', () => {
    expect(caveatWords(prediction({ caveats: ['not-measured'] }), false)).toEqual([]);
    expect(caveatWords(prediction({ caveats: ['not-measured'] }), true)).toHaveLength(1);
  });

  it.each([
    ['runs-well', 'fluent', 'Runs well'],
    ['runs-well', null, 'Runs well'],
    ['runs-well', 'slow', 'Fits, slow'],
    ['runs-well', 'very-slow', 'Fits, very slow'],
    ['tight', 'very-slow', 'Tight'],
    ['will-not-fit', 'slow', 'Will not fit'],
  ] as const)('calls %s at a %s pace "%s"', (fits, pace, words) => {
    expect(verdictWords({ fits, pace })).toBe(words);
  });

  it('says of dimensions that are not known what follows from it', () => {
    const sentence = (change: Parameters<typeof prediction>[0]): string | undefined =>
      caveatWords(prediction({ caveats: ['shape-unknown'], ...change }), true)[0];
    expect(sentence({})).toContain('Wider interval');
    expect(sentence({ tokensPerSecond: null })).toContain('cannot be reckoned');
  });

  it('names the parts of its memory, where they are known', () => {
    expect(memoryPartWords(prediction())).toContain(`4,096 tokens of context 48${NBSP}MiB`);
    expect(memoryPartWords(prediction({ memoryParts: null }))).toBe('');
    expect(memoryPartWords(prediction())).not.toContain('50 questions');
    const words = memoryPartWords(prediction({ conversationBytes: 800 * 2 ** 20 }));
    expect(words).toMatch(/; 50 questions, one after the other, add up to 800.MiB$/);
  });
});

describe('a measurement', () => {
  it('says when, on what and how long', () => {
    const { measuredOn } = predictReport();
    if (measuredOn === null) throw new Error('was measured');
    const words = measuredOnWords(measuredOn);
    expect(words).toContain(`on 2${NBSP}threads, in 24${NBSP}s`);
    expect(words).toContain(`7.9${NBSP}M and 33.0${NBSP}M parameters`);
    expect(measuredOnWords({ ...measuredOn, backend: 'webgpu' })).toContain('on the graphics card');
  });
});

describe('what became of a prediction', () => {
  it('stands beside it in its unit', () => {
    expect(verdictLine(predictionVerdict())).toEqual({
      title: 'SmolLM2 360M Instruct, writing',
      predicted: `31.0${NBSP}tokens/s (28.0 to 33.0)`,
      measured: `29.6${NBSP}tokens/s`,
      inside: true,
    });
  });

  it('says when it was outside, on either side', () => {
    expect(verdictLine(predictionVerdict({ measured: 27.9 })).inside).toBe(false);
    expect(verdictLine(predictionVerdict({ measured: 33.1 })).inside).toBe(false);
    expect(verdictLine(predictionVerdict({ measured: 33 })).inside).toBe(true);
  });

  it('is bytes where memory was measured', () => {
    const line = verdictLine(
      predictionVerdict({
        what: 'memory',
        predicted: { low: 2 ** 30, median: 2 ** 30, high: 2 ** 30 },
        measured: 2 ** 29,
      }),
    );
    expect(line.measured).toBe(`512${NBSP}MiB`);
  });

  it('is summed up with its promise, memory apart from speed', () => {
    const kinds = [
      { what: 'decode', runs: 4, medianError: 0.062, covered: 0.75 },
      { what: 'memory', runs: 1, medianError: 0.001, covered: 1 },
    ] as const;
    const [speed, memory] = recordWords({ kinds });
    expect(speed).toMatch(/^Speed of writing: 4.comparisons/);
    expect(speed).toContain(`at most 6${NBSP}% off, and 75${NBSP}% lay inside`);
    expect(memory).toMatch(/^Memory, by the engine’s own account: 1.comparison /);
    expect(recordWords({ kinds: [{ what: 'decode', runs: 1, medianError: null, covered: 0 }] })).toEqual([]);
  });
});
