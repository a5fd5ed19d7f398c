import { describe, expect, it } from 'vitest';
import type { FitVerdict } from '#contracts/model-fit';
import { heapFit, memoryFit } from '../../../src/capacity/memory-fit.ts';
import { predictMemory } from '../../../src/capacity/memory-model.ts';
import { memoryOutcomes, questionOf, type RecordedLimit } from '../../fakes/memory-outcomes.ts';
import { profile } from '../../fakes/hardware-profiles.ts';

const MIB = 2 ** 20;
const { limits } = memoryOutcomes();
const worked = (row: RecordedLimit): boolean => row.failedAt === null;

/** The memory of the device is no limit here; how far the engine's may grow is. */
const device = profile({ deviceMemoryGiB: 64, features: { ...profile({}).features, jspi: true } });

const verdictOf = (row: RecordedLimit): FitVerdict => {
  const { shape, fileBytes, contextTokens } = questionOf(row, 'cpu');
  const demand = {
    weightsBytes: fileBytes,
    largestFileBytes: fileBytes,
    contextTokens,
    cacheBytes: null,
    shape,
  };
  return memoryFit(device, demand, false, row.limitMiB * MIB).verdict;
};

describe('real engines whose memory could not grow beyond a limit', () => {
  it('are many, and some of them failed', () => {
    expect(limits.length).toBeGreaterThanOrEqual(200);
    const failed = limits.filter((row) => !worked(row));
    expect(failed.length).toBeGreaterThanOrEqual(60);
    expect(limits.length - failed.length).toBeGreaterThanOrEqual(60);
  });

  it('none failed of which it was said that they run well', () => {
    const promised = limits.filter((row) => verdictOf(row) === 'runs-well');
    expect(promised.filter((row) => !worked(row))).toEqual([]);
    // Caution costs, most where the engine is small: room for eight threads is asked for, one or two were used.
    expect(promised.length).toBeGreaterThanOrEqual(10);
  });

  it('none worked of which it was said that they will not fit', () => {
    const refused = limits.filter((row) => verdictOf(row) === 'will-not-fit');
    expect(refused.filter(worked)).toEqual([]);
    expect(refused.length).toBeGreaterThanOrEqual(40);
  });

  it('for a model of which all is known little is left open', () => {
    const decided = limits.map((row) => {
      const fit = heapFit(predictMemory(questionOf(row, 'cpu')).heap, row.limitMiB * MIB);
      expect([fit, worked(row)]).not.toEqual(['fits', false]);
      expect([fit, worked(row)]).not.toEqual(['exceeds', true]);
      return fit !== 'unsure';
    });
    expect(decided.filter(Boolean).length / limits.length).toBeGreaterThan(0.6);
  });
});
