import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MEMBER_STATUSES, type Deliberation } from '#contracts/deliberation';
import { STOPS_UNKNOWN, UNMEASURED, type Evidence, type MeasuredAgreement } from '#contracts/evidence';
import { RULES } from '#contracts/rules';
import { evidenceOfRecord } from '../../../../src/council/evidence/record-evidence.ts';
import { evidenceWords, type EvidenceWords } from '../../../../src/ui/council/evidence-words.ts';
import { deliberation, member } from '../../../fakes/port-data.ts';

const MEASURED: MeasuredAgreement = {
  recordId: '0'.repeat(16),
  split: 'test',
  at: 1_700_000_000_000,
  members: ['alder', 'birch', 'cedar'],
  rule: 'plurality',
  unanimous: { total: 190, correct: 187, ci95: [0.955, 0.995] },
  divided: { total: 0, correct: 0, ci95: [0, 1] },
  round: 'unanimous',
};

/** With plain spaces. */
function wordsOf(change: Partial<Deliberation> = {}, more: Partial<Evidence> = {}): EvidenceWords {
  const record = deliberation(change);
  const words = evidenceWords(record, { ...evidenceOfRecord(record), measured: 'none', ...more });
  return JSON.parse(JSON.stringify(words).replaceAll('\u00a0', ' ')) as EvidenceWords;
}

const timeout = member('cedar', { status: 'timeout', key: null, answer: '', accuracy: 0.9 });

describe('the answers', () => {
  it('are told with their votes and voices, the council’s marked', () => {
    const members = [member('alder'), member('birch'), member('cedar', { key: '84', answer: '84' })];
    const words = wordsOf({ members });
    expect(words.given).toEqual([
      { key: '85', answer: '85', who: '2 votes: Alder and Birch', isAnswer: true },
      { key: '84', answer: '84', who: '1 vote: Cedar', isAnswer: false },
    ]);
    expect(words.votes).toEqual([
      'For the answer: 2 of 3 votes, 67 %.',
      'How close together the votes are: 42 % (100 %: all alike, 0 %: all differ).',
      'Agreement proves nothing: models often make the same mistake.',
    ]);
  });

  it('tell of weights, the casting vote, several answers and own instructions', () => {
    const words = wordsOf({
      weights: { alder: 2.5, birch: 0 },
      tieBreaker: 'cedar',
      samplesEach: 3,
      instructions: { review: 'Shortest first.' },
      cached: { roundId: 'r', storedAt: 0, ageMs: 5 },
    });
    expect(words.given[0]?.who).toBe('3 votes, counting 3.5: Alder, Birch and Cedar');
    expect(words.votes).toEqual(
      expect.arrayContaining([
        'Nobody was asked: this is the answer of an earlier round.',
        'Each answer of a member is a vote.',
        'By your weights votes count: Alder 2.5 and Birch 0; all others 1.',
        'In a tie Cedar has the casting vote.',
        'They were told to compare in your own words.',
      ]),
    );
  });

  it('of long texts that all differ are not counted', () => {
    const members = ['alder', 'birch', 'cedar'].map((id) => member(id, { key: id, answer: `${id} grows.` }));
    expect(wordsOf({ answerKind: 'free', key: 'alder', members }).votes[0]).toBe(
      'No two of the 3 texts are the same, as is usual for long ones.',
    );
  });
});

describe('how often such answers are right', () => {
  it('is told for both cases, the one of this round marked', () => {
    const { measured } = wordsOf({}, { measured: MEASURED });
    expect(measured.rows).toEqual([
      {
        when: 'They give one answer',
        right: 'right in 187 of 190 questions: 98 % (95 % interval 96 to 100 %)',
        here: true,
      },
      { when: 'They do not', right: 'did not happen', here: false },
    ]);
    expect(measured.lines[0]).toContain('Alder, Birch and Cedar on this device, ');
    expect(measured.lines[0]).toContain('on the bundled test questions:');
    expect(measured.canMeasure).toBe(false);
  });

  it('says when another rule decided there, and speaks of one member alone', () => {
    const words = wordsOf({ rule: 'borda' }, { measured: MEASURED });
    expect(words.measured.lines[1]).toBe('Decided there by plurality: the run has not what this rule needs.');
    const alone = wordsOf({}, { measured: { ...MEASURED, members: ['birch'] } });
    expect(alone.measured.rows.map(({ when }) => when)).toEqual(['It has an answer']);
  });

  it.each(UNMEASURED)('or why it is not known: %s', (measured) => {
    const words = wordsOf({}, { measured });
    expect(words.measured.lines[0]).toMatch(/\.$/);
    expect(words.measured.rows).toEqual([]);
    expect(words.measured.canMeasure).toBe(measured === 'none');
  });
});

