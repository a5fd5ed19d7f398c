import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isDecided, pluralityWinner, tally, type Vote } from '../../../src/council/plurality.ts';

const vote = (memberId: string, key: string): Vote => ({ memberId, key });
const accuracyOf = (memberId: string): number => memberId.charCodeAt(0) / 1000;

describe('the tally', () => {
  it('counts votes per key, most first', () => {
    const { groups, lead, leaders } = tally([vote('a', '1'), vote('b', '2'), vote('c', '2')]);
    expect(groups).toEqual([
      { key: '2', members: ['b', 'c'] },
      { key: '1', members: ['a'] },
    ]);
    expect({ lead, leaders }).toEqual({ lead: 1, leaders: ['2'] });
  });

  it('knows no leader without votes', () => {
    expect(tally([])).toEqual({ groups: [], lead: 0, leaders: [] });
    expect(pluralityWinner([], accuracyOf)).toBeNull();
    expect(isDecided(tally([]), 0)).toBe(false);
  });

  it('keeps keys such as "constructor" apart from what objects inherit', () => {
    expect(tally([vote('a', 'constructor'), vote('b', '__proto__')]).groups).toHaveLength(2);
  });
});

describe('a tie', () => {
  it('goes to the key of the most accurate tied member', () => {
    expect(pluralityWinner([vote('a', '1'), vote('b', '2')], accuracyOf)).toEqual({ key: '2', tied: true });
    expect(pluralityWinner([vote('d', '1'), vote('b', '2')], accuracyOf)).toEqual({ key: '1', tied: true });
  });

  it('does not listen to better members outside the tie', () => {
    const votes = [vote('a', '1'), vote('b', '1'), vote('c', '2'), vote('d', '2'), vote('z', '3')];
    expect(pluralityWinner(votes, accuracyOf)).toEqual({ key: '2', tied: true });
  });

  it('is never decided early', () => {
    expect(isDecided(tally([vote('a', '1'), vote('b', '2')]), 0)).toBe(false);
  });
});

const ballots = fc.array(fc.constantFrom('1', '2', '3'), { minLength: 1, maxLength: 9 });

it('the exact early stop never changes the answer, and never comes too late', () => {
  fc.assert(
    fc.property(
      ballots.chain((keys) =>
        fc.tuple(
          fc.constant(keys.map((key, index) => vote(String.fromCharCode(97 + index), key))),
          fc.shuffledSubarray(
            keys.map((_, index) => index),
            { minLength: keys.length },
          ),
        ),
      ),
      ([votes, order]) => {
        const full = pluralityWinner(votes, accuracyOf);
        const heard: Vote[] = [];
        for (const index of order) {
          const next = votes[index];
          if (next !== undefined) heard.push(next);
          const outstanding = votes.length - heard.length;
          const current = tally(heard);
          const leader = current.leaders[0] ?? '';
          // The stop is exact: it comes when, and only when, no filling of the outstanding votes changes the winner.
          const challengers = ['1', '2', '3', '4'].filter((key) => key !== leader);
          const safe = challengers.every((key) => {
            const worst = Array.from({ length: outstanding }, (_, n) =>
              vote(String.fromCharCode(200 + n), key),
            );
            const winner = pluralityWinner([...heard, ...worst], accuracyOf);
            return winner !== null && winner.key === leader && !winner.tied;
          });
          expect(isDecided(current, outstanding)).toBe(safe);
          if (isDecided(current, outstanding)) expect(full).toEqual({ key: leader, tied: false });
        }
      },
    ),
    { numRuns: 2000 },
  );
});

it('the winner does not depend on the order of the votes when accuracies differ', () => {
  fc.assert(
    fc.property(ballots, fc.integer(), (keys, seed) => {
      const votes = keys.map((key, index) => vote(String.fromCharCode(97 + index), key));
      const rotated = votes.map(
        (_, index) => votes[(index + Math.abs(seed)) % votes.length] ?? vote('x', ''),
      );
      expect(pluralityWinner(rotated, accuracyOf)).toEqual(pluralityWinner(votes, accuracyOf));
    }),
  );
});
