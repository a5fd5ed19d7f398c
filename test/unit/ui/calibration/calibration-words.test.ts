import { describe, expect, it } from 'vitest';
import { failure } from '#contracts/errors';
import { EVALUATION_RULES } from '../../../../src/council/evaluation/evaluation-rules.ts';
import { evaluate } from '../../../../src/council/evaluation/evaluate.ts';
import { ownQuestions } from '../../../../src/council/evaluation/own-questions.ts';
import {
  admissionWords,
  armName,
  caveats,
  ownFaultWords,
  pointsWords,
  progressWords,
  recordFaultWords,
  recordNote,
  recordWords,
  runFaultWords,
  shareWords,
  versusWords,
} from '../../../../src/ui/calibration/calibration-words.ts';
import { FakeCalibrationPort } from '../../../fakes/calibration-port.ts';
import { recordedBallot, recordHead } from '../../../fakes/recorded-ballots.ts';

const NBSP = '\u00a0';
const plain = (text: string): string => text.replaceAll(NBSP, ' ');

describe('figures', () => {
  it('have their interval', () => {
    expect(plain(shareWords(0.9733, [0.962, 0.98]))).toBe('97 % (96 to 98)');
    expect(plain(pointsWords(-1.25, [-3, 0.04]))).toBe('−1.3 points (−3.0 to 0.0)');
    expect(plain(pointsWords(1.08, [0.42, 1.83]))).toBe('+1.1 points (+0.4 to +1.8)');
  });

  it('of progress say what is left once that is known', () => {
    expect(plain(progressWords(3, 120, null))).toBe('3 of 120 questions');
    const left = { low: 33_000, median: 41_000, high: 50_000 };
    expect(plain(progressWords(48, 120, left))).toBe(
      '48 of 120 questions · about 41.0 s (33.0 to 50.0) left',
    );
    expect(plain(progressWords(120, 120, left))).toBe('120 of 120 questions');
  });
});

describe('what follows', () => {
  const versus = { memberId: 'a', differencePoints: 1, ci95: [-2, 4] as [number, number], p: 0.4 };

  it.each([
    ['better', /more often than A alone/],
    ['no-worse', /at least as good as A alone, give or take a point/],
    ['worse', /less often than A alone.*Asking it alone/],
    ['cannot-tell', /cannot be told/],
  ] as const)('a council that is %s than its best member is called that', (verdict, words) => {
    expect(versusWords({ ...versus, verdict }, (id) => id.toUpperCase())).toMatch(words);
  });

  it('says when a refusal is not certain', () => {
    const of = { memberId: 'a', accuracy: 0.5, differencePoints: -20, ci95: [-40, -2] as [number, number] };
    expect(admissionWords({ ...of, admission: 'refused', certain: true })).not.toMatch(/too few/);
    expect(admissionWords({ ...of, admission: 'refused', certain: false })).toMatch(/too few/);
    expect(admissionWords({ ...of, admission: 'cannot-tell', certain: false })).toMatch(/too few/);
  });

  it('never lets a recommendation stand without what speaks against it', () => {
    const alone = new FakeCalibrationPort().report.calibration.recommendation;
    expect(caveats(alone).join(' ')).not.toMatch(/drawn again/); // there is no other pair
    const recommendation = { ...alone, councils: alone.councils.concat(alone.councils) };
    const told = caveats(recommendation).map(plain).join(' ');
    expect(told).toMatch(/drawn again/);
    expect(told).toMatch(/one needs about \d+ questions; these are 12/);
    expect(told).toMatch(/a little too good/);
    expect(caveats({ ...recommendation, stability: null, questionsNeeded: 12 })).toHaveLength(1);
  });
});

it('has a name for every arm of a report but the single members', () => {
  const head = recordHead({ samples: 3, extra: { memberId: 'birch', samples: 9 } });
  const ballots = [
    recordedBallot(1, [
      [1, 1, 1],
      [1, 1, 2, 1, 1, 1, 1, 1, 1],
      [1, 2, 2],
    ]),
  ];
  const { arms } = evaluate({ head, ballots }, { rules: EVALUATION_RULES, wallMs: 0, at: 0 });
  const named = arms.filter(({ name }) => !name.startsWith('member:'));
  expect(new Set(named.map(({ name }) => armName(name))).size).toBe(named.length);
  expect(named.every(({ name }) => armName(name) !== null)).toBe(true);
  expect(armName('member:alder')).toBeNull();
});

describe('faults', () => {
  const wordsOf = (text: string): string => {
    const read = ownQuestions(text);
    return read.ok ? '' : plain(ownFaultWords(read.error)?.join(' ') ?? '');
  };
  const good = (n: number): string => `{"prompt":"What is ${String(n)} + 1?","answer":"${String(n + 1)}"}`;

  it.each([
    ['not JSON', `${good(1)}\nwhat?`, 'Line 2 is not JSON. Mend it and choose the file again.'],
    ['no answer', '{"prompt":"x"}', 'Line 1 is no question'],
    ['no number', '{"prompt":"What is 1 + 1?","answer":"many","kind":"number"}', 'none of its kind'],
    ['asked twice', `${good(1)}\n\n${good(1)}`, 'Line 3 asks what a line before it asks'],
    ['several', `{}\n${good(1)}\nx`, '2 lines need mending: 1, 3.'],
    ['nothing', '\n', 'no question in this file'],
  ])('of a file are told with their lines: %s', (_what, text, words) => {
    expect(wordsOf(text)).toContain(words);
  });

  it('of a run say what to do, and others are left to their code', () => {
    expect(runFaultWords(failure('council-unavailable', { cause: 'consent-required' }))?.[0]).toMatch(
      /Nobody/,
    );
    expect(runFaultWords(failure('council-unavailable', { cause: 'model-downloading' }))?.[0]).toMatch(
      /A member/,
    );
    expect(runFaultWords(failure('worker-lost'))).toBeUndefined();
    expect(recordFaultWords(failure('record-invalid', { line: 7 }))?.[0]).toContain('line 7');
    expect(recordFaultWords(failure('record-invalid'))).toBeUndefined();
    expect(ownFaultWords(failure('storage-failed'))).toBeUndefined();
    expect(ownFaultWords(failure('question-set-invalid', { reason: 'too-many' }))?.[0]).toMatch(/too large/);
  });
});

it('says of a record what was asked of whom, and whether that was here', () => {
  const record = new FakeCalibrationPort().record();
  expect(plain(recordWords(record))).toBe(
    '12 bundled questions for choosing, one answer each, of Alder, Birch and Cedar',
  );
  expect(plain(recordWords({ ...record, questions: 1 }))).toMatch(/^1 bundled question for choosing/);
  expect(recordNote(record)).not.toMatch(/another/);
  expect(recordNote({ ...record, elsewhere: true })).toMatch(/another device or browser/);
});
