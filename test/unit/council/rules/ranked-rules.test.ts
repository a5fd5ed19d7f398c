import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Ballot, Ranking } from '#contracts/rules';
import { borda, bordaPoints } from '../../../../src/council/rules/borda.ts';
import { kemeny, preferences } from '../../../../src/council/rules/kemeny.ts';
import { countedRankings, rankedAnswers } from '../../../../src/council/rules/rankings.ts';
import { reviewerConcordance } from '../../../../src/council/rules/reviewer-concordance.ts';
import { ballotOf, ballots, permutations } from '../../../fakes/random-ballots.ts';

/** Each member gave one answer of its own; `rankings` as "reviewer:order" with one letter for each member. */
function ranked(members: string, ...rankings: string[]): Ballot {
  return {
    ...ballotOf(Object.fromEntries([...members].map((id) => [id, id.toUpperCase()]))),
    rankings: rankings.map((each): Ranking => {
      const [reviewerId = '', order = ''] = each.split(':');
      return { reviewerId, order: [...order] };
    }),
  };
}

describe('which rankings count', () => {
  it('own answers, strangers, repetitions and members without an answer are taken out', () => {
    const ballot = ranked('abc', 'a:aczcb', 'b:b', 's:abc');
    expect(countedRankings(ballot)).toEqual([{ reviewerId: 'a', order: ['c', 'b'] }]);
  });
});

describe('Borda', () => {
  it('gives 1 to the first, 0 to the last, and the rest the mean of what is left', () => {
    const others = ['b', 'c', 'd', 'e', 'f'];
    const points = bordaPoints({ reviewerId: 'a', order: ['d', 'b'] }, others);
    expect(Object.fromEntries(points)).toEqual({ d: 1, b: 0.75, c: 0.25, e: 0.25, f: 0.25 });
    expect(bordaPoints({ reviewerId: 'a', order: ['b'] }, ['b']).get('b')).toBe(1);
  });

  it('partial rankings are worth the mean of all their completions', () => {
    const others = ['b', 'c', 'd', 'e'];
    fc.assert(
      fc.property(fc.shuffledSubarray(others, { minLength: 1 }), (order) => {
        const points = bordaPoints({ reviewerId: 'a', order }, others);
        const completions = permutations(others.filter((id) => !order.includes(id)));
        for (const id of others) {
          const mean =
            completions.reduce((sum, rest) => sum + (1 - [...order, ...rest].indexOf(id) / 3), 0) /
            completions.length;
          expect(points.get(id)).toBeCloseTo(mean, 12);
        }
      }),
    );
  });

  it('takes the mean, so that an answer is not worse for being ranked by fewer', () => {
    // c is best of both that rank it; a has three firsts of three, from b, c and d.
    const ballot = ranked('abcd', 'b:acd', 'c:abd', 'd:abc');
    expect(borda(ballot)).toMatchObject({ key: 'A', speakerId: 'a', tied: false });
    expect(borda(ballot)?.scores.get('A')).toBe(1);
  });

  it('without a ranking plurality decides, and says so', () => {
    const ballot = ballotOf({ a: 'x', b: 'y', c: 'y' });
    expect(borda(ballot)).toMatchObject({ key: 'y', fallback: 'plurality' });
    expect(kemeny(ballot)).toMatchObject({ key: 'y', fallback: 'plurality' });
    expect(borda(ranked('ab', 'a:b'))?.fallback).toBeUndefined();
  });
});

describe('Kemeny', () => {
  it('agrees with all orders tried one by one', () => {
    fc.assert(
      fc.property(ballots({ members: 5, samples: 1 }), (ballot) => {
        if (countedRankings(ballot).length === 0) return;
        const answers = rankedAnswers(ballot);
        const prefers = preferences(
          ballot,
          answers.map(({ memberId }) => memberId),
        );
        const places = answers.map((_, index) => index);
        const agreement = (order: readonly number[]): number =>
          order.reduce(
            (sum, a, at) => sum + order.slice(at + 1).reduce((own, b) => own + (prefers[a]?.[b] ?? 0), 0),
            0,
          );
        const orders = permutations(places);
        const best = Math.max(...orders.map(agreement));
        const tops = new Set(orders.filter((order) => agreement(order) === best).map(([top = 0]) => top));
        const verdict = kemeny(ballot);
        const winner = places.find((place) => tops.has(place)) ?? -1;
        expect(verdict?.speakerId).toBe(answers[winner]?.memberId);
        expect(verdict?.scores.get(verdict.key)).toBe(best);
        expect(verdict?.tied).toBe(new Set([...tops].map((place) => answers[place]?.key)).size > 1);
      }),
    );
  });

  it('elects the Condorcet winner where Borda does not', () => {
    // Outside reviewers: three put a before b before c, two b before c before a: a beats both, Borda says b.
    const ballot = {
      ...ranked('abc', 'v:abc', 'w:abc', 'x:abc', 'y:bca', 'z:bca'),
      members: [...'abcvwxyz'].map((id) => ({ id, accuracy: 0.5 })),
    };
    expect(borda(ballot)?.key).toBe('B');
    expect(kemeny(ballot)?.key).toBe('A');
  });

  it('hands more answers than it can search to Borda, and says so', () => {
    const ids = 'abcdefghijk';
    expect(kemeny(ranked(ids, 'a:kbc', 'b:kca'))).toMatchObject({ key: 'K', fallback: 'borda' });
    expect(kemeny(ranked(ids.slice(0, 10), 'a:jbc', 'b:jca'))?.fallback).toBeUndefined();
  });

  it('counts one that was left out as behind those that were ranked', () => {
    expect(preferences(ranked('abc', 'a:c'), ['a', 'b', 'c'])).toEqual([
      [0, 0, 0],
      [0, 0, 0],
      [0, 1, 0],
    ]);
  });
});

describe('concordance of reviewers', () => {
  it('is 1 when all follow one order, 0 for a circle', () => {
    expect(reviewerConcordance(ranked('abc', 'a:bc', 'b:ac', 'c:ab'))).toBeCloseTo(1, 12);
    expect(reviewerConcordance(ranked('abc', 'a:bc', 'b:ca', 'c:ab'))).toBeCloseTo(0, 12);
  });

  it('is Kendall’s W when outsiders rank all', () => {
    const ballot = {
      ...ranked('abcd', 'x:abcd', 'y:acbd', 'z:bacd'),
      members: [...'abcdxyz'].map((id) => ({ id, accuracy: 0.5 })),
    };
    expect(reviewerConcordance(ballot)).toBeCloseTo(420 / 540, 12);
  });

  it('is unknown with fewer than two reviewers', () => {
    expect(reviewerConcordance(ranked('abc'))).toBeNull();
    expect(reviewerConcordance(ranked('abc', 'a:bc'))).toBeNull();
  });
});
