import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { answerShape } from '../../../../src/council/answer-shape.ts';
import { grammarRegExp } from '../../../../src/engines/prompt-api/grammar-regexp.ts';

const ABSTAIN = 'I cannot answer that. I know only small exact tasks.';

/** A question of each kind, what its grammar admits, and what it does not. */
const KINDS: readonly (readonly [question: string, good: readonly string[], bad: readonly string[]])[] = [
  ['What is 38 + 47?', ['85', '-3', '123456789'], ['', '1234567890', '8 5', '8.5', 'eighty', '85\n']],
  ['Is 7 even?', ['yes', 'no'], ['yesno', 'Yes', 'yes.', '']],
  ['Arrange 3, 1, 2 from low to high.', ['1, 2, 3', '-1, 2'], ['1', '1,2', '1, 2,']],
];

describe('the council’s short answers', () => {
  it.each(KINDS)('%s', (question, good, bad) => {
    const { grammar } = answerShape(question, ABSTAIN);
    const expression = grammarRegExp(grammar ?? '');
    expect(expression?.flags).toBe('');
    for (const text of [...good, ABSTAIN]) expect(text, text).toMatch(expression ?? /never/);
    for (const text of [...bad, `${ABSTAIN} `, ABSTAIN.replace('.', '!')]) {
      expect(expression?.test(text), text).toBe(false);
    }
  });

  it('days and dates, which have many words', () => {
    const of = (question: string) => grammarRegExp(answerShape(question, ABSTAIN).grammar ?? '');
    const day = of('What day is 3 days after monday?');
    const date = of('What date is 3 days after 4 march?');
    for (const text of ['thursday', ABSTAIN]) expect(day?.test(text), text).toBe(true);
    for (const text of ['7 march', '31 march', ABSTAIN]) expect(date?.test(text), text).toBe(true);
    for (const text of ['blursday', '41 march', 'march 7', '']) {
      expect([day?.test(text), date?.test(text)], text).toEqual([false, false]);
    }
  });
});

it('a literal matches itself and nothing else', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 20 }), fc.string({ maxLength: 20 }), (text, other) => {
      if (/[^ -~]/.test(text)) return; // JSON writes other signs with escapes that GBNF does not share
      const expression = grammarRegExp(`root ::= ${JSON.stringify(text)}`);
      expect(expression?.test(text)).toBe(true);
      expect(expression?.test(other)).toBe(text === other);
    }),
  );
});

it('repetitions, groups, classes and rules nest', () => {
  const expression = grammarRegExp(
    'root ::= sign? (digit{2} | "x"+)* tail{1,2}\nsign ::= "-"\ndigit ::= [0-9]\ntail ::= [^a-z_]',
  );
  for (const text of ['-12xxA', 'A', '1234!?']) expect(expression?.test(text), text).toBe(true);
  for (const text of ['--12A', '1xAAA', 'a', '_']) expect(expression?.test(text), text).toBe(false);
});

it.each<[string, string]>([
  ['has no root', 'start ::= "a"'],
  ['needs itself', 'root ::= "(" root ")" | "x"'],
  ['names a rule that is not there', 'root ::= other'],
  ['is no grammar', 'hello'],
  ['never closes a bracket', 'root ::= ("a"'],
  ['closes one too many', 'root ::= "a")'],
  ['uses an escape of its own', 'root ::= "\\x41"'],
  ['has a class with signs that the two syntaxes read apart', 'root ::= [&&[a]'],
  ['repeats what is not there', 'root ::= *'],
])('a grammar that %s is none for the browser', (_, grammar) => {
  expect(grammarRegExp(grammar)).toBeNull();
});

it('one that would grow beyond all bounds is refused quickly', () => {
  const rules = Array.from(
    { length: 14 },
    (_, level) => `r${String(level)} ::= r${String(level + 1)} r${String(level + 1)} r${String(level + 1)}`,
  );
  expect(grammarRegExp(['root ::= r0', ...rules, 'r14 ::= "abc"'].join('\n'))).toBeNull();
});
