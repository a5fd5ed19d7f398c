import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ANSWER_KINDS } from '#contracts/deliberation';
import { canonicalKey, isAbstention, withoutOwnName } from '../../../src/council/canonical-key.ts';

const ABSTAIN = 'I cannot answer that. I only know small exact tasks.';

describe('answers that mean the same have the same key', () => {
  it.each([
    [
      'number',
      ['1000', '1,000', '1 000', ' 1000. ', '+1000'.slice(1), '$1,000', '01000', '1000.00', '2000/2'],
    ],
    ['number', ['9/2', '4.5', '4.50', '18/4']],
    ['number', ['-3', '−3', '-3.0', '-6/2']],
    ['number', ['0', '-0', '0.0', '00']],
    ['number', ['1234567', '1,234,567']],
    ['list', ['3, 1, 2', '3,1,2', '3, 1 and 2', '3, 1, and 2', '3 1 2', '3; 1; 2', '3, 1, 2.', '03, 1.0, 2']],
    ['yes-no', ['yes', 'Yes.', 'YES!', 'yes, it is', 'Yes it is']],
    ['yes-no', ['no', 'No.', 'no, it is not']],
    ['word', ['tac', 'TAC', '"tac"', '“tac”', 'tac.']],
    ['day', ['Monday', 'monday.', 'It is Monday', 'on monday']],
    ['date', ['5 may', 'May 5', '5 May.', 'may 5th', 'the 5th of May', '05 may', '5 may 2024']],
    ['free', ['Hello there!', 'hello  there', ' "Hello there" ']],
  ] as const)('%s: %j', (kind, texts) => {
    const keys = texts.map((text) => canonicalKey(kind, text));
    expect(keys[0]).not.toBeNull();
    expect(new Set(keys).size).toBe(1);
  });

  it.each([
    ['number', '85', '58'],
    ['number', '1.5', '15'],
    ['number', '3', '-3'],
    ['list', '1, 2, 3', '3, 2, 1'],
    ['list', '1, 2', '12'],
    ['date', '5 may', '6 may'],
    ['free', 'yes', 'no'],
  ] as const)('%s: %s is not %s', (kind, one, other) => {
    expect(canonicalKey(kind, one)).not.toBe(canonicalKey(kind, other));
  });
});

describe('what is no answer has no key', () => {
  it.each([
    [
      'number',
      ['', '  ', 'seven', '3 4', '1,00', '1/0', '--3', '3-', '1e5', 'NaN', 'Infinity', '12abc', '4.5.6', '.'],
    ],
    ['yes-no', ['', 'maybe', 'yesterday', 'nothing', 'no idea', 'no one knows', '1']],
    ['word', ['', 'two words', 'tac1', '123', 'a-b']],
    ['list', ['', 'one, two', '1, two', 'and', ',,']],
    ['day', ['', 'someday', 'mondays child', 'monday or tuesday']],
    [
      'date',
      [
        '',
        'may',
        '5',
        'maybe 5',
        '0 may',
        '32 may',
        '5 or 6 may',
        'may 2024',
        '5 may or 5 june',
        'marching 5',
      ],
    ],
    ['free', ['', '   ', '...', '?!', '""']],
  ] as const)('%s: %j', (kind, texts) => {
    for (const text of texts) expect(canonicalKey(kind, text), text).toBeNull();
  });

  it('the sentence of abstention is none, except as free text', () => {
    for (const kind of ANSWER_KINDS.filter((each) => each !== 'free')) {
      expect(canonicalKey(kind, ABSTAIN), kind).toBeNull();
    }
  });
});

describe('properties', () => {
  const kinds = fc.constantFrom(...ANSWER_KINDS);
  const answers = fc.oneof(
    fc.string(),
    fc.stringMatching(/^-?[0-9]{1,9}([.,/][0-9]{1,4})?$/),
    fc.array(fc.integer()).map((numbers) => numbers.join(', ')),
    fc.tuple(fc.nat(40), fc.constantFrom('may', 'June', 'MARCH')).map(([day, month]) => `${day} ${month}`),
  );

  it('never throws, and a key is never empty', () => {
    fc.assert(
      fc.property(kinds, answers, (kind, answer) => {
        expect(canonicalKey(kind, answer)).not.toBe('');
      }),
    );
  });

  it('the key of a key is the key', () => {
    fc.assert(
      fc.property(kinds, answers, (kind, answer) => {
        const key = canonicalKey(kind, answer);
        fc.pre(key !== null);
        expect(canonicalKey(kind, key ?? '')).toBe(key);
      }),
    );
  });

  it('every rational has one key, however it is written', () => {
    fc.assert(
      fc.property(
        fc.integer(),
        fc.integer({ min: 1, max: 999 }),
        fc.integer({ min: 1, max: 99 }),
        (n, d, f) => {
          expect(canonicalKey('number', `${n * f}/${d * f}`)).toBe(canonicalKey('number', `${n}/${d}`));
        },
      ),
    );
  });

  it('whole numbers keep their value, with or without separators', () => {
    fc.assert(
      fc.property(fc.integer(), (n) => {
        expect(canonicalKey('number', String(n))).toBe(String(n));
        expect(canonicalKey('number', n.toLocaleString('en-US'))).toBe(String(n));
      }),
    );
  });
});

describe('abstention', () => {
  it('is told by how the agreed sentence begins', () => {
    expect(isAbstention(ABSTAIN, ABSTAIN)).toBe(true);
    expect(isAbstention('  i cannot answer that, sorry', ABSTAIN)).toBe(true);
    expect(isAbstention('I can answer that: 5', ABSTAIN)).toBe(false);
    expect(isAbstention('85', ABSTAIN)).toBe(false);
  });

  it('does not exist without an agreed sentence', () => {
    expect(isAbstention('', '')).toBe(false);
    expect(isAbstention('85', '')).toBe(false);
  });
});

describe('a member’s own name', () => {
  it('is taken out in any case, as a whole word only', () => {
    expect(withoutOwnName('I am Alder. ALDER!', 'Alder')).toBe('I am this member. this member!');
    expect(withoutOwnName('the alderman', 'Alder')).toBe('the alderman');
    expect(withoutOwnName('C++ (3B) is me', 'C++ (3B)')).toBe('this member is me');
  });

  it('may be missing', () => {
    expect(withoutOwnName('hello', '')).toBe('hello');
  });
});
