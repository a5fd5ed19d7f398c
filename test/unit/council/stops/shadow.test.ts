import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RULES, type Ballot } from '#contracts/rules';
import { borda } from '../../../../src/council/rules/borda.ts';
import { plurality } from '../../../../src/council/rules/plurality.ts';
import { ruleNamed } from '../../../../src/council/rules/rule-named.ts';
import { adaptiveConsistency } from '../../../../src/council/stops/adaptive-consistency.ts';
import { exactBorda } from '../../../../src/council/stops/exact-borda.ts';
import { exactPlurality } from '../../../../src/council/stops/exact-plurality.ts';
import { firstTwoAgree } from '../../../../src/council/stops/first-two-agree.ts';
import { shadowOf, shadowOfRankings, shadowTotals } from '../../../../src/council/stops/shadow.ts';
import { exactStopOf } from '../../../../src/council/stops/stop-named.ts';
import type { Stop } from '../../../../src/council/stops/stop.ts';
import { ballotOf, ballots, sample } from '../../../fakes/random-ballots.ts';

const stops = new Map<string, Stop>([
  ['exact', exactPlurality],
  ['adaptive-consistency', adaptiveConsistency()],
  ['first-two', firstTwoAgree],
]);

/** One sample each, in order of arrival, each of ten tokens. */
function inTurn(keys: string): Ballot {
  const ids = [...keys].map((_, index) => `m${index}`);
  return {
    members: ids.map((id) => ({ id, accuracy: 0.5 })),
    samples: [...keys]
      .map((key, index) => sample(`m${index}`, 0, key, { arrival: index, tokens: 10 }))
      .reverse(),
  };
}

describe('the shadow of a vote', () => {
  it('says when each stop would have come and what it would have saved', () => {
    expect(shadowOf(inTurn('xxyyy'), plurality, stops)).toEqual({
      calls: 5,
      tokens: 50,
      stops: [
        { name: 'exact', after: null, callsSaved: 0, tokensSaved: 0, changed: false },
        { name: 'adaptive-consistency', after: null, callsSaved: 0, tokensSaved: 0, changed: false },
        { name: 'first-two', after: 2, callsSaved: 3, tokensSaved: 30, changed: true },
      ],
    });
    const [exact] = shadowOf(inTurn('xxx'), plurality, stops).stops;
    expect(exact).toEqual({ name: 'exact', after: 2, callsSaved: 1, tokensSaved: 10, changed: false });
  });

  it('sums many', () => {
    const records = ['xxyyy', 'xxx', 'xyz'].map((keys) => shadowOf(inTurn(keys), plurality, stops));
    expect(shadowTotals(records).find(({ name }) => name === 'first-two')).toEqual({
      name: 'first-two',
      votes: 3,
      stopped: 2,
      calls: 11,
      callsSaved: 4,
      tokens: 110,
      tokensSaved: 40,
      changed: 1,
    });
    expect(shadowTotals([])).toEqual([]);
  });

  it.each(RULES)('%s: its exact stop changed no answer in any order of arrival', (name) => {
    const stop = exactStopOf(name);
    if (stop === null) return;
    fc.assert(
      fc.property(ballots(), (ballot) => {
        const [shadow] = shadowOf(ballot, ruleNamed(name), new Map([['exact', stop]])).stops;
        expect(shadow?.changed).toBe(false);
      }),
      { numRuns: 300 },
    );
  });

  it('counts reviews that Borda would not have needed', () => {
    const answers = ballotOf({ a: 'x', b: 'y', c: 'z' });
    const reviewers = ['r', 's', 't', 'u', 'v', 'w'];
    const ballot = {
      ...answers,
      members: [...answers.members, ...reviewers.map((id) => ({ id, accuracy: 0.5 }))],
      rankings: reviewers.map((reviewerId) => ({ reviewerId, order: ['a', 'b', 'c'] })),
    };
    // After four: 4/6 against at most (2 + 2)/6.  After five: 5/6 against (2.5 + 1)/6.
    expect(shadowOfRankings(ballot, borda, exactBorda)).toEqual({ reviews: 6, saved: 1, changed: false });
    expect(shadowOfRankings(answers, borda, exactBorda)).toEqual({ reviews: 0, saved: 0, changed: false });
  });
});
