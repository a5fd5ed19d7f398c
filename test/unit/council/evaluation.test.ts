import fc from 'fast-check';
import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { seededRandom } from '#kernel/random';
import { EvalReportSchema, type EvalArm, type EvalReport } from '#contracts/evaluation';
import { canonicalKey } from '../../../src/council/canonical-key.ts';
import { evaluate, type EvaluationInput, type RecordedBallot } from '../../../src/council/evaluation.ts';
import { pluralityWinner } from '../../../src/council/plurality.ts';

const MEMBERS = [
  { id: 'alder', devAccuracy: 0.8 },
  { id: 'birch', devAccuracy: 0.9 },
  { id: 'cedar', devAccuracy: 0.7 },
];

/** What each member said, in order of `MEMBERS`: a number, null for an abstention, '?' for what does not parse. */
type Said = number | null | '?' | 'lost';

function ballot(
  truth: number,
  said: readonly Said[],
  order = [0, 1, 2],
  family = 'addition',
): RecordedBallot {
  return {
    question: { id: `q${String(truth)}`, family, kind: 'number', answer: String(truth) },
    votes: said.flatMap((answer, index) => {
      const member = MEMBERS[index];
      if (answer === 'lost' || member === undefined) return [];
      return [
        {
          memberId: member.id,
          text: answer === null ? 'I cannot answer that.' : String(answer),
          key: typeof answer === 'number' ? String(answer) : null,
          tokens: 10 * (index + 1),
          abstained: answer === null,
          arrival: order.indexOf(index),
        },
      ];
    }),
  };
}

function report(ballots: readonly RecordedBallot[], change: Partial<EvaluationInput> = {}): EvalReport {
  const evaluated = evaluate({
    split: 'test',
    questionSetSha256: 'ab'.repeat(32),
    seed: 7,
    wallMs: 1234,
    members: MEMBERS,
    ballots,
    canonicalKey,
    plurality: pluralityWinner,
    ...change,
  });
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
  ballot(1, [1, 1, 1]), // unanimous and right
  ballot(1, [2, 2, 2]), // unanimous and wrong
  ballot(1, [1, 1, 2], [0, 1, 2], 'sorting'), // two against one, right
  ballot(1, [2, 1, 2], [0, 1, 2], 'sorting'), // two against one, wrong
  ballot(1, [2, 1, 3]), // tied: birch is best on dev, right
  ballot(1, [null, '?', 1]), // one abstains, one does not parse
];

