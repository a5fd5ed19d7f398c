import fc from 'fast-check';
import { expect, it } from 'vitest';
import { normalQuestion } from '../../../src/council/normal-question.ts';

it('makes one question of what only typing keeps apart', () => {
  expect(normalQuestion('  What\n is\u00a038 \u2212 4?\t')).toBe('What is 38 - 4?');
  expect(normalQuestion(' \n')).toBe('');
});

it('changes nothing the second time', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (prompt) => {
      const once = normalQuestion(prompt);
      expect(normalQuestion(once)).toBe(once);
    }),
  );
});
