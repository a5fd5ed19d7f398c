import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { folded, searchScore, searchTerms, searchText } from '../../../src/storage/search-text.ts';
import { deliberation } from '../../fakes/deliberations.ts';

describe('folded text', () => {
  it.each([
    ['Émile', 'emile'],
    ['STRASSE', 'strasse'],
    ['Straße', 'strasse'],
    ['ΟΔΌΣ', 'οδοσ'],
    ['οδός', 'οδοσ'],
    ['İstanbul', 'istanbul'],
    ['Łódź', 'łodz'],
    ['ﬁne', 'fine'],
    ['Ёлка', 'елка'],
    ['שָׁלוֹם', 'שלום'],
    ['  a\n b\u00a0c ', 'a b c'],
  ])('%s is %s', (text, plain) => {
    expect(folded(text)).toBe(plain);
  });

  it('keeps marks that make another letter', () => {
    expect(folded('が')).not.toBe(folded('か'));
    expect(folded('की')).not.toBe(folded('क'));
  });

  it('changes nothing the second time', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(folded(folded(text))).toBe(folded(text));
      }),
      { numRuns: 1_000 },
    );
  });
});

describe('the score of a record', () => {
  const score = (query: string, more: Parameters<typeof deliberation>[2]): number =>
    searchScore(searchText(deliberation('a', 1, more)), searchTerms(query));
  const asked = (prompt: string, answer: string | null = null): Parameters<typeof deliberation>[2] => ({
    prompt,
    answer,
    members: [],
  });

  it('is nothing unless every word is there, somewhere', () => {
    expect(score('sea blue', asked('Why is the sea blue?'))).toBeGreaterThan(0);
    expect(score('sea blue', asked('Why is the sea?', 'It is blue.'))).toBeGreaterThan(0);
    expect(score('sea red', asked('Why is the sea blue?'))).toBe(0);
    expect(score('SEÄ', asked('Why is the sea blue?'))).toBeGreaterThan(0);
  });

  it('counts the question above the answer, and that above what others said', () => {
    const other = deliberation('a', 1, { prompt: 'q', answer: 'a' });
    const members = other.members.map((member) => ({ ...member, answer: 'sea' }));
    const scores = [
      score('sea', asked('sea', 'x')),
      score('sea', asked('x', 'sea')),
      score('sea', { prompt: 'x', answer: 'x', members }),
    ];
    expect(scores).toEqual([...scores].sort((a, b) => b - a));
    expect(new Set(scores).size).toBe(3);
  });

  it('counts a whole word above the beginning of one, and that above the inside', () => {
    const scores = ['the sea', 'the seaside', 'the undersea'].map((prompt) => score('sea', asked(prompt)));
    expect(scores).toEqual([12, 8, 4]);
    expect(score('sea', asked('undersea and the sea'))).toBe(12);
  });

  it('counts words that stand together', () => {
    expect(score('deep sea', asked('the deep sea'))).toBeGreaterThan(
      score('deep sea', asked('the sea is deep')),
    );
  });

  it('finds every record by any piece of its own text', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1, maxLength: 60 }), fc.nat(), fc.nat(), (prompt, from, length) => {
        const plain = folded(prompt);
        const piece = plain.slice(from % (plain.length + 1)).slice(0, 1 + (length % 20));
        if (searchTerms(piece).length === 0) return;
        expect(score(piece, asked(plain))).toBeGreaterThan(0);
      }),
      { numRuns: 500 },
    );
  });
});
