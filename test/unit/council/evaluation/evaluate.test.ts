import fc from 'fast-check';
import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { seededRandom } from '#kernel/random';
import type { RecordedBallot, RecordHead } from '#contracts/calibration';
import { EvalReportSchema, type EvalArm, type EvalReport } from '#contracts/evaluation';
import { evaluate } from '../../../../src/council/evaluation/evaluate.ts';
import type { RuleSet } from '../../../../src/council/evaluation/judged.ts';
import { PLAIN_RULES, plainPlurality } from '../../../fakes/plain-rules.ts';
import { ALDER_BIRCH_CEDAR, recordedBallot, recordHead, type Said } from '../../../fakes/recorded-ballots.ts';

/** One answer of each member; the truth is 1. */
function once(id: string, said: readonly Said[], family = 'addition'): RecordedBallot {
  return recordedBallot(
    1,
    said.map((each) => [each]),
    { id, family },
  );
}

function report(
  ballots: readonly RecordedBallot[],
  change: Partial<RecordHead> = {},
  rules: RuleSet = PLAIN_RULES,
): EvalReport {
  const evaluated = evaluate({ head: recordHead(change), ballots }, { rules, wallMs: 1234, at: 99 });
  expect(v.parse(EvalReportSchema, evaluated)).toEqual(evaluated);
  return evaluated;
}

function arm({ arms }: EvalReport, name: string): EvalArm {
  const found = arms.find((each) => each.name === name);
  if (found === undefined) throw new Error(`no arm ${name}`);
  return found;
}

/** Six questions worked out by hand; the truth is 1 throughout. */
const SIX: readonly RecordedBallot[] = [
  once('a', [1, 1, 1]), // unanimous and right
  once('b', [2, 2, 2]), // unanimous and wrong
  once('c', [1, 1, 2], 'sorting'), // two against one, right
  once('d', [2, 1, 2], 'sorting'), // two against one, wrong
  once('e', [2, 1, 3]), // tied: birch is best on dev, right
  once('f', [null, '?', 1]), // one abstains, one does not parse
];

