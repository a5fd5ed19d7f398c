import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Ballot } from '#contracts/rules';
import { confidenceWeighted } from '../../../../src/council/rules/confidence.ts';
import { plurality } from '../../../../src/council/rules/plurality.ts';
import { ballotOf, ballots } from '../../../fakes/random-ballots.ts';

function weighed(ballot: Ballot, weights: Readonly<Record<string, number>>): Ballot {
  return {
    ...ballot,
    members: ballot.members.map((member) => ({ ...member, weight: weights[member.id] ?? 1 })),
  };
}

const RULES = [
  ['plurality', plurality],
  ['confidence', confidenceWeighted()],
] as const;

describe('weights in plurality', () => {
  it('by hand: each vote counts its member’s', () => {
    const ballot = ballotOf({ a: 'x', b: 'y', c: 'y' });
    expect(plurality(weighed(ballot, { a: 2.5 }))).toEqual({
      key: 'x',
      speakerId: 'a',
      tied: false,
      scores: new Map([['x', 2.5], ['y', 2]]), // prettier-ignore
    });
    expect(plurality(weighed(ballot, { a: 1.9 }))?.key).toBe('y');
  });

  it('a tie of weights goes to the most accurate, also where sums of hundredths round', () => {
    const ballot = ballotOf({ a: 'x', b: 'y', c: 'y' }, { a: 0.9 });
    expect(plurality(weighed(ballot, { a: 0.3, b: 0.1, c: 0.2 }))).toMatchObject({ key: 'x', tied: true });
  });

  it('of votes of weight 0 alone their number decides, and it says so', () => {
    const ballot = ballotOf({ a: 'x', b: 'x', c: '-' });
    expect(plurality(weighed(ballot, { a: 0, b: 0 }))).toMatchObject({ key: 'x', fallback: 'plurality' });
    expect(plurality(weighed(ballotOf({ a: '-', b: '' }), { a: 0 }))).toBeNull();
  });
});

describe('weights in the confidence vote', () => {
  it('multiply what a member’s votes weigh', () => {
    const ballot = ballotOf({ a: 'xx', b: 'yyy' });
    expect(confidenceWeighted()(ballot)?.key).toBe('y');
    expect(confidenceWeighted()(weighed(ballot, { a: 2 }))).toMatchObject({ key: 'x', tied: false });
  });

  it('of votes of weight 0 alone plurality decides, and it says so', () => {
    const ballot = weighed(ballotOf({ a: 'xxy', b: '-' }), { a: 0 });
    expect(confidenceWeighted()(ballot)).toMatchObject({ key: 'x', fallback: 'plurality' });
  });
});

describe.each(RULES)('%s', (_name, rule) => {
  it('is what it is without weights where all are equal', () => {
    fc.assert(
      fc.property(ballots(), fc.constantFrom(0.5, 2, 10), (ballot, weight) => {
        const equal = { ...ballot, members: ballot.members.map((member) => ({ ...member, weight })) };
        const [plain, scaled] = [rule(ballot), rule(equal)];
        expect(scaled?.key).toBe(plain?.key);
        expect(scaled?.tied).toBe(plain?.tied);
        expect(scaled?.speakerId).toBe(plain?.speakerId);
      }),
    );
  });

  it('a member of weight 0 never changes what the others say', () => {
    fc.assert(
      fc.property(ballots({ members: 4 }), (ballot) => {
        const [out, ...rest] = ballot.members;
        const muted = {
          ...ballot,
          members: [...rest, ...(out === undefined ? [] : [{ ...out, weight: 0 }])],
        };
        const verdict = rule(muted);
        if (verdict === null || verdict.fallback !== undefined) return;
        expect(verdict.key).toBe(rule({ ...ballot, members: rest })?.key);
      }),
    );
  });

  it('more weight for those that gave the answer never takes it away', () => {
    fc.assert(
      fc.property(ballots(), (ballot) => {
        const verdict = rule(ballot);
        if (verdict === null || verdict.tied) return;
        const [only, ...others] = new Set(
          ballot.samples.filter(({ key }) => key === verdict.key).map(({ memberId }) => memberId),
        );
        // Of a member that said other things too, the others grow as well.
        const pure = ballot.samples.every(({ memberId, key }) => memberId !== only || key === verdict.key);
        if (only === undefined || others.length > 0 || !pure) return;
        expect(rule(weighed(ballot, { [only]: 3 }))?.key).toBe(verdict.key);
      }),
    );
  });
});
