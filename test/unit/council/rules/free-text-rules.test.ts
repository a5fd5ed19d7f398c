import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Ballot } from '#contracts/rules';
import { cosine, medoid } from '../../../../src/council/rules/medoid.ts';
import { pairwise } from '../../../../src/council/rules/pairwise.ts';
import { wordF1, wordsIn } from '../../../../src/council/rules/word-overlap.ts';
import { sample } from '../../../fakes/random-ballots.ts';

function texts(...each: string[]): Ballot {
  return {
    members: each.map((_, index) => ({ id: `m${index}`, accuracy: 0.9 - index / 10 })),
    samples: each.map((text, index) => sample(`m${index}`, 0, text, { text })),
  };
}

describe('agreement of words', () => {
  it('compares bags of words, whatever their case, marks and order', () => {
    expect(wordsIn('The  “Red” fox’s tail—it isn’t 3.')).toEqual([
      'the',
      'red',
      "fox's",
      'tail',
      'it',
      "isn't",
      '3',
    ]);
    expect(wordF1(wordsIn('a b b'), wordsIn('B, a! b'))).toBe(1);
    expect(wordF1(wordsIn('a b'), wordsIn('b c'))).toBe(0.5);
    expect(wordF1(wordsIn('a a a'), wordsIn('a'))).toBe(0.5);
    expect(wordF1([], [])).toBe(0);
  });

  it('is symmetric, within 0..1, and 1 with itself', () => {
    const bags = fc.array(fc.constantFrom('a', 'b', 'c', 'd'), { maxLength: 6 });
    fc.assert(
      fc.property(bags, bags, (one, other) => {
        const f1 = wordF1(one, other);
        expect(f1).toBe(wordF1(other, one));
        expect(f1).toBeGreaterThanOrEqual(0);
        expect(f1).toBeLessThanOrEqual(1);
        if (one.length > 0) expect(wordF1(one, one)).toBe(1);
      }),
    );
  });

  it('quotes the text that the others are nearest to', () => {
    const verdict = pairwise(
      texts('whales are big', 'the fox is red', 'a fox is red and quick', 'the quick fox is red'),
    );
    expect(verdict?.key).toBe('the quick fox is red');
    expect(verdict?.tied).toBe(false);
  });

  it('a lone text has nothing that agrees with it', () => {
    expect(pairwise(texts('only'))).toMatchObject({ key: 'only', scores: new Map([['only', 0]]) });
  });
});

describe('medoid', () => {
  const vectors: Readonly<Record<string, number[]>> = {
    east: [1, 0],
    northeast: [1, 1],
    north: [0, 1],
    nowhere: [0, 0],
    other: [1, 2, 3],
  };
  const rule = medoid(({ text }) => vectors[text] ?? null);

  it('is the vector nearest to all others', () => {
    expect(rule(texts('east', 'north', 'northeast'))?.key).toBe('northeast');
  });

  it('agrees with all sums worked out one by one', () => {
    const vector = fc.array(fc.integer({ min: -3, max: 3 }), { minLength: 3, maxLength: 3 });
    fc.assert(
      fc.property(fc.array(vector, { minLength: 2, maxLength: 6 }), (all) => {
        const names = all.map((_, index) => `t${index}`);
        const verdict = medoid(({ text }) => all[names.indexOf(text)] ?? null)(texts(...names));
        const means = all.map(
          (one, i) =>
            all.reduce((sum, two, j) => (i === j ? sum : sum + cosine(one, two)), 0) / (all.length - 1),
        );
        const best = Math.max(...means);
        const first = means.findIndex((mean) => mean >= best - 1e-9);
        expect(verdict?.key).toBe(names[first]);
        means.forEach((mean, index) => expect(verdict?.scores.get(names[index] ?? '')).toBeCloseTo(mean, 9));
      }),
    );
  });

  it('leaves out answers without a vector of the right length', () => {
    expect(rule(texts('east', 'other', 'nobody knows', 'north', 'northeast'))?.scores.has('other')).toBe(
      false,
    );
    expect(cosine([0, 0], [1, 1])).toBe(0);
    expect(rule(texts('nowhere', 'east', 'northeast'))?.key).toBe('east');
  });

  it('without two vectors words decide, and it says so', () => {
    expect(rule(texts('a fox', 'east', 'the fox', 'a fox'))).toMatchObject({
      key: 'a fox',
      fallback: 'pairwise',
    });
  });
});
