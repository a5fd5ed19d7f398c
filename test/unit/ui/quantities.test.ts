import { describe, expect, it } from 'vitest';
import {
  count,
  duration,
  fileSize,
  listed,
  memorySize,
  parameters,
  percent,
  plain,
  plural,
  seconds,
  significant,
} from '../../../src/ui/quantities.ts';

const NBSP = '\u00a0';

describe('quantities', () => {
  it('ties every figure to its unit', () => {
    expect(seconds(412)).toBe(`0.41${NBSP}s`);
    expect(duration(118.4)).toBe(`118${NBSP}ms`);
    expect(duration(4.25)).toBe(`4.3${NBSP}ms`);
    expect(duration(1_240)).toBe(`1.24${NBSP}s`);
    expect(percent(2 / 3)).toBe(`67${NBSP}%`);
  });

  it('names sizes in the unit of their size', () => {
    expect(fileSize(869_000)).toBe(`869${NBSP}kB`);
    expect(fileSize(1_188_000)).toBe(`1.2${NBSP}MB`);
    expect(memorySize(1_024)).toBe(`1${NBSP}KiB`);
    expect(memorySize(2_147_483_644)).toBe(`2.0${NBSP}GiB`);
    expect(memorySize(11_811_160_064)).toBe(`11${NBSP}GiB`);
    expect(memorySize(512)).toBe(`512${NBSP}B`);
    expect(parameters(850_000)).toBe(`850${NBSP}k`);
    expect(parameters(1_080_000)).toBe(`1.1${NBSP}M`);
  });

  it('keeps three significant digits', () => {
    expect([1240, 87.34, 4.567, 0.5, 0].map(significant)).toEqual(['1,240', '87.3', '4.57', '0.500', '0']);
    expect([5, 0.5, 16.667].map(plain)).toEqual(['5', '0.5', '16.7']);
    expect(count(1_000_000)).toBe('1,000,000');
  });

  it('speaks in lists and plurals', () => {
    expect(listed([])).toBe('');
    expect(listed(['Alder'])).toBe('Alder');
    expect(listed(['Alder', 'Birch', 'Cedar'])).toBe('Alder, Birch and Cedar');
    expect(plural(1, 'vote')).toBe(`1${NBSP}vote`);
    expect(plural(2, 'vote')).toBe(`2${NBSP}votes`);
  });
});
