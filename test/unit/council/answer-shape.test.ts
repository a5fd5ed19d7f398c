import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { ANSWER_KINDS } from '#contracts/deliberation';
import { answerShape } from '../../../src/council/answer-shape.ts';
import { canonicalKey } from '../../../src/council/canonical-key.ts';
import outOfDomain from '../../fixtures/out-of-domain.json' with { type: 'json' };
import phrasings from '../../fixtures/phrasings.json' with { type: 'json' };
import templates from '../../../tools/starter/phrasings.json' with { type: 'json' };

const Example = v.tuple([v.string(), v.picklist(ANSWER_KINDS), v.string(), v.string(), v.string()]);
const EXAMPLES = v.parse(v.array(Example), phrasings.examples);
const ABSTAIN = 'I cannot answer that. I only know small exact tasks.';

/** What people do to a question: case, politeness, marks. */
function variants(prompt: string): ReadonlySet<string> {
  const bare = prompt.replace(/(?<!\.)[?.]$/, '').trim();
  const lowered = prompt.slice(0, 1).toLowerCase() + prompt.slice(1);
  const polite = /^[a-z]/i.test(prompt) ? [`Please ${lowered}`, `Please, ${lowered}`, `please ${bare}`] : [];
  return new Set([
    prompt,
    prompt.toLowerCase(),
    prompt.toUpperCase(),
    prompt.slice(0, 1).toUpperCase() + prompt.slice(1),
    bare,
    `${bare}?`,
    `${prompt}?`,
    `  ${prompt} `,
    ...polite,
  ]);
}

describe('questions that the starter models know', () => {
  it('the fixture has examples of every phrasing, and of no other', () => {
    const known = Object.values(templates.families).flatMap((family) => Object.values(family.groups).flat());
    expect([...new Set(EXAMPLES.map(([, , template]) => template))].sort()).toEqual(
      [...new Set(known)].sort(),
    );
  });

  const families = [...new Set(EXAMPLES.map(([family]) => family))];
  it.each(families)('%s: every phrasing has the right kind, however it is written', (family) => {
    const wrong = EXAMPLES.filter(([name]) => name === family).flatMap(([, kind, , prompt]) =>
      [...variants(prompt)].filter((text) => answerShape(text, ABSTAIN).kind !== kind),
    );
    expect(wrong).toEqual([]);
  });

  it('their answers have a key of that kind, and fit the grammar', () => {
    const patterns: Readonly<Record<string, RegExp>> = {
      number: /^-?[0-9]{1,9}$/,
      'yes-no': /^(yes|no)$/,
      word: /^[a-z]{1,32}$/,
      list: /^-?[0-9]{1,6}(, -?[0-9]{1,6}){1,11}$/,
      day: /^[a-z]+day$/,
      date: /^[1-3]?[0-9] [a-z]+$/,
    };
    for (const [, kind, , , answer] of EXAMPLES) {
      expect(canonicalKey(kind, answer), answer).not.toBeNull();
      expect(answer).toMatch(patterns[kind] ?? /^$/);
    }
  });
});

describe('questions outside their knowledge', () => {
  it.each(outOfDomain)('%s', (prompt) => {
    for (const text of [prompt, prompt.toLowerCase(), prompt.toUpperCase(), `Please ${prompt}`]) {
      expect(answerShape(text, ABSTAIN)).toEqual({ kind: 'free', maxTokens: 112 });
    }
  });
});

describe('other ways to put a known question', () => {
  it.each([
    ['number', 'hi, what is 5 + 7?'],
    ['number', 'What is the sum of 3, 4 and 5?'],
    ['number', 'What is 12 − 5?'],
    ['number', 'what is 3×4'],
    ['number', 'Could you tell me which is bigger, 5 or 3?'],
    ['number', 'How many "e" are there in "eleven"?'],
    ['number', 'How many e’s are in eleven?'],
    ['number', '3, 6, 9, ...'],
    ['number', '(5 + 4) * 3'],
    ['list', 'Sort 5 3 9'],
    ['list', 'Sort 5, 3 and 9 in descending order'],
    ['list', 'Can you please put 5, 3, 1 in order?'],
    ['word', 'How do you spell “tree” backwards?'],
    ['word', 'reverse Alder'],
    ['number', 'How many times does the letter e appear in tree?'],
    ['number', 'Count the letter o in bottle.'],
    ['number', 'How many consonants are there in the word table?'],
    ['word', 'What’s the 3rd letter of “tree”?'],
    ['word', 'Which letter does the word tree end in?'],
    ['day', '12 days after monday'],
    ['day', 'If today is Friday, what day was it 1 day ago?'],
    ['day', 'Today is tuesday. What day will it be in 15 days?'],
    ['day', 'What day was it 3 days before Sunday?'],
    ['date', 'What date is 1 day after 28 February?'],
    ['yes-no', 'Does 3 divide 12?'],
    ['yes-no', 'is 7 odd'],
  ])('%s: %s', (kind, prompt) => {
    expect(answerShape(prompt, ABSTAIN).kind).toBe(kind);
  });
});

describe('the grammar', () => {
  it('admits the sentence with which a member declines', () => {
    expect(answerShape('2 + 2', 'Not "me".').grammar).toBe(
      'root ::= answer | "Not \\"me\\"."\nanswer ::= "-"? [0-9]{1,9}',
    );
  });

  it('leaves decimals free: it knows whole numbers only', () => {
    expect(answerShape('What is 3.5 + 2?', ABSTAIN).kind).toBe('free');
    expect(answerShape('What is 3 + 2.', ABSTAIN).kind).toBe('number');
  });

  it('answers in bounded time, whatever is asked', () => {
    // Long repetitions of what the rules look for: a rule that backtracks would never come back from these.
    for (const piece of [
      '1, ',
      '1 ',
      '-',
      'how many ',
      'a ',
      'the word ',
      'please ',
      '9',
      '. ',
      'letters ',
      '1,?',
    ]) {
      expect(answerShape(piece.repeat(5000), ABSTAIN).kind).toBeTypeOf('string');
    }
  });
});
