import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { answerShape } from '../../../src/council/answer-shape.ts';
import { canonicalKey } from '../../../src/council/canonical-key.ts';
import { rationalForm } from '../../../src/council/rational-question.ts';

const key = (answer: string, percent?: boolean): string | null =>
  canonicalKey('number', answer, percent === undefined ? {} : { percent });

describe('which form a question wants its number in', () => {
  it.each([
    ['percent', 'Write 3/4 as a percentage.'],
    ['percent', 'What percentage of 80 is 20?'],
    ['percent', 'What is 1/8 in percent?'],
    ['percent', 'Please convert 0.5 to per cent'],
    ['fraction', 'Write 0.25 as a fraction'],
    ['fraction', 'What is 6/8 in its simplest form?'],
    ['fraction', 'What fraction of 12 is 9?'],
    ['decimal', 'What’s 3/8 as a decimal?'],
    ['decimal', 'Convert 12 % to decimal.'],
  ] as const)('%s: %s', (form, prompt) => {
    expect(rationalForm(prompt)).toBe(form);
    expect(rationalForm(prompt.toUpperCase())).toBe(form);
  });

  it.each([
    'What is 20 % of 50?',
    'What percentage of the earth is water?',
    'What percentage of 5 people in Oslo own 2 cars?',
    'What fraction of voters stayed at home in 2020?',
    'Write a story as a fraction of 2',
    'Is 5 a decimal?',
    'What is 3.5 + 2?',
    '',
  ])('none: %s', (prompt) => {
    expect(rationalForm(prompt)).toBeNull();
  });
});

describe('what a percent sign means', () => {
  it('asked for percent it is the unit: 50 % is 50, and one half is not', () => {
    expect(
      new Set(['50', '50 %', '50%', '50.0 %', '100/2 %', '50%.'].map((text) => key(text, true))),
    ).toEqual(new Set(['50']));
    expect(key('0.5', true)).toBe('1/2');
  });

  it('asked for a plain number it is a hundredth: 1/2 = 0.5 = 50 %', () => {
    expect(
      new Set(['1/2', '0.5', '50 %', '50%', '2/4', '50 %.', '0.50'].map((text) => key(text, false))),
    ).toEqual(new Set(['1/2']));
    expect(key('50', false)).toBe('50');
    expect(key('-150 %', false)).toBe('-3/2');
  });

  it('where nobody knows, it is dropped, as it always was', () => {
    expect(key('50 %')).toBe('50');
    expect(key('50%')).toBe('50');
  });

  it('n % is n/100 or n, never anything else, and the key of a key is the key', () => {
    fc.assert(
      fc.property(fc.integer({ min: -9999, max: 9999 }), fc.boolean(), (n, percent) => {
        const own = key(`${n} %`, percent);
        expect(own).toBe(percent ? String(n) : key(`${n}/100`));
        expect(key(own ?? '', percent)).toBe(own);
      }),
    );
  });
});

describe('the shape of a number that need not be whole', () => {
  it.each([
    ['Write 3/4 as a percentage.', '"-"? [0-9]{1,9} ("." [0-9]{1,9})? " "? "%"?', true],
    ['Write 0.25 as a fraction.', '"-"? [0-9]{1,9} ("/" [1-9] [0-9]{0,8})?', false],
    ['Write 1/4 as a decimal.', '"-"? [0-9]{1,9} ("." [0-9]{1,9})?', false],
  ])('%s', (prompt, production, percent) => {
    expect(answerShape(prompt, 'No.')).toEqual({
      kind: 'number',
      grammar: `root ::= answer | "No."\nanswer ::= ${production}`,
      maxTokens: 72,
      context: { percent },
    });
  });
});

describe('what stands around a short answer', () => {
  it.each([
    ['number', 'The answer is 42.', '42'],
    ['number', 'Final answer: **1,000**', '1000'],
    ['number', '\\boxed{9/2}', '9/2'],
    ['number', '$\\boxed{7}$', '7'],
    ['number', 'So the answer is $5', '5'],
    ['list', 'The answer is: 1, 2, 3', '1,2,3'],
    ['yes-no', 'The answer is no.', 'no'],
    ['word', 'My answer is: tac', 'tac'],
    ['word', 'answer', 'answer'],
  ] as const)('%s: %s', (kind, answer, expected) => {
    expect(canonicalKey(kind, answer)).toBe(expected);
  });

  it('is part of a free answer', () => {
    expect(canonicalKey('free', 'The answer is 42.')).toBe('the answer is 42');
  });

  it('is not looked for in the middle: a text with several numbers is no answer', () => {
    expect(canonicalKey('number', 'First 3, then the answer is 4')).toBeNull();
  });
});