describe('one answer of each member, worked out by hand', () => {
  const six = report(SIX);

  it('has the arms in their order, and no arm for which nobody was asked', () => {
    expect(six.arms.map(({ name }) => name)).toEqual([
      'member:alder',
      'member:birch',
      'member:cedar',
      'mean-member',
      'best-member',
      'rule:plurality',
      'oracle',
    ]);
    expect(six).toMatchObject({
      questions: 6,
      split: 'test',
      seed: 7,
      samples: 1,
      defaultRule: 'plurality',
      wallMs: 1234,
    });
  });

  it.each([
    // correct, calls, tokens, abstained
    ['member:alder', 2, 6, 60, 1],
    ['member:birch', 4, 6, 120, 1],
    ['member:cedar', 2, 6, 180, 0],
    ['best-member', 4, 6, 120, 1],
    ['rule:plurality', 4, 18, 360, 0],
    ['oracle', 5, 18, 360, 0],
  ])('%s', (name, correct, calls, tokens, abstained) => {
    expect(arm(six, name)).toMatchObject({
      correct,
      total: 6,
      accuracy: correct / 6,
      calls,
      tokens,
      abstained,
    });
  });

  it('averages the members: accuracy exact, counts rounded', () => {
    expect(arm(six, 'mean-member')).toMatchObject({
      correct: 3,
      total: 6,
      calls: 6,
      tokens: 120,
      abstained: 1,
    });
    expect(arm(six, 'mean-member').accuracy).toBeCloseTo(8 / 18, 12);
  });

  it('has the Wilson interval of each arm', () => {
    const [low, high] = arm(six, 'best-member').ci95;
    // 4 of 6: Wilson 95 % 0.300 to 0.903
    expect(low).toBeCloseTo(0.3, 3);
    expect(high).toBeCloseTo(0.9032, 3);
  });

  it('compares the rule with the best member and with each other one', () => {
    expect(six.pairs.map(({ a, b }) => [a, b])).toEqual([
      ['rule:plurality', 'best-member'],
      ['rule:plurality', 'member:alder'],
      ['rule:plurality', 'member:cedar'],
    ]);
    const [best, alder] = six.pairs;
    // Against birch: one question only the council (f), one only birch (d).
    expect(best).toMatchObject({ differencePoints: 0, p: 1 });
    // Against alder: two only the council, none only alder; p = 2·(1/2)².
    expect(alder?.differencePoints).toBeCloseTo(100 / 3, 10);
    expect(alder?.p).toBeCloseTo(0.5, 12);
    expect(alder?.pHolm).toBe(1);
    expect(alder?.ci95[0]).toBeGreaterThanOrEqual(0);
  });

  it('counts what parsed, unanimity, families, and who is wrong together', () => {
    expect(six.parsedShare).toBeCloseTo(17 / 18, 12);
    expect(six.unanimous).toEqual({ total: 2, correct: 1 });
    expect(six.divided).toEqual({ total: 4, correct: 3 });
    expect(six.byFamily).toMatchObject({
      addition: { total: 4, correct: 3, arms: { 'member:cedar': 2, 'best-member': 2, oracle: 3 } },
      sorting: { total: 2, correct: 1, arms: { 'member:cedar': 0, 'best-member': 2, oracle: 2 } },
    });
    // b: three pairs, all the same · d: one pair, the same · e: one pair, 2 and 3.
    expect(six.wrongTogether).toEqual({ pairs: 5, same: 4 });
  });

  it('draws the curve of risk against coverage', () => {
    // Agreement: a 3/3 right, b 3/3 wrong, c 2/3 right, d 2/3 wrong, e 1/3 right, f 1/3 right.
    expect(six.riskCoverage.points).toEqual([
      { agreement: 1, total: 2, correct: 1, coverage: 2 / 6 },
      { agreement: 2 / 3, total: 4, correct: 2, coverage: 4 / 6 },
      { agreement: 1 / 3, total: 6, correct: 4, coverage: 1 },
    ]);
    // Right {1, 2/3, 1/3, 1/3} against wrong {1, 2/3}: of 8 pairs 1 won, 2 tied.
    expect(six.riskCoverage.auroc).toBeCloseTo((1 + 2 / 2) / 8, 12);
  });

  it('replays the exact stop in order of arrival: two equal votes of three decide, and nothing less', () => {
    // Saved where the first two agree: a, b and c.
    expect(six.earlyStop).toEqual({ callsSaved: 3, calls: 18, changedAnswers: 0 });
  });
});

