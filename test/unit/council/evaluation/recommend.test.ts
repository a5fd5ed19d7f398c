import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { seededRandom } from '#kernel/random';
import { RecommendationSchema, type RecordedMember, type Recommendation } from '#contracts/calibration';
import { recommend } from '../../../../src/council/evaluation/recommend.ts';
import { plainPlurality } from '../../../fakes/plain-rules.ts';
import { recordedBallot, type Said } from '../../../fakes/recorded-ballots.ts';

const membersOf = (accuracies: readonly number[]): readonly RecordedMember[] =>
  accuracies.map((devAccuracy, place) => {
    const id = `m${String(place)}`;
    return { id, name: id, backend: 'cpu', fingerprint: id, devAccuracy };
  });

/** The truth is 1; each member says 1 where its letter in the row is `+`, else a wrong answer. */
function recommended(
  rows: readonly string[],
  devAccuracies: readonly number[] = [...(rows[0] ?? '')].map(() => 0.5),
): Recommendation {
  const members = membersOf(devAccuracies);
  const ballots = rows.map((row, question) =>
    recordedBallot(
      1,
      [...row].map((letter) => [letter === '+' ? 1 : 2]),
      { id: `q${String(question).padStart(4, '0')}` },
      members,
    ),
  );
  const found = recommend({
    members,
    ballots,
    samples: 1,
    rule: 'plurality',
    decide: plainPlurality,
    seed: 3,
  });
  expect(v.parse(RecommendationSchema, found)).toEqual(found);
  return found;
}

const repeated = (row: string, times: number): readonly string[] => Array.from({ length: times }, () => row);