describe('who is not in it', () => {
  it('is nobody where all votes are there', () => {
    expect(wordsOf().missing).toEqual([]);
  });

  it('is named with the reason, and what it means that slow ones are missing', () => {
    const members = [member('alder', { accuracy: 0.5 }), member('birch', { accuracy: 0.6 }), timeout];
    expect(wordsOf({ members }).missing).toEqual([
      'Cedar: ran out of time.',
      'A vote that is missing could have counted: what is left is a part of the council.',
      'Who runs out of time is slow, and the slow members are often the better ones: the rest is no fair sample.',
      'By what was measured, Cedar is more often right than the average of those that voted.',
    ]);
  });

  it('says nothing of slowness where a member broke, and nothing of a rest where there is none', () => {
    const lost = member('cedar', { status: 'lost', key: null });
    expect(wordsOf({ members: [member('alder'), lost] }).missing.join(' ')).not.toContain('slow');
    expect(wordsOf({ key: null, answer: null, members: [timeout] }).missing).toEqual([
      'Cedar: ran out of time.',
    ]);
  });

  it.each([
    [true, 'Cedar answered after the council had spoken: with all votes the answer would be another.'],
    [false, 'Cedar answered after the council had spoken: with all votes it is the same answer.'],
  ])('a late vote that flips: %s', (lateWouldFlip, line) => {
    const members = [member('alder'), member('birch'), member('cedar', { status: 'late' })];
    expect(wordsOf({ members, lateWouldFlip }).missing).toEqual([line]);
  });
});

describe('what stops would have saved', () => {
  it('is told for each, and whether the answer would have changed', () => {
    const shadow: Deliberation['shadow'] = [
      { stop: 'exact', callsSaved: 1, tokensSaved: 3, changed: false },
      { stop: 'adaptive-consistency', callsSaved: 0, tokensSaved: 0, changed: false },
      { stop: 'first-two', callsSaved: 1, tokensSaved: 3, changed: true },
    ];
    expect(wordsOf({ shadow }).stops).toEqual([
      {
        when: 'When nothing can change it any more',
        saved: '1 of 3 answers, 3 of 9 tokens; the same answer',
      },
      { when: 'When it is 95 % likely to stand', saved: 'nothing' },
      { when: 'When two agree', saved: '1 of 3 answers, 3 of 9 tokens; the answer would have been another' },
    ]);
  });

  it.each(STOPS_UNKNOWN)('or why nobody knows: %s', (stops) => {
    expect(wordsOf({}, { stops }).noStops).toMatch(/\.$/);
    expect(wordsOf({ callsSaved: 2 }, { stops: 'unheard' }).noStops).toContain('2 answers saved');
  });
});

it('compares long texts point by point', () => {
  const says = (id: string, answer: string): Deliberation['members'][number] =>
    member(id, { answer, key: answer });
  const words = wordsOf({
    answerKind: 'free',
    prompt: 'How high is the tower, and what is a ticket?',
    members: [
      says('alder', 'The tower is 330 metres high. It is brown.'),
      says('birch', 'The tower is 300 metres high. Lifts run up.'),
    ],
  });
  expect(words.said).toEqual([
    {
      title: 'These cannot all hold',
      points: [
        { text: 'The tower is 330 metres high.', who: 'Alder' },
        { text: 'The tower is 300 metres high.', who: 'Birch' },
      ],
    },
    // What is contested stands once.
    {
      title: 'Only one says',
      points: [
        { text: 'It is brown.', who: 'Alder' },
        { text: 'Lifts run up.', who: 'Birch' },
      ],
    },
  ]);
  expect(words.blindSpots).toBe('ticket');
});

it('whatever the record: never a gap, never "verified", and agreement is said to prove nothing at most once', () => {
  const part = fc.record({
    status: fc.constantFrom(...MEMBER_STATUSES),
    key: fc.option(fc.constantFrom('1', '2')),
    accuracy: fc.constantFrom(0, 0.5, 0.9),
  });
  fc.assert(
    fc.property(
      fc.array(part, { maxLength: 4 }),
      fc.constantFrom(...RULES),
      fc.option(fc.constantFrom('1', '2')),
      fc.constantFrom(...UNMEASURED, MEASURED),
      fc.constantFrom('number', 'free'),
      (parts, rule, key, measured, answerKind) => {
        const members = parts.map((change, index) => member(`m${String(index)}`, change));
        const all = JSON.stringify(wordsOf({ members, rule, key, answerKind }, { measured }));
        expect(all).not.toMatch(/undefined|NaN|verified/i);
        expect(all.split('proves nothing').length).toBeLessThanOrEqual(2);
      },
    ),
  );
});
