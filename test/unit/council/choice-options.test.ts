import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { answerShape } from '../../../src/council/answer-shape.ts';
import { canonicalKey } from '../../../src/council/canonical-key.ts';
import { optionsOf } from '../../../src/council/choice-options.ts';

const ABSTAIN = 'I cannot answer that.';
const CAPITALS = 'What is the capital of France?\nA) Lyon\nB) Paris\nC) Nice';

describe('options of a question', () => {
  it.each([
    CAPITALS,
    'What is the capital of France?\n(A) Lyon\n(B) Paris\n(C) Nice',
    'What is the capital of France?\n\n  a. Lyon\n  b. Paris\n  c. Nice\n\nAnswer with the letter only.',
    'What is the capital of France?\n- A: Lyon\n- B: Paris\n- C: Nice',
    'What is the capital of France? (A) Lyon (B) Paris (C) Nice',
    'What is the capital of France? A) Lyon, B) Paris, C) Nice',
  ])('%s', (prompt) => {
    expect(optionsOf(prompt)).toEqual([
      { letter: 'a', text: 'Lyon' },
      { letter: 'b', text: 'Paris' },
      { letter: 'c', text: 'Nice' },
    ]);
  });

  it.each([
    'What is the capital of France?',
    'Which?\nA) Lyon',
    'Vitamin B) or C)?',
    'Which?\nB) Paris\nC) Nice',
    'Which?\nA) Lyon\nC) Nice',
    'Which?\nA) Lyon\nA) Paris',
    'A) Lyon\nB) Paris',
    'I met A. Smith and B. Jones.',
    'Compare plan A: cheap with plan B: fast.',
    'see section (a) and section (c)',
    'Explain (a) how rain forms and (b) why it falls.',
    'Explain (A) how rain forms and (B) why it falls.',
    'Do the following:\nA. Explain rain.\nB. Describe snow.',
    'Two questions:\nA) Is ice cold?\nB) Is fire hot?',
    'My list\nA. eggs\nB. milk',
    '',
  ])('none: %s', (prompt) => {
    expect(optionsOf(prompt)).toEqual([]);
  });

  it('takes bounded time, whatever is asked', () => {
    for (const piece of ['A) ', '(A) x ', '\n', '\n\nA. ', ' ', ', B) ']) {
      expect(Array.isArray(optionsOf(piece.repeat(5000)))).toBe(true);
    }
  });
});

describe('the shape of a choice', () => {
  it('is one of its letters, or the sentence with which a member declines', () => {
    const shape = answerShape(CAPITALS, ABSTAIN);
    expect(shape.kind).toBe('choice');
    expect(shape.grammar).toBe('root ::= answer | "I cannot answer that."\nanswer ::= ("A" | "B" | "C")');
    expect(shape.context?.options).toHaveLength(3);
  });

  it('a sum among options is a choice, not a number', () => {
    expect(answerShape('What is 2 + 2?\nA) 3\nB) 4', ABSTAIN).kind).toBe('choice');
  });
});

describe('the key of a choice', () => {
  const options = optionsOf(CAPITALS);

  it.each([
    'B',
    'b',
    ' B. ',
    'B)',
    '(B)',
    '(b).',
    '[B]',
    '**B**',
    '"B"',
    'B) Paris',
    'B. Paris',
    'B: Paris',
    '(B) Paris',
    'Option B',
    'The answer is B.',
    'Answer: B',
    'The correct answer is: (B) Paris',
    'So the final answer is B',
    '\\boxed{B}',
    'Paris',
    'paris.',
    'The answer is Paris.',
  ])('%s', (answer) => {
    expect(canonicalKey('choice', answer, { options })).toBe('b');
  });

  it.each([
    '',
    'D',
    'E) Rome',
    'A dog',
    'B or C',
    'AB',
    'Rome',
    'I cannot answer that.',
    'Paris or Lyon',
    'a lot',
    '2',
  ])('none: %s', (answer) => {
    expect(canonicalKey('choice', answer, { options })).toBeNull();
  });

  it('without the question any letter to J counts, and no text', () => {
    expect(canonicalKey('choice', 'J')).toBe('j');
    expect(canonicalKey('choice', 'K')).toBeNull();
    expect(canonicalKey('choice', 'Paris')).toBeNull();
  });

  it('the text of two options names neither', () => {
    const twice = optionsOf('Which?\nA) one\nB) One.\nC) two');
    expect(canonicalKey('choice', 'one', { options: twice })).toBeNull();
    expect(canonicalKey('choice', 'two', { options: twice })).toBe('c');
  });

  it('the key of a key is the key', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.constantFrom('(c) x', 'B', 'nice', 'answer: a')), (answer) => {
        const key = canonicalKey('choice', answer, { options });
        if (key !== null) expect(canonicalKey('choice', key, { options })).toBe(key);
      }),
    );
  });
});
