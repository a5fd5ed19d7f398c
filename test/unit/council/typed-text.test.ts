import { expect, test } from 'vitest';
import { asTyped } from '../../../src/council/typed-text.ts';

test.each([
  ['What is 47 − 38?', 'What is 47 - 38?'],
  ['6 × 7', '6 x 7'],
  ['what’s “level” backwards?', 'what\'s "level" backwards?'],
  ['3, 6, 9, …', '3, 6, 9, ...'],
  ['plain + text', 'plain + text'],
])('%s', (typed, plain) => {
  expect(asTyped(typed)).toBe(plain);
});
