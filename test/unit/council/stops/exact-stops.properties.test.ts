import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Ballot, Rule, RuleName, Sample } from '#contracts/rules';
import { borda } from '../../../../src/council/rules/borda.ts';
import { ruleNamed } from '../../../../src/council/rules/rule-named.ts';
import { exactStopOf } from '../../../../src/council/stops/stop-named.ts';
import type { Stop } from '../../../../src/council/stops/stop.ts';
import { ballotOf, ballots, permutations, sample } from '../../../fakes/random-ballots.ts';

/** What one outstanding sample may turn out to be; null: it never comes. */
type Fate = Pick<Sample, 'key' | 'confidence'> | null;

const PLAIN_FATES: readonly Fate[] = [
  null,
  ...['x', 'y', 'z', 'new', 'newer', null].map((key) => ({ key, confidence: null })),
];
const WEIGHED_FATES: readonly Fate[] = [
  null,
  { key: null, confidence: null },
  ...['x', 'y', 'new'].flatMap((key) => [0, 0.5, 1, null].map((confidence) => ({ key, confidence }))),
];

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

/** Some member gives two answers equally often, and none more often. */
function wavers({ members, samples }: Ballot): boolean {
  return members.some(({ id }) => {
    const counts = countsOf(
      samples.flatMap(({ memberId, key }) => (memberId === id && key !== null ? [key] : [])),
    );
    const [first = 0, second = 0] = [...counts.values()].sort((a, b) => b - a);
    return first > 0 && first === second;
  });
}

function countsOf(ids: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const id of ids) counts.set(id, (counts.get(id) ?? 0) + 1);
  return counts;
}

function stopOf(rule: RuleName): Stop {
  const stop = exactStopOf(rule);
  if (stop === null) throw new Error(`${rule} has no exact stop`);
  return stop;
}

const cases = (most: number, samples: number): fc.Arbitrary<{ ballot: Ballot; outstanding: string[] }> =>
  ballots({ members: 3, samples }).chain((ballot) =>
    fc.record({
      ballot: fc.constant(ballot),
      outstanding: fc.array(fc.constantFrom(...ballot.members.map(({ id }) => id)), { maxLength: most }),
    }),
  );

interface Kind {
  readonly name: RuleName;
  readonly rule: Rule;
  readonly fates: readonly Fate[];
  readonly most: number;
  /** The stop comes as soon as nothing can change any more, save for ties. */
  readonly tight: boolean;
}

const kinds: readonly Kind[] = [
  { name: 'plurality', rule: ruleNamed('plurality'), fates: PLAIN_FATES, most: 3, tight: true },
  { name: 'slm-mux', rule: ruleNamed('slm-mux'), fates: PLAIN_FATES, most: 3, tight: true },
  { name: 'model-switch', rule: ruleNamed('model-switch'), fates: PLAIN_FATES, most: 3, tight: false },
  { name: 'confidence', rule: ruleNamed('confidence'), fates: WEIGHED_FATES, most: 2, tight: false },
];

describe.each(kinds)('the exact stop of $name', ({ name, rule, fates, most, tight }) => {
  it(`never changes the answer, whatever still comes${tight ? ', and is not too late' : ''}`, () => {
    let stopped = 0;
    fc.assert(
      fc.property(cases(most, 4), ({ ballot, outstanding }) => {
        const key = stopOf(name)({ ballot, outstanding: countsOf(outstanding) });
        if (key === null && !tight) return;
        const verdicts = futures(ballot, outstanding, fates).map(rule);
        if (key !== null) {
          if (outstanding.length > 0) stopped += 1;
          expect(new Set(verdicts.map((verdict) => verdict?.key))).toEqual(new Set([key]));
          return;
        }
        // A tie between a member's own answers goes by which came first: left open, too.
        if (futures(ballot, outstanding, fates).some(wavers)) return;
        const [first] = verdicts;
        const same = verdicts.every(
          (verdict) => verdict !== null && verdict.key === first?.key && !verdict.tied,
        );
        expect(same).toBe(false);
      }),
      { numRuns: tight ? 400 : 1500, seed: 20_261_122 },
    );
    // The property is not empty: it did stop votes that were still going on.
    expect(stopped).toBeGreaterThan(10);
  });
});