describe('evaluate on ballots worked out by hand', () => {
  const six = report(SIX);

  it('has the arms in their order', () => {
    expect(six.arms.map(({ name }) => name)).toEqual([
      'member:alder',
      'member:birch',
      'member:cedar',
      'mean-member',
      'best-member',
      'rule:plurality',
      'oracle',
    ]);
    expect(six).toMatchObject({ questions: 6, split: 'test', seed: 7, wallMs: 1234 });
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

  it('compares plurality with the best member and with each', () => {
    expect(six.pairs.map(({ a, b }) => [a, b])).toEqual([
      ['rule:plurality', 'best-member'],
      ['rule:plurality', 'member:alder'],
      ['rule:plurality', 'member:birch'],
      ['rule:plurality', 'member:cedar'],
    ]);
    const [best, alder, birch] = six.pairs;
    // Against birch: one question only the council (the last), one only birch (the fourth).
    expect(best).toMatchObject({ differencePoints: 0, p: 1 });
    expect({ ...best, b: birch?.b }).toEqual(birch);
    // Against alder: two only the council, none only alder; p = 2·(1/2)².
    expect(alder?.differencePoints).toBeCloseTo(100 / 3, 10);
    expect(alder?.p).toBeCloseTo(0.5, 12);
    expect(alder?.ci95[0]).toBeGreaterThanOrEqual(0);
  });

  it('counts what parsed, unanimity and families', () => {
    expect(six.parsedShare).toBeCloseTo(17 / 18, 12);
    expect(six.unanimous).toEqual({ total: 2, correct: 1 });
    expect(six.divided).toEqual({ total: 4, correct: 3 });
    expect(six.byFamily).toEqual({ addition: { total: 4, correct: 3 }, sorting: { total: 2, correct: 1 } });
  });

  it('replays the exact stop: two equal votes of three decide, and nothing less', () => {
    // Saved where the first two agree: the first three questions.
    expect(six.earlyStop).toEqual({ callsSaved: 3, calls: 18, changedAnswers: 0 });
  });

  it('follows the order of arrival', () => {
    const last = report([ballot(1, [2, 1, 2], [0, 2, 1])]);
    expect(last.earlyStop.callsSaved).toBe(1);
    expect(report([ballot(1, [2, 1, 2], [0, 1, 2])]).earlyStop.callsSaved).toBe(0);
  });

  it('treats an abstention as an answer that has come', () => {
    // alder abstains, birch votes: one vote ahead, one outstanding: not decided.
    expect(report([ballot(1, [null, 1, 1])]).earlyStop.callsSaved).toBe(0);
  });
});

describe('evaluate, in special cases', () => {
  it('counts a member that failed as wrong and not parsed', () => {
    const lost = report([ballot(1, ['lost', 1, 1])]);
    expect(arm(lost, 'member:alder')).toMatchObject({ correct: 0, total: 1, tokens: 0, abstained: 1 });
    expect(lost.parsedShare).toBeCloseTo(2 / 3, 12);
    expect(lost.unanimous.total).toBe(0);
  });

  it('leaves free answers out of the parsed share', () => {
    const free = ballot(1, ['?', '?', '?']);
    const hello = { ...free, question: { ...free.question, kind: 'free' as const } };
    expect(report([hello]).parsedShare).toBe(1);
  });

  it('never counts a key that came with an abstention', () => {
    const odd = ballot(1, [1, 1, 1]);
    const votes = odd.votes.map((vote) => ({ ...vote, abstained: true }));
    expect(arm(report([{ ...odd, votes }]), 'rule:plurality')).toMatchObject({ correct: 0, abstained: 1 });
  });

  it('does not call two missing keys equal', () => {
    const unknowable = ballot(1, ['?', '?', '?']);
    const question = { ...unknowable.question, answer: 'not a number' };
    expect(arm(report([{ ...unknowable, question }]), 'oracle').correct).toBe(0);
  });

  it('chooses the best member on dev, not on the split under test, and the first of equals', () => {
    const onlyCedar = [ballot(1, [2, 2, 1])];
    expect(arm(report(onlyCedar), 'best-member').correct).toBe(0);
    const equal = MEMBERS.map(({ id }) => ({ id, devAccuracy: 0.5 }));
    expect(arm(report([ballot(1, [1, 2, 2])], { members: equal }), 'best-member').correct).toBe(1);
  });

  it('stands no questions and no members', () => {
    expect(report([]).arms.every(({ accuracy, total }) => accuracy === 0 && total === 0)).toBe(true);
    expect(report([], { members: [] }).pairs).toEqual([]);
  });

  it('gives the same report for the same seed, and the same counts for another', () => {
    const [one, two, three] = [report(SIX), report(SIX), report(SIX, { seed: 8 })];
    expect(two).toEqual(one);
    expect(three.arms).toEqual(one.arms);
  });
});

describe('the exact stop', () => {
  const ids = ['a', 'b', 'c', 'd', 'e'];
  const vote = fc.constantFrom('1', '2', '3', null, 'abstain', 'lost');
  const ballotOf = fc
    .tuple(
      fc.array(vote, { minLength: 1, maxLength: 5 }),
      fc.array(fc.nat(9), { minLength: 5, maxLength: 5 }),
    )
    .map(([said, arrivals]): { count: number; ballot: RecordedBallot } => ({
      count: said.length,
      ballot: {
        question: { id: 'q', family: 'f', kind: 'number', answer: '1' },
        votes: said.flatMap((key, index) => {
          if (key === 'lost') return [];
          const abstained = key === 'abstain';
          return [
            {
              memberId: ids[index] ?? '',
              text: '',
              key: abstained ? null : key,
              tokens: 1,
              abstained,
              arrival: arrivals[index] ?? 0,
            },
          ];
        }),
      },
    }));

  it('never changes an answer, whatever the votes and their order', () => {
    fc.assert(
      fc.property(ballotOf, ({ count, ballot: recorded }) => {
        const members = ids.slice(0, count).map((id, index) => ({ id, devAccuracy: (index * 7) % 5 }));
        const { earlyStop } = report([recorded], { members });
        expect(earlyStop.changedAnswers).toBe(0);
        expect(earlyStop.callsSaved).toBeLessThan(Math.max(1, count));
        expect(earlyStop.calls).toBe(count);
      }),
      { numRuns: 300 },
    );
  });

  it('would be caught if the rule were not exact', () => {
    // A rule that ignores the votes: the replayed leader then differs from it, and the count says so.
    const contrary = report([ballot(1, [1, 1, 2])], { plurality: () => ({ key: '2' }) });
    expect(contrary.earlyStop.changedAnswers).toBe(1);
  });
});

describe('the statistics', () => {
  it('find a council of three independent members better than its best', () => {
    const random = seededRandom(5);
    const ballots = Array.from({ length: 600 }, (_, index) =>
      // Each is right 80 % of the time; wrong answers are scattered.
      ballot(
        index,
        MEMBERS.map(() => (random() < 0.8 ? index : 1_000_000 + Math.floor(random() * 1e6))),
      ),
    );
    const { pairs, arms } = report(ballots);
    const [best] = pairs;
    // Theory: 0.8³ + 3·0.8²·0.2 = 0.896, and of the rest (all differ) the tie goes to birch when it alone is right.
    expect(arms.find(({ name }) => name === 'rule:plurality')?.accuracy).toBeCloseTo(0.928, 1);
    expect(best?.ci95[0]).toBeGreaterThan(0);
    expect(best?.p).toBeLessThan(0.001);
    expect(best?.differencePoints).toBeGreaterThan(best?.ci95[0] ?? 100);
    expect(best?.differencePoints).toBeLessThan(best?.ci95[1] ?? -100);
  });

  it('find nothing where there is nothing', () => {
    const { pairs } = report(Array.from({ length: 50 }, (_, index) => ballot(index, [index, index, index])));
    for (const { differencePoints, ci95, p } of pairs) {
      expect({ differencePoints, ci95, p }).toEqual({ differencePoints: 0, ci95: [0, 0], p: 1 });
    }
  });
});