describe('several answers of each member', () => {
  // Three of each; birch, the best, nine: as many as all together.
  const three = [
    recordedBallot(
      1,
      [
        [1, 1, 1],
        [2, 2, 2, 1, 1, 1, 1, 1, 1],
        [2, 2, 1],
      ],
      { id: 'a' },
    ),
    recordedBallot(
      1,
      [
        [1, 2, 2],
        [1, 3, 4, 4, 4, 4, 4, 4, 4],
        [1, 2, 5],
      ],
      { id: 'b' },
    ),
  ];
  const told = report(three, { samples: 3, extra: { memberId: 'birch', samples: 9 } });

  it('has every arm that answers can carry, on all of them and on the first alone', () => {
    expect(told.arms.map(({ name }) => name)).toEqual([
      'member:alder',
      'member:birch',
      'member:cedar',
      'mean-member',
      'best-member',
      'best-member-equal-calls',
      'rule:plurality',
      'rule:slm-mux',
      'rule:model-switch',
      'rule:confidence',
      'best-member-equal-calls@1',
      'rule:plurality@1',
      'oracle',
      'oracle@1',
    ]);
    expect(told.defaultRule).toBe('slm-mux');
  });

  it.each([
    ['best-member', 1, 2],
    // a: six 1 of nine · b: 4
    ['best-member-equal-calls', 1, 18],
    // of three: a: 2 · b: 1, 3, 4, the first
    ['best-member-equal-calls@1', 1, 6],
    // a: four 1, five 2 · b: three 1, three 2, 1 is birch's
    ['rule:plurality', 1, 18],
    // a: alder and birch are firm, birch is better: 2 · b: alder says 2 two times in three
    ['rule:slm-mux', 0, 18],
    // a: birch at once, 3 calls · b: nobody is firm, all 9
    ['rule:model-switch', 1, 12],
    ['rule:plurality@1', 1, 6],
    ['oracle', 2, 18],
    ['oracle@1', 2, 6],
  ])('%s has %d right with %d calls', (name, correct, calls) => {
    expect(arm(told, name)).toMatchObject({ correct, calls });
  });

  it('counts the tokens of what was asked, and of nothing else', () => {
    // alder 10 a call, birch 20, cedar 30: a: birch's three · b: three of each.
    expect(arm(told, 'rule:model-switch').tokens).toBe(60 + 30 + 60 + 90);
    expect(arm(told, 'best-member-equal-calls').tokens).toBe(2 * 9 * 20);
  });

  it('compares rules with the best member at equal calls', () => {
    const pairs = told.pairs.map(({ a, b }) => `${a} ${b}`);
    expect(pairs).toContain('rule:slm-mux best-member-equal-calls');
    expect(pairs).toContain('rule:plurality@1 best-member-equal-calls@1');
    expect(pairs).not.toContain('rule:slm-mux member:birch');
    expect(new Set(pairs).size).toBe(pairs.length);
  });

  it('has no arm of equal calls where the best member was not asked so often', () => {
    const fewer = three.map((each) => ({ ...each, samples: each.samples.filter(({ index }) => index < 3) }));
    const names = report(fewer, { samples: 3 }).arms.map(({ name }) => name);
    expect(names).not.toContain('best-member-equal-calls');
    expect(names).toContain('best-member-equal-calls@1');
  });

  it('leaves confidence out where one answer came without', () => {
    const [first, second] = three;
    if (first === undefined || second === undefined) throw new Error('two ballots');
    const samples = first.samples.map((each, place) => (place === 4 ? { ...each, confidence: null } : each));
    const names = report([{ ...first, samples }, second], { samples: 3 }).arms.map(({ name }) => name);
    expect(names).not.toContain('rule:confidence');
  });

  it('falls back to plurality where there is no rule for several answers', () => {
    const { defaultRule, arms } = report(three, { samples: 3 }, { plurality: plainPlurality });
    expect(defaultRule).toBe('plurality');
    expect(arms.map(({ name }) => name)).not.toContain('rule:slm-mux');
  });
});

describe('special cases', () => {
  it('counts a member that could not be asked as wrong and not parsed', () => {
    const ballot = once('a', ['?', 1, 1]);
    const samples = ballot.samples.map((each) =>
      each.memberId === 'alder' ? { ...each, tokens: 0, error: 'context-exceeded' } : each,
    );
    const lost = report([{ ...ballot, samples }]);
    expect(arm(lost, 'member:alder')).toMatchObject({ correct: 0, total: 1, tokens: 0, abstained: 1 });
    expect(lost.parsedShare).toBeCloseTo(2 / 3, 12);
    expect(lost.unanimous.total).toBe(0);
  });

  it('leaves free answers out of the parsed share', () => {
    expect(report([recordedBallot(1, [['?'], ['?'], ['?']], { kind: 'free' })]).parsedShare).toBe(1);
  });

  it('never counts a key that came with an abstention', () => {
    const odd = once('a', [1, 1, 1]);
    const samples = odd.samples.map((each) => ({ ...each, abstained: true }));
    expect(arm(report([{ ...odd, samples }]), 'rule:plurality')).toMatchObject({ correct: 0, abstained: 1 });
  });

  it('does not call two missing keys equal', () => {
    const unknowable = recordedBallot(1, [['?'], ['?'], ['?']], { answer: 'not a number' });
    expect(arm(report([unknowable]), 'oracle').correct).toBe(0);
  });

  it('chooses the best member on dev, not on the split under test, and the first of equals', () => {
    const onlyCedar = [once('a', [2, 2, 1])];
    expect(arm(report(onlyCedar), 'best-member').correct).toBe(0);
    const equal = ALDER_BIRCH_CEDAR.map((member) => ({ ...member, devAccuracy: 0.5 }));
    expect(arm(report([once('a', [1, 2, 2])], { members: equal }), 'best-member').correct).toBe(1);
  });

  it('stands no questions and no members', () => {
    expect(report([]).arms.every(({ accuracy, total }) => accuracy === 0 && total === 0)).toBe(true);
    expect(report([], { members: [] }).pairs).toEqual([]);
    expect(report([], { members: [], samples: 3 }).riskCoverage).toEqual({ auroc: null, points: [] });
  });

  it('gives the same report for the same seed, in whatever order the record is, and the same counts for another', () => {
    const [one, two, three] = [report(SIX), report([...SIX].reverse()), report(SIX, { seed: 8 })];
    expect({ ...two, byFamily: one.byFamily }).toEqual(one);
    expect(three.arms).toEqual(one.arms);
  });
});