describe('the search', () => {
  it('finds the trio whose errors do not meet, among all pairs and trios', () => {
    // m0, m1 and m2 are wrong in turn; m3 is wrong with m0, and errs once more.
    const rows = [
      ...repeated('++++', 60),
      ...repeated('-++-', 6),
      ...repeated('+-++', 6),
      ...repeated('++-+', 6),
      '+++-',
    ];
    const { councils, versusAlone, stability } = recommended(rows);
    expect(councils).toHaveLength(6 + 4);
    expect(councils[0]).toMatchObject({ members: ['m0', 'm1', 'm2'], correct: rows.length, union: 1 });
    expect(versusAlone).toMatchObject({ verdict: 'better', differencePoints: (6 / rows.length) * 100 });
    expect(stability).toBeGreaterThan(0.9);
  });

  it('takes the smaller of two councils that have as many right, and says how little the choice means', () => {
    const { councils, versusAlone, stability } = recommended(repeated('+++', 20));
    expect(councils[0]?.members).toEqual(['m0', 'm1']);
    expect(versusAlone).toMatchObject({ verdict: 'cannot-tell', differencePoints: 0, p: 1 });
    // All are equal in every drawing, and the first is taken.
    expect(stability).toBe(1);
  });

  it('is sure of nothing where no question tells two apart, unless the questions are many', () => {
    const few = recommended(repeated('++', 24));
    expect(few.admissions[1]).toMatchObject({
      admission: 'cannot-tell',
      certain: false,
      ci95: [-12.5, 12.5],
    });
    const more = recommended(repeated('++', 30));
    expect(more.admissions[1]).toMatchObject({ admission: 'fits', certain: true, ci95: [-10, 10] });
    expect(more.versusAlone).toMatchObject({ verdict: 'cannot-tell' });
    const many = recommended(repeated('++', 301));
    expect(many.versusAlone).toMatchObject({ verdict: 'no-worse' });
  });

  it('reports union and contradiction, and their difference', () => {
    const [first] = recommended(['++', '+-', '-+', '--', '++']).councils;
    // One right: 4 of 5. One firmly wrong beside one right: 2 of 5.
    expect(first).toMatchObject({ union: 0.8, contradiction: 0.4 });
    expect(first?.objective).toBeCloseTo(0.4, 12);
  });

  it('is not firm about what a member does not say each time', () => {
    const members = membersOf([0.6, 0.5]);
    const told = (second: readonly Said[]) =>
      recommend({
        members,
        ballots: [
          recordedBallot(1, [[1, 1], second], { id: 'a' }, members),
          // So that both have one right.
          recordedBallot(
            1,
            [
              [2, 3],
              [1, 1],
            ],
            { id: 'b' },
            members,
          ),
        ],
        samples: 2,
        rule: 'plurality',
        decide: plainPlurality,
        seed: 1,
      }).councils[0]?.contradiction;
    expect(told([2, 2])).toBe(0.5);
    expect(told([2, 3])).toBe(0);
    expect(told([2, null])).toBe(0);
  });

  it('cannot tell from few questions, and says how many it takes', () => {
    const { versusAlone, questionsNeeded, questions } = recommended([
      ...repeated('+++', 40),
      ...repeated('-++', 3),
      ...repeated('+-+', 3),
      ...repeated('++-', 3),
      '--+',
    ]);
    expect(versusAlone?.verdict).toBe('cannot-tell');
    expect(questions).toBe(50);
    expect(questionsNeeded).toBeGreaterThan(50);
  });

  it('takes no trio that a pair is better than', () => {
    // m0 is always right, the other two are sometimes wrong together; of two that differ the first named decides.
    const { councils } = recommended([...repeated('+++', 180), ...repeated('+--', 18)]);
    expect(councils.map(({ members, correct }) => [members.length, correct])).toEqual([
      [2, 198],
      [2, 198],
      [2, 180],
      [3, 180],
    ]);
  });

  it('says so when the best council is worse than one member alone', () => {
    // Of two that differ the one decides that was better on dev, and is not here.
    const { versusAlone } = recommended([...repeated('++', 186), ...repeated('+-', 14)], [0.5, 0.9]);
    expect(versusAlone).toMatchObject({ memberId: 'm0', verdict: 'worse' });
    expect(versusAlone?.differencePoints).toBeCloseTo(-7, 10);
  });

  it('has no council of one, and none of nobody', () => {
    expect(recommended(['+', '-'])).toMatchObject({ councils: [], versusAlone: null, stability: null });
    const nobody = { members: [], ballots: [], samples: 1, seed: 1, rule: 'plurality' } as const;
    expect(recommend({ ...nobody, decide: plainPlurality }).admissions).toEqual([]);
  });

  it('gives no verdict from no questions', () => {
    const members = membersOf([0.6, 0.5]);
    const found = recommend({
      members,
      ballots: [],
      samples: 1,
      rule: 'plurality',
      decide: plainPlurality,
      seed: 1,
    });
    expect(found).toMatchObject({ versusAlone: null, stability: null, questionsNeeded: null, questions: 0 });
    expect(found.admissions.map(({ admission }) => admission)).toEqual(['best', 'cannot-tell']);
  });
});

describe('admission', () => {
  const withAccuracies = (accuracies: readonly number[], questions: number): readonly string[] => {
    const random = seededRandom(11);
    return Array.from({ length: questions }, () =>
      accuracies.map((accuracy) => (random() < accuracy ? '+' : '-')).join(''),
    );
  };

  it('refuses who is far below the best, and keeps who is near, each with its interval', () => {
    const { admissions, councils } = recommended(withAccuracies([0.9, 0.88, 0.5], 400));
    expect(admissions.map(({ admission, certain }) => [admission, certain])).toEqual([
      ['best', false],
      ['fits', true],
      ['refused', true],
    ]);
    const [, , refused] = admissions;
    expect(refused?.ci95[0]).toBeLessThan(refused?.differencePoints ?? 0);
    expect(refused?.ci95[1]).toBeLessThan(-10);
    expect(councils.map(({ members }) => members)).toEqual([['m0', 'm1']]);
  });

  it('refuses without being certain where the questions are few, and admits without being certain too', () => {
    const { admissions } = recommended([
      ...repeated('+++', 14),
      ...repeated('+-+', 3),
      ...repeated('+--', 1),
    ]);
    const [, second, third] = admissions;
    expect(second).toMatchObject({ admission: 'refused', certain: false });
    expect(third).toMatchObject({ admission: 'cannot-tell', certain: false });
  });
});
