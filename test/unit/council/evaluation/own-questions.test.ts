import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ANSWER_KINDS } from '#contracts/deliberation';
import { ownQuestions } from '../../../../src/council/evaluation/own-questions.ts';

const line = (question: object): string => JSON.stringify(question);
const SUM = { prompt: 'What is 2 + 2?', answer: '4' };

function faultsOf(text: string): Readonly<Record<string, unknown>> {
  const read = ownQuestions(text);
  if (read.ok) throw new Error('it was taken');
  expect(read.error.code).toBe('question-set-invalid');
  return read.error.details;
}

describe('a file of questions', () => {
  it('is read with what is left out filled in: kind from the words, family, an id from the line', () => {
    const text = [
      line(SUM),
      line({ prompt: 'Sort 3, 1, 2', answer: '1, 2, 3', family: 'lists' }),
      line({ prompt: 'Who wrote Faust?', answer: 'Goethe', kind: 'word', id: 'faust' }),
      line({ prompt: 'Describe rain.', answer: 'Water that falls.' }),
    ].join('\n');
    expect(ownQuestions(text)).toEqual({
      ok: true,
      value: [
        { id: 'own-00001', family: 'own', kind: 'number', ...SUM },
        { id: 'own-00002', family: 'lists', kind: 'list', prompt: 'Sort 3, 1, 2', answer: '1, 2, 3' },
        { id: 'faust', family: 'own', kind: 'word', prompt: 'Who wrote Faust?', answer: 'Goethe' },
        {
          id: 'own-00004',
          family: 'own',
          kind: 'free',
          prompt: 'Describe rain.',
          answer: 'Water that falls.',
        },
      ],
    });
  });

  it.each([['\n'], ['\r\n'], ['\n\n \n']])(
    'may be written with %j between lines, and a byte order mark',
    (between) => {
      const text = `\uFEFF${[line(SUM), line({ prompt: 'Double 3', answer: '6' })].join(between)}${between}`;
      const read = ownQuestions(text);
      expect(read.ok && read.value.map(({ answer }) => answer)).toEqual(['4', '6']);
    },
  );

  it('names every line that is wrong, and takes none of the others', () => {
    const text = [
      line(SUM),
      '{"prompt": "cut off',
      line({ prompt: 'No answer' }),
      line({ prompt: ' ', answer: '4' }),
      line({ prompt: 'A kind of its own', answer: 'x', kind: 'poem' }),
      line({ prompt: 'What is 2 + 3?', answer: 'five' }),
      line({ ...SUM, answer: '5' }),
      line({ prompt: 'Other', answer: 'x', id: 'own-00001' }),
      '[1, 2]',
      'null',
    ].join('\n');
    expect(faultsOf(text)).toEqual({
      line: 2,
      reason: 'not-json',
      faults: 9,
      lines:
        '2 not-json, 3 not-a-question, 4 not-a-question, 5 not-a-question, 6 no-key, 7 same-question, 8 same-id, ' +
        '9 not-a-question, 10 not-a-question',
    });
  });

  it('is refused when there is nothing in it, or too much', () => {
    expect(faultsOf('\n \n')).toEqual({ reason: 'empty' });
    expect(faultsOf('x'.repeat(20_000_001))).toMatchObject({ reason: 'too-large' });
    const many = Array.from({ length: 12_001 }, (_, n) =>
      line({ prompt: `What is ${String(n)} + 0?`, answer: String(n) }),
    );
    expect(faultsOf(many.join('\n'))).toMatchObject({ reason: 'too-many', limit: 12_000 });
    expect(ownQuestions(many.slice(1).join('\n')).ok).toBe(true);
    expect(faultsOf(line({ prompt: 'x'.repeat(8001), answer: '1' }))).toMatchObject({
      reason: 'not-a-question',
    });
  });

  it('lists the first twenty faults, and counts all', () => {
    const { faults, lines } = faultsOf(Array.from({ length: 50 }, () => 'x').join('\n'));
    expect(faults).toBe(50);
    expect(String(lines).split(', ')).toHaveLength(20);
  });
});

describe('any text', () => {
  const question = fc.record(
    {
      prompt: fc.string({ minLength: 1, maxLength: 40 }),
      answer: fc.string({ minLength: 1, maxLength: 20 }),
      family: fc.string({ minLength: 1, maxLength: 10 }),
      kind: fc.constantFrom(...ANSWER_KINDS),
    },
    { requiredKeys: ['prompt', 'answer'] },
  );

  it('is refused with a line, or every line of it is a question', () => {
    const lines = fc.array(fc.oneof(question.map(line), fc.string(), fc.json()), { maxLength: 12 });
    fc.assert(
      fc.property(lines, (all) => {
        const text = all.join('\n');
        const filled = text.split(/\r\n|\r|\n/).filter((each) => each.trim() !== '').length;
        const read = ownQuestions(text);
        if (read.ok) expect(read.value).toHaveLength(filled);
        else if (read.error.details['reason'] === 'empty') expect(filled).toBe(0);
        else {
          expect(read.error.details['line']).toBeGreaterThan(0);
          expect(read.error.details['faults']).toBeLessThanOrEqual(filled);
        }
      }),
    );
  });
});
