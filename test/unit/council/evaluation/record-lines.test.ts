import { describe, expect, it } from 'vitest';
import { evaluate } from '../../../../src/council/evaluation/evaluate.ts';
import { ownQuestions } from '../../../../src/council/evaluation/own-questions.ts';
import { parseRecordLines, recordLines } from '../../../../src/council/evaluation/record-lines.ts';
import { PLAIN_RULES } from '../../../fakes/plain-rules.ts';
import { recordedBallot, recordHead } from '../../../fakes/recorded-ballots.ts';

const RECORD = {
  head: recordHead({ samples: 2 }),
  ballots: [
    recordedBallot(1, [
      [1, 2],
      [1, null],
      ['?', 1],
    ]),
    recordedBallot(
      2,
      [
        [2, 2],
        [3, 2],
        [2, 2],
      ],
      { family: 'sorting' },
    ),
  ],
};

describe('a record as lines', () => {
  it('comes back whole, and says the same when it is replayed', () => {
    const text = recordLines(RECORD);
    expect(text.split('\n')).toHaveLength(4);
    const read = parseRecordLines(text);
    expect(read).toEqual({ ok: true, value: RECORD });
    if (!read.ok) return;
    const replay = { rules: PLAIN_RULES, wallMs: 0, at: 0 };
    expect(evaluate(read.value, replay)).toEqual(evaluate(RECORD, replay));
  });

  it('can be asked again: its lines are questions', () => {
    const asked = ownQuestions(recordLines(RECORD));
    expect(asked).toEqual({ ok: true, value: RECORD.ballots.map(({ question }) => question) });
  });

  it.each([
    ['', 1],
    ['{}\n', 1],
    [recordLines(RECORD).replace('witan.calibration"', 'witan.other"'), 1],
    [recordLines(RECORD).replace('"version":1', '"version":2'), 1],
    [recordLines(RECORD).slice(0, -5), 3],
    [recordLines(RECORD).replace('"tokens":20', '"tokens":-1'), 2],
    [`${recordLines(RECORD)}{"prompt":"no samples"}\n`, 4],
  ])('is refused with the line that is damaged (%#)', (text, line) => {
    expect(parseRecordLines(text)).toMatchObject({ error: { code: 'record-invalid', details: { line } } });
  });
});
