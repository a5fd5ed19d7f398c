import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cleanLabel, LABEL_LIMITS } from '../../../src/bench/label.ts';

describe('cleanLabel', () => {
  it.each([
    ['Firefox 145', 'Firefox 145'],
    ['  two\n\tlines ', 'two lines'],
    ['safe\u202eexe.txt', 'safe exe.txt'],
    ['zero\u200bwidth', 'zero width'],
    ['half \ud83d emoji', 'half emoji'],
    ['whole 😀 emoji', 'whole 😀 emoji'],
    ['<b>bold</b>', '<b>bold</b>'], // shown as text, never as markup: nothing to hide
    ['\u0000\u001b[31m', '[31m'],
  ])('%j becomes %j', (raw, clean) => {
    expect(cleanLabel(raw, 'gpu')).toBe(clean);
  });

  it('cuts by characters, not in the middle of one', () => {
    expect(cleanLabel('😀'.repeat(40), 'member')).toBe('😀'.repeat(LABEL_LIMITS.member));
  });

  it('changes nothing the second time', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 100 }), (raw) => {
        const once = cleanLabel(raw, 'gpu');
        expect(cleanLabel(once, 'gpu')).toBe(once);
        expect([...once].length).toBeLessThanOrEqual(LABEL_LIMITS.gpu);
        expect(once.isWellFormed()).toBe(true);
      }),
      { numRuns: 300 },
    );
  });
});
