import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { concentrationOf, evidenceOf } from '../../../../src/council/evidence/agreement.ts';
import { plurality } from '../../../../src/council/rules/plurality.ts';
import { ballotOf, ballots } from '../../../fakes/random-ballots.ts';

describe('concentration', () => {
  it('by hand: 1 − H/ln N', () => {
    expect(concentrationOf([5])).toBe(1);
    expect(concentrationOf([1, 1, 1])).toBeCloseTo(0, 12);
    // H = ln 2 at 2:2, N = 4: 1 − ln 2 / ln 4.
    expect(concentrationOf([2, 2])).toBeCloseTo(0.5, 12);
    // H(3/4, 1/4) = 0.5623.
    expect(concentrationOf([3, 1])).toBeCloseTo(1 - 0.562335 / Math.log(4), 5);
  });

  it('is unknown below two votes', () => {
    expect(concentrationOf([])).toBeNull();
    expect(concentrationOf([1])).toBeNull();
  });

  it('rises when a vote moves to the larger cluster', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 9 }), (a, b) => {
        const [large, small] = [Math.max(a, b), Math.min(a, b)];
        expect(concentrationOf([large + 1, small - 1])).toBeGreaterThan(concentrationOf([large, small]) ?? 2);
      }),
    );
  });
});

describe('evidence', () => {
  it('has the clusters, who differs, who is silent, and what was not an answer', () => {
    const ballot = ballotOf({ a: 'xx', b: 'xy', c: '--', d: 'z' }, { b: 0.9 });
    expect(evidenceOf(ballot, plurality(ballot))).toEqual({
      votes: 5,
      abstained: 2,
      clusters: [
        { key: 'x', votes: 3, memberIds: ['b', 'a'], text: 'x' },
        { key: 'y', votes: 1, memberIds: ['b'], text: 'y' },
        { key: 'z', votes: 1, memberIds: ['d'], text: 'z' },
      ],
      agreement: 0.6,
      concentration: concentrationOf([3, 1, 1]),
      concordance: null,
      dissent: [
        { key: 'y', votes: 1, memberIds: ['b'], text: 'y' },
        { key: 'z', votes: 1, memberIds: ['d'], text: 'z' },
      ],
      unanimous: false,
      silent: ['c'],
    });
  });

  it('one vote is not unanimity, and none is no agreement', () => {
    expect(evidenceOf(ballotOf({ a: 'x' }), { key: 'x' })).toMatchObject({ unanimous: false, agreement: 1 });
    expect(evidenceOf(ballotOf({ a: 'xx' }), { key: 'x' }).unanimous).toBe(true);
    expect(evidenceOf(ballotOf({ a: '-' }), null)).toMatchObject({
      votes: 0,
      agreement: null,
      unanimous: false,
    });
  });

  it('adds up on any ballot', () => {
    fc.assert(
      fc.property(ballots(), (ballot) => {
        const verdict = plurality(ballot);
        const { votes, abstained, clusters, dissent, silent, agreement, concentration } = evidenceOf(
          ballot,
          verdict,
        );
        expect(votes + abstained).toBe(ballot.samples.length);
        expect(clusters.reduce((sum, cluster) => sum + cluster.votes, 0)).toBe(votes);
        expect(dissent.length).toBe(Math.max(0, clusters.length - 1));
        expect(new Set([...silent, ...clusters.flatMap(({ memberIds }) => memberIds)]).size).toBe(
          ballot.members.length,
        );
        if (agreement !== null) expect(agreement).toBe((clusters[0]?.votes ?? 0) / votes);
        if (concentration !== null) expect(concentration).toBeLessThanOrEqual(1);
      }),
    );
  });
});