describe('the exact stop of borda', () => {
  const others = (id: string, ids: readonly string[]): string[] => ids.filter((each) => each !== id);

  it('never changes the answer, whatever the reviews still to come say', () => {
    let stopped = 0;
    fc.assert(
      fc.property(ballots({ members: 4, samples: 1 }), fc.nat(2), (full, open) => {
        const reviewing = (full.rankings ?? []).slice(0, open).map(({ reviewerId }) => reviewerId);
        const ballot = { ...full, rankings: (full.rankings ?? []).slice(open) };
        const key = stopOf('borda')({ ballot, outstanding: new Map(), reviewing });
        if (key === null) return;
        if (reviewing.length > 0) stopped += 1;
        const ids = full.members.map(({ id }) => id);
        const ends = reviewing.reduce<Ballot[]>(
          (heard, reviewerId) =>
            heard.flatMap((each) => [
              each,
              ...permutations(others(reviewerId, ids)).flatMap((order) =>
                [order, order.slice(0, 1)].map((said) => ({
                  ...each,
                  rankings: [...(each.rankings ?? []), { reviewerId, order: said }],
                })),
              ),
            ]),
          [ballot],
        );
        expect(new Set(ends.map((end) => borda(end)?.key))).toEqual(new Set([key]));
      }),
      { numRuns: 2000, seed: 20_261_122 },
    );
    expect(stopped).toBeGreaterThan(10);
  });

  it('is P₁ > P₂ + o where all are ranked equally often', () => {
    // Four outside reviewers; a has 4 and b at most 2 after four reviews, two to come: 4/6 > (2 + 2)/6 does not hold, 1 does.
    const reviewers = ['r', 's', 't', 'u', 'v', 'w'];
    const answers = ballotOf({ a: 'x', b: 'y', c: 'z' });
    const members = [...answers.members, ...reviewers.map((id) => ({ id, accuracy: 0.5 }))];
    const rankings = reviewers.slice(0, 5).map((reviewerId) => ({ reviewerId, order: ['a', 'b', 'c'] }));
    const stop = stopOf('borda');
    const outstanding = new Map<string, number>();
    const at = (heard: number, reviewing: string[]): string | null =>
      stop({ ballot: { ...answers, members, rankings: rankings.slice(0, heard) }, outstanding, reviewing });
    expect(at(4, ['v', 'w'])).toBeNull();
    expect(at(5, ['w'])).toBe('x');
  });

  it('waits for answers that are still to come', () => {
    const ballot = { ...ballotOf({ a: 'x', b: 'y' }), rankings: [{ reviewerId: 'b', order: ['a'] }] };
    const stop = stopOf('borda');
    expect(stop({ ballot, outstanding: new Map([['a', 1]]) })).toBeNull();
    expect(stop({ ballot: { ...ballot, rankings: [] }, outstanding: new Map() })).toBeNull();
  });
});

describe('what has no exact stop', () => {
  it.each(['kemeny', 'medoid', 'pairwise', 'chairman'] as const)('%s', (name) => {
    expect(exactStopOf(name)).toBeNull();
  });
});

describe('by hand', () => {
  it('SLM-MUX stops when nobody can be as sure any more', () => {
    const stop = stopOf('slm-mux');
    // a is done, 3 of 3; b can reach 3 of 4 at most.
    const ballot = ballotOf({ a: 'xxx', b: 'yz' });
    expect(stop({ ballot, outstanding: new Map([['b', 2]]) })).toBe('x');
    // b can still draw level.
    expect(stop({ ballot: ballotOf({ a: 'xxx', b: 'yy' }), outstanding: new Map([['b', 1]]) })).toBeNull();
    // a may still waver.
    expect(stop({ ballot: ballotOf({ a: 'xx', b: 'yz' }), outstanding: new Map([['a', 2]]) })).toBeNull();
  });

  it('ModelSwitch stops at the first member that agrees, and no sooner', () => {
    const stop = stopOf('model-switch');
    const ballot = ballotOf({ a: 'xx', b: '' }, { a: 0.9 });
    expect(stop({ ballot, outstanding: new Map([['b', 2]]) })).toBe('x');
    expect(stop({ ballot, outstanding: new Map([['a', 1], ['b', 2]]) })).toBeNull(); // prettier-ignore
    expect(stop({ ballot: ballotOf({ a: 'xy', b: 'zz' }, { a: 0.9 }), outstanding: new Map() })).toBe('z');
  });

  it('the confidence stop gives up on too many open samples rather than try them all', () => {
    const ballot = ballotOf({ a: 'x'.repeat(100) });
    const stop = stopOf('confidence');
    expect(stop({ ballot, outstanding: new Map([['a', 20]]) })).toBe('x');
    expect(stop({ ballot, outstanding: new Map([['a', 33]]) })).toBeNull();
  });
});