describe('whatever was said', () => {
  const said = fc.constantFrom<Said>(1, 2, 3, null, '?');
  const ballots = fc.array(
    fc.array(fc.array(said, { minLength: 3, maxLength: 3 }), { minLength: 3, maxLength: 3 }),
    {
      maxLength: 12,
    },
  );

  it('no arm is above the oracle of its answers, and the exact stops change nothing', () => {
    fc.assert(
      fc.property(ballots, (all) => {
        const told = report(
          all.map((each, place) => recordedBallot(1, each, { id: `q${String(place)}` })),
          { samples: 3 },
        );
        for (const { name, correct } of told.arms) {
          if (name.startsWith('rule:') || name.startsWith('member:'))
            expect(correct).toBeLessThanOrEqual(
              arm(told, name.endsWith('@1') ? 'oracle@1' : 'oracle').correct,
            );
        }
        for (const { stop, changedAnswers, callsSaved, calls, correctFull, correctStopped } of told.stops) {
          expect(callsSaved).toBeLessThanOrEqual(calls);
          if (stop !== 'exact') continue;
          expect(changedAnswers).toBe(0);
          expect(correctStopped).toBe(correctFull);
        }
        expect(told.earlyStop.changedAnswers).toBe(0);
        expect(told.unanimous.total + told.divided.total).toBe(all.length);
      }),
      { numRuns: 60 },
    );
  });
});

describe('the statistics', () => {
  it('find a council of three independent members better than its best', () => {
    const random = seededRandom(5);
    const ballots = Array.from({ length: 600 }, (_, index) =>
      // Each is right 80 % of the time; wrong answers are scattered.
      recordedBallot(
        index,
        ALDER_BIRCH_CEDAR.map(() => [random() < 0.8 ? index : 1_000_000 + Math.floor(random() * 1e6)]),
      ),
    );
    const { pairs, arms } = report(ballots);
    const [best] = pairs;
    // Theory: 0.8³ + 3·0.8²·0.2 = 0.896, and of the rest (all differ) the tie goes to birch when it alone is right.
    expect(arms.find(({ name }) => name === 'rule:plurality')?.accuracy).toBeCloseTo(0.928, 1);
    expect(best?.ci95[0]).toBeGreaterThan(0);
    expect(best?.pHolm).toBeLessThan(0.001);
    expect(best?.differencePoints).toBeGreaterThan(best?.ci95[0] ?? 100);
    expect(best?.differencePoints).toBeLessThan(best?.ci95[1] ?? -100);
  });

  it('find nothing where there is nothing', () => {
    const same = Array.from({ length: 50 }, (_, index) => recordedBallot(index, [[index], [index], [index]]));
    for (const { differencePoints, ci95, p, pHolm } of report(same).pairs) {
      expect({ differencePoints, ci95, p, pHolm }).toEqual({
        differencePoints: 0,
        ci95: [0, 0],
        p: 1,
        pHolm: 1,
      });
    }
  });
});
