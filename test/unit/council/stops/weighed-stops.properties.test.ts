import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Ballot, RuleName, Sample } from '#contracts/rules';
import { ruleNamed } from '../../../../src/council/rules/rule-named.ts';
import { exactStopOf, stopNamed } from '../../../../src/council/stops/stop-named.ts';
import type { Progress, Stop } from '../../../../src/council/stops/stop.ts';
import { ballotOf, ballots, sample } from '../../../fakes/random-ballots.ts';

type Fate = Pick<Sample, 'key' | 'confidence'> | null;

const PLAIN_FATES: readonly Fate[] = [
  null,
  ...['x', 'y', 'z', 'new', null].map((key) => ({ key, confidence: null })),
];
const CONFIDENT_FATES: readonly Fate[] = [
  null,
  { key: null, confidence: null },
  ...['x', 'y', 'new'].flatMap((key) => [0, 0.5, 1, null].map((confidence) => ({ key, confidence }))),
];

/** Every way in which the vote may end. */
function futures(ballot: Ballot, outstanding: readonly string[], fates: readonly Fate[]): Ballot[] {
  return outstanding.reduce<Ballot[]>(
    (heard, memberId, turn) =>
      heard.flatMap((each) =>
        fates.map((fate) =>
          fate === null
            ? each
            : { ...each, samples: [...each.samples, sample(memberId, 10 + turn, fate.key, fate)] },
        ),
      ),
    [ballot],
  );
}

const weight = fc.constantFrom(0, 0, 0.1, 0.5, 1, 1, 2, 2.5, 10);

/** Votes under way, of members whose votes do not all count alike. */
const cases = (most: number): fc.Arbitrary<{ ballot: Ballot; outstanding: string[] }> =>
  fc
    .tuple(ballots({ members: 3, samples: 3 }), fc.tuple(weight, weight, weight))
    .map(([ballot, weights]) => ({
      ...ballot,
      members: ballot.members.map((member, index) => ({ ...member, weight: weights[index] ?? 1 })),
    }))
    .chain((ballot) =>
      fc.record({
        ballot: fc.constant(ballot),
        outstanding: fc.array(fc.constantFrom(...ballot.members.map(({ id }) => id)), { maxLength: most }),
      }),
    );

function progressOf(ballot: Ballot, outstanding: readonly string[]): Progress {
  const counts = new Map<string, number>();
  for (const id of outstanding) counts.set(id, (counts.get(id) ?? 0) + 1);
  return { ballot, outstanding: counts };
}

function stopOf(rule: RuleName): Stop {
  const stop = exactStopOf(rule);
  if (stop === null) throw new Error(`${rule} has no exact stop`);
  return stop;
}

describe.each([
  { name: 'plurality', fates: PLAIN_FATES, most: 3, tight: true },
  { name: 'confidence', fates: CONFIDENT_FATES, most: 2, tight: false },
] as const)('the exact stop of $name where members have weights', ({ name, fates, most, tight }) => {
  it(`never changes the answer, whatever still comes${tight ? ', and is not too late' : ''}`, () => {
    let stopped = 0;
    fc.assert(
      fc.property(cases(most), ({ ballot, outstanding }) => {
        const key = stopOf(name)(progressOf(ballot, outstanding));
        if (key === null && !tight) return;
        const verdicts = futures(ballot, outstanding, fates).map(ruleNamed(name));
        if (key !== null) {
          if (outstanding.length > 0) stopped += 1;
          expect(new Set(verdicts.map((verdict) => verdict?.key))).toEqual(new Set([key]));
          return;
        }
        // Votes of weight 0 decide only where no others came: what they would say is not looked into before that is sure.
        if (verdicts.some((verdict) => verdict?.fallback !== undefined)) return;
        const [first] = verdicts;
        const same = verdicts.every((verdict) => verdict?.key === first?.key && verdict?.tied === false);
        expect(same).toBe(false);
      }),
      { numRuns: tight ? 600 : 1500, seed: 20_261_122 },
    );
    expect(stopped).toBeGreaterThan(20);
  });
});

describe('by hand', () => {
  const weighed = (said: Readonly<Record<string, string>>, weights: readonly number[]): Ballot => {
    const ballot = ballotOf(said);
    return {
      ...ballot,
      members: ballot.members.map((member, index) => ({ ...member, weight: weights[index] ?? 1 })),
    };
  };
  const open = new Map([['c', 1]]);

  it('a light vote still out holds nothing up, a heavy one does', () => {
    const stop = stopOf('plurality');
    expect(stop({ ballot: weighed({ a: 'x', b: 'y', c: '' }, [2, 1, 0.5]), outstanding: open })).toBe('x');
    expect(stop({ ballot: weighed({ a: 'x', b: 'y', c: '' }, [2, 1, 1]), outstanding: open })).toBeNull();
    expect(stop({ ballot: weighed({ a: 'x', b: 'x', c: '' }, [1, 1, 3]), outstanding: open })).toBeNull();
  });

  it('votes of weight 0 decide only when no other can come', () => {
    const stop = stopOf('plurality');
    expect(stop({ ballot: weighed({ a: 'x', b: 'x', c: '' }, [0, 0, 1]), outstanding: open })).toBeNull();
    expect(stop({ ballot: weighed({ a: 'x', b: 'x', c: '' }, [0, 0, 1]), outstanding: new Map() })).toBe('x');
    expect(stop({ ballot: weighed({ a: 'xx', b: '', c: '' }, [0, 1, 0]), outstanding: open })).toBe('x');
  });

  it.each(['adaptive-consistency', 'first-two'] as const)(
    '%s is of equal votes and does not stop',
    (name) => {
      const stop = stopNamed(name, 'plurality');
      expect(stop?.({ ballot: ballotOf({ a: 'xxxx', c: '' }), outstanding: open })).toBe('x');
      expect(stop?.({ ballot: weighed({ a: 'xxxx', c: '' }, [1, 9]), outstanding: open })).toBeNull();
    },
  );
});
