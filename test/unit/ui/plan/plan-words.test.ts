import { describe, expect, it } from 'vitest';
import { GOALS } from '#contracts/plan';
import {
  answerWords,
  checkFigures,
  checkSummary,
  correctionWords,
  differenceWords,
  fetchWords,
  GOAL_ORDER,
  inUnit,
  leftOutGroups,
  meritWords,
  speedupWords,
  stillToFetch,
  whereWords,
} from '../../../../src/ui/plan/plan-words.ts';
import { estimate } from '../../../fakes/capacity-data.ts';
import { capacityPlan, planMember, projection } from '../../../fakes/plan-data.ts';

const NBSP = '\u00a0';

describe('a member of the plan', () => {
  it('says where it runs', () => {
    expect(whereWords(planMember('a'))).toBe(`wllama on the processor, 2${NBSP}threads`);
    expect(whereWords(planMember('a', { engine: 'web-llm', backend: 'webgpu' }))).toBe(
      'WebLLM on the graphics card',
    );
    expect(whereWords(planMember('a', { engine: 'remote', backend: 'remote' }))).toBe('Server');
  });

  it('says what is to be fetched', () => {
    expect([0, null, 5e8].map(fetchWords)).toEqual([
      'Nothing, it is here',
      'Size not told',
      `500.0${NBSP}MB`,
    ]);
    const here = planMember('a', { downloadBytes: 0 });
    const untold = planMember('b', { downloadBytes: null });
    expect(stillToFetch([here])).toContain('Nothing is to be fetched');
    expect(stillToFetch([here, untold])).toBe(`The size of 1${NBSP}more model is not told.`);
    expect(stillToFetch([planMember('c', { downloadBytes: 1.2e9 }), untold])).toBe(
      `1.2${NBSP}GB are still to be fetched. The size of 1${NBSP}more model is not told.`,
    );
  });

  it('prefers what was measured to public rankings, and says which of them it is', () => {
    expect(meritWords(planMember('a', { accuracy: 0.71, score: 40 }))).toContain(`71${NBSP}%`);
    expect(meritWords(planMember('a', { score: 41.2 }))).toContain('not measured here');
    expect(meritWords(planMember('a', { score: null }))).toBe('');
    const measured = { questions: 120, ci95: [0.62, 0.79] as [number, number], answerMs: null, tokens: 4.71 };
    const member = planMember('a', { accuracy: 0.71, measured });
    expect(meritWords(member)).toBe(`measured here on 120${NBSP}questions: right in 71${NBSP}% (62 to 79)`);
    expect(answerWords(member)).toBeNull();
    expect(answerWords(planMember('a'))).toBeNull();
    const timed = planMember('a', { measured: { ...measured, answerMs: { p50: 62, p95: 1400 } } });
    expect(answerWords(timed)).toBe(
      `An answer of 4.71${NBSP}tokens took 62${NBSP}ms here, 19 of 20 at most 1.40${NBSP}s, while all members answered`,
    );
  });
});

describe('a check', () => {
  const check = { name: 'memory', pass: true, figure: 3, limit: 8, unit: '', detail: 'x' } as const;

  it('says on which side of its limit it should be', () => {
    expect(checkFigures(check)).toBe('3, at most 8');
    expect(checkFigures({ ...check, pass: false })).toBe('3, at least 8');
    expect(checkFigures({ ...check, figure: 9 })).toBe('9, at least 8');
    expect(checkFigures({ ...check, figure: 9, pass: false })).toBe('9, at most 8');
    expect(checkFigures({ ...check, figure: 8 })).toBe('8, at most 8');
    expect(checkFigures({ ...check, name: 'seats', figure: 8 })).toBe('8, at least 8');
  });

  it('shows what there is', () => {
    expect(checkFigures({ ...check, figure: null, limit: null })).toBe('');
    expect(checkFigures({ ...check, limit: null })).toBe('3');
    expect(checkFigures({ ...check, figure: null, limit: 30_000, unit: 'ms' })).toBe(`at most 30${NBSP}s`);
  });

  it('is counted', () => {
    const failing = { ...check, pass: false };
    expect(checkSummary([check, check])).toBe(`All 2${NBSP}checks pass`);
    expect(checkSummary([check, failing])).toBe(`1 of 2${NBSP}checks does not pass`);
    expect(checkSummary([failing, failing])).toBe(`2 of 2${NBSP}checks do not pass`);
  });
});

describe('words of the plan', () => {
  it('offer every goal once', () => {
    expect(GOAL_ORDER.toSorted()).toEqual(GOALS.toSorted());
  });

  it('carry the unit of a figure', () => {
    expect(inUnit(2 ** 30, 'bytes')).toBe(`1${NBSP}GiB`);
    expect(inUnit(9400, 'ms')).toBe(`9.4${NBSP}s`);
    expect(inUnit(33, 'ms')).toBe(`33${NBSP}ms`);
    expect(inUnit(0.9, 'share')).toBe(`90${NBSP}%`);
    expect(inUnit(1.4, 'GB/s')).toBe(`1.40${NBSP}GB/s`);
    expect(inUnit(3, '')).toBe('3');
  });

  it('speak of the correction only where there is one', () => {
    expect(correctionWords(1)).toBeNull();
    expect(correctionWords(1.004)).toBeNull();
    expect(correctionWords(0.88)).toContain(`12${NBSP}% slower`);
    expect(correctionWords(1.2)).toContain(`20${NBSP}% faster`);
  });

  it('put what was left out for one reason together', () => {
    const groups = leftOutGroups(capacityPlan().leftOut);
    expect(groups).toHaveLength(3);
    expect(groups.at(-1)?.names).toHaveLength(161);
  });

  it('set another device against this one', () => {
    const here = capacityPlan();
    const faster = capacityPlan({ expected: { ...here.expected, answerMs: estimate(6000, 0.1) } });
    expect(differenceWords(here, faster)).toBe(
      `3${NBSP}members instead of 3; all have answered after 6.0${NBSP}s (5.4 to 6.6) instead of 9.4${NBSP}s (8.2 to 11.8).`,
    );
    const untold = capacityPlan({ expected: { ...here.expected, answerMs: null } });
    expect(differenceWords(here, untold)).toContain('cannot be compared');
  });

  it('compare a projection with today', () => {
    expect(speedupWords(projection())).toBe('This is today');
    expect(speedupWords(projection({ kind: 'memory' }))).toBe('As fast as today');
    expect(speedupWords(projection({ kind: 'cores', speedup: 1.49 }))).toBe(`1.49${NBSP}times as fast`);
    expect(speedupWords(projection({ kind: 'servers', speedup: null }))).toBe('Not known');
  });
});
