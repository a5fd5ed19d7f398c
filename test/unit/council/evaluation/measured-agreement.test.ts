import { describe, expect, it } from 'vitest';
import type { RecordedBallot } from '#contracts/calibration';
import type { Deliberation } from '#contracts/deliberation';
import { evaluate } from '../../../../src/council/evaluation/evaluate.ts';
import { heardIn, measuredAgreement } from '../../../../src/council/evaluation/measured-agreement.ts';
import { member, deliberation } from '../../../fakes/port-data.ts';
import { PLAIN_RULES } from '../../../fakes/plain-rules.ts';
import { recordedBallot, recordHead } from '../../../fakes/recorded-ballots.ts';

/** alder 0.8, birch 0.9, cedar 0.7. Of six questions: */
const BALLOTS: readonly RecordedBallot[] = [
  recordedBallot(1, [[1], [1], [1]]),
  recordedBallot(2, [[2], [2], [2]]),
  recordedBallot(3, [[7], [7], [7]]),
  recordedBallot(4, [[4], [4], [8]]),
  recordedBallot(5, [[8], [5], [8]]),
  recordedBallot(6, [[6], [null], [6]]),
];
const RECORD = { head: recordHead(), ballots: BALLOTS };

const round = (change: Partial<Deliberation> = {}): Deliberation => deliberation(change);
const of = (change: Partial<Deliberation>, record = RECORD): ReturnType<typeof measuredAgreement> =>
  measuredAgreement(record, round(change), PLAIN_RULES);

describe('how often answers like this one were right', () => {
  it('where all members were heard it is what the evaluation says', () => {
    const found = of({});
    const report = evaluate(RECORD, { rules: PLAIN_RULES, wallMs: 0, at: 0 });
    expect(found).toMatchObject({ unanimous: report.unanimous, divided: report.divided });
    expect(found).toMatchObject({
      unanimous: { total: 3, correct: 2 },
      divided: { total: 3, correct: 2 },
      round: 'unanimous',
      rule: 'plurality',
      members: ['alder', 'birch', 'cedar'],
    });
    const [low, high] = found.unanimous.ci95;
    expect(low).toBeLessThan(2 / 3);
    expect(high).toBeGreaterThan(2 / 3);
  });

  it('is of those that were heard, not of the run’s whole council', () => {
    const lost = member('cedar', { status: 'lost', key: null, answer: '' });
    const found = of({ members: [member('alder'), member('birch', { key: '84' }), lost] });
    // Without cedar alder and birch agree on 1 to 4, and 3 is wrong; birch is the better one on 5; on 6 alder has the say.
    expect(found).toMatchObject({
      members: ['alder', 'birch'],
      unanimous: { total: 4, correct: 3 },
      divided: { total: 2, correct: 2 },
      round: 'divided',
    });
  });

  it('counts votes as the round did', () => {
    // Cedar’s vote counts more than both others: it is wrong on 4 and 5.
    expect(of({ weights: { cedar: 5 } }).divided).toMatchObject({ total: 3, correct: 2 });
    const weighing = { ...PLAIN_RULES, plurality: heaviest };
    expect(measuredAgreement(RECORD, round({ weights: { cedar: 5 } }), weighing).divided.correct).toBe(1);
  });

  it('gives the casting vote to whom the round gave it', () => {
    const two = [member('alder'), member('birch')];
    expect(of({ members: two }).divided.correct).toBe(2);
    expect(of({ members: two, tieBreaker: 'alder' }).divided.correct).toBe(1);
  });

  it('leaves out what asks for free text, and says so of an empty run', () => {
    const ballots = [recordedBallot(1, [[1], [1], [1]], { kind: 'free' })];
    expect(of({}, { head: recordHead(), ballots })).toMatchObject({
      unanimous: { total: 0, correct: 0, ci95: [0, 1] },
      divided: { total: 0 },
    });
  });

  it('takes plurality where the run cannot carry the rule', () => {
    expect(of({ rule: 'borda' }).rule).toBe('plurality');
    expect(of({ rule: 'slm-mux', samplesEach: 3 }).rule).toBe('plurality');
    const ballots = [recordedBallot(1, [[1, 2, 2], [1, 1, 1], [1, 2, 1]])]; // prettier-ignore
    const several = { head: recordHead({ samples: 3 }), ballots };
    expect(of({ rule: 'slm-mux', samplesEach: 3 }, several).rule).toBe('slm-mux');
  });

  it('hears whoever said anything, also that it has no answer', () => {
    const members = [
      member('alder', { status: 'abstained', key: null }),
      member('birch', { status: 'cut', key: null }),
      member('cedar', { status: 'late' }),
    ];
    expect(heardIn(round({ members }))).toEqual(['alder', 'cedar']);
    expect(of({ members }).round).toBe('divided');
  });
});

/** Most weight, written down again. */
const heaviest: typeof PLAIN_RULES.plurality = ({ members, samples }) => {
  const votes = samples.flatMap((sample) => (sample.key === null ? [] : [{ ...sample, key: sample.key }]));
  const weightOf = (id: string): number => members.find((each) => each.id === id)?.weight ?? 1;
  const sum = (key: string): number =>
    votes.reduce((total, vote) => total + (vote.key === key ? weightOf(vote.memberId) : 0), 0);
  const [best] = [...votes].sort((a, b) => sum(b.key) - sum(a.key));
  return best === undefined
    ? null
    : { key: best.key, speakerId: best.memberId, tied: false, scores: new Map() };
};
