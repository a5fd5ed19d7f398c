import fc from 'fast-check';
import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { DeliberationSchema, MEMBER_STATUSES, type Deliberation } from '#contracts/deliberation';
import { EvidenceSchema } from '#contracts/evidence';
import { RULES } from '#contracts/rules';
import { evidenceOfRecord } from '../../../../src/council/evidence/record-evidence.ts';
import { playedRecord } from '../../../fakes/played-round.ts';
import { deliberation, member } from '../../../fakes/port-data.ts';

const of = (change: Partial<Deliberation>): ReturnType<typeof evidenceOfRecord> =>
  evidenceOfRecord(deliberation(change));

describe('the evidence of a record', () => {
  it('counts, and says who is silent and why', () => {
    const found = of({
      key: '85',
      members: [
        member('alder'),
        member('birch', { key: '86', answer: '86' }),
        member('cedar', { status: 'failed', key: null, answer: '', error: 'out-of-memory' }),
      ],
    });
    expect(found).toMatchObject({
      votes: 2,
      agreement: 0.5,
      concentration: 0,
      unanimous: false,
      clusters: [
        { key: '85', votes: 1, members: ['alder'], isAnswer: true },
        { key: '86', votes: 1, members: ['birch'], isAnswer: false },
      ],
      silent: [{ memberId: 'cedar', status: 'failed', error: 'out-of-memory' }],
      heard: { calls: 2, tokens: 6 },
      comparison: null,
    });
  });

  it('tells of weights what they came to', () => {
    const [first] = of({ weights: { alder: 2.5 } }).clusters;
    expect(first).toMatchObject({ votes: 3, weight: 4.5 });
    expect(of({}).clusters[0]?.weight).toBeUndefined();
  });

  it('names those whose votes never came, and the better ones among them', () => {
    const members = [
      member('alder', { accuracy: 0.6 }),
      member('birch', { accuracy: 0.7 }),
      member('cedar', { status: 'timeout', key: null, accuracy: 0.9 }),
      member('dogwood', { status: 'timeout', key: null, accuracy: 0.5 }),
    ];
    expect(of({ members }).partial).toEqual({ members: ['cedar', 'dogwood'], better: ['cedar'] });
    const older = members.map(({ accuracy: _accuracy, ...rest }) => rest);
    expect(of({ members: older }).partial).toEqual({ members: ['cedar', 'dogwood'], better: [] });
  });

  it('a vote cut off when nothing could change the answer is none that is missing, by a hasty stop it is', () => {
    const members = [member('alder'), member('birch'), member('cedar', { status: 'cut', key: null })];
    expect(of({ members }).partial).toBeNull();
    expect(of({ members, stop: 'first-two' }).partial?.members).toEqual(['cedar']);
  });

  it('tells of late votes', () => {
    const members = [member('alder'), member('birch'), member('cedar', { status: 'late', key: '9' })];
    expect(of({ members, lateWouldFlip: true }).late).toEqual({ members: ['cedar'], wouldFlip: true });
  });

  it('compares long texts, and only where there are two', () => {
    const free = { answerKind: 'free', prompt: 'How high is the tower?' } as const;
    const says = (id: string, answer: string): Deliberation['members'][number] =>
      member(id, { answer, key: answer });
    const members = [
      says('alder', 'The tower is 330 metres high.'),
      says('birch', 'The tower is 300 metres high.'),
    ];
    expect(of({ ...free, members }).comparison?.contradictions).toEqual([
      [
        { text: 'The tower is 330 metres high.', members: ['alder'] },
        { text: 'The tower is 300 metres high.', members: ['birch'] },
      ],
    ]);
    expect(of({ ...free, members: members.slice(0, 1) }).comparison).toBeNull();
  });
});

describe('what stops would have saved', () => {
  const shadow = [{ stop: 'exact', callsSaved: 1, tokensSaved: 3, changed: false }] as const;

  it('is what the round wrote down', async () => {
    const played = await playedRecord([{ says: '1' }, { says: '1' }, { says: '1' }]);
    expect(evidenceOfRecord({ ...played, frames: null }).stops).toEqual(played.shadow);
    expect(of({ shadow: [...shadow] }).stops).toEqual(shadow);
  });

  it('or why it did not', () => {
    const cut = [member('alder'), member('birch'), member('cedar', { status: 'cut', key: null, answer: '' })];
    expect(of({ members: cut }).stops).toBe('unheard');
    expect(of({}).stops).toBe('older');
    expect(of({ samplesEach: 3 }).stops).toBe('unheard');
    expect(of({ rule: 'borda' }).stops).toBe('rule');
  });
});

describe('any record, however old or odd', () => {
  const part = fc.record({
    status: fc.constantFrom(...MEMBER_STATUSES),
    key: fc.option(fc.constantFrom('1', '2', 'the sea is blue')),
    tokens: fc.nat(20),
    accuracy: fc.option(fc.constantFrom(0, 0.5, 0.9), { nil: undefined }),
  });

  it('has evidence that adds up and keeps to its schema', () => {
    fc.assert(
      fc.property(
        fc.array(part, { maxLength: 5 }),
        fc.constantFrom(...RULES),
        fc.option(fc.constantFrom('1', '2')),
        fc.constantFrom('number', 'free'),
        (parts, rule, key, answerKind) => {
          const members = parts.map(({ accuracy, ...change }, index) =>
            member(`m${String(index)}`, { ...change, ...(accuracy === undefined ? {} : { accuracy }) }),
          );
          const record = v.parse(DeliberationSchema, deliberation({ members, rule, key, answerKind }));
          const found = evidenceOfRecord(record);
          expect(v.parse(EvidenceSchema, { ...found, measured: 'none' })).toEqual({
            ...found,
            measured: 'none',
          });
          expect(found.clusters.reduce((sum, { votes }) => sum + votes, 0)).toBe(found.votes);
          expect(found.votes + found.abstained).toBe(found.heard.calls);
          const named = [
            ...found.silent.map(({ memberId }) => memberId),
            ...found.clusters.flatMap((each) => each.members),
          ];
          expect(new Set(named)).toEqual(new Set(members.map(({ id }) => id)));
        },
      ),
    );
  });
});
