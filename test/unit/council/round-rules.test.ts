import { describe, expect, it } from 'vitest';
import type { CouncilMember } from '#contracts/council';
import { replay } from '../../../src/council/replay.ts';
import { RoundEvidence } from '../../../src/council/round-evidence.ts';
import type { RoundPlan } from '../../../src/council/round-plan.ts';
import { playedRecord, playRound, statuses } from '../../fakes/played-round.ts';
import { ScriptedEngine, type Script } from '../../fakes/scripted-engine.ts';
import { turn } from '../../fakes/turn.ts';

const asked = ({ engine }: CouncilMember): number =>
  engine instanceof ScriptedEngine ? engine.requests.length : Number.NaN;

const manner = (change: NonNullable<RoundPlan['manner']>): Partial<RoundPlan> => ({ manner: change });

/** Plays a round with its members at hand. */
async function played(scripts: readonly Script[], plan: Partial<RoundPlan>) {
  const round = playRound(scripts, plan);
  const evidence = new RoundEvidence(round.members);
  await turn();
  for (let passed = 0; round.record() === null && passed <= 2500; passed += 5) await round.pass(5);
  const record = round.record();
  if (record === null) throw new Error('the round did not end');
  for (const event of round.events) evidence.hear(event);
  const whole = evidence.complete({ ...record, frames: null }, round.round.stoppedByUser);
  return { ...round, record: whole };
}

describe('several answers of each member', () => {
  it('come one after the other, the first greedy and the others drawn, and are on record', async () => {
    const { members, record } = await played(
      [
        { says: '1', then: ['2', '2'] },
        { says: '3', then: ['3', '4'] },
      ],
      manner({ rule: 'slm-mux', samples: 3 }),
    );
    const [first] = members;
    const requests = first?.engine instanceof ScriptedEngine ? first.engine.requests : [];
    expect(requests.map(({ temperature }) => temperature)).toEqual([0, 0.7, 0.7]);
    expect(new Set(requests.map(({ seed }) => seed)).size).toBe(3);
    expect(record.members[0]).toMatchObject({ key: '2', answer: '2', status: 'answered', tokens: 3 });
    expect(record.members[0]?.samples?.map(({ key }) => key)).toEqual(['1', '2', '2']);
    expect(record).toMatchObject({ samplesEach: 3, rule: 'slm-mux' });
  });

  it('are not asked for any more when nothing can change what the rule says', async () => {
    const { members, record } = await played(
      [
        { says: '7', atMs: 10 },
        { says: '7', atMs: 10 },
        { says: '7', atMs: 300 },
      ],
      { ...manner({ rule: 'plurality', samples: 3 }), graceMs: 0 },
    );
    expect(record).toMatchObject({ key: '7', decidedEarly: true, outcome: 'decided' });
    expect(members.map(asked).reduce((sum, calls) => sum + calls, 0)).toBeLessThan(9);
    expect(record.callsSaved).toBeGreaterThan(0);
  });

  it('count as far as they came when their member is lost', async () => {
    const { record } = await played(
      [
        { says: '5', then: ['5', '5'], atMs: 900 },
        { says: '6', then: ['6', '6'], atMs: 10 },
      ],
      { ...manner({ rule: 'slm-mux', samples: 3 }), hardDeadlineMs: 2000, softDeadlineMs: 2000 },
    );
    expect(statuses(record.members)).toBe('a:timeout b:answered');
    expect(record.members[0]?.samples).toHaveLength(2);
    expect(record.missing).toEqual(['a']);
  });

  it('are one vote in the count of those that agree, and dissent names a member once', async () => {
    const { record } = await played(
      [{ says: '1' }, { says: '1' }, { says: '2' }],
      manner({ rule: 'plurality', samples: 3 }),
    );
    expect(record.dissent).toEqual([{ key: '2', answer: '2', members: ['c'] }]);
  });
});

describe('ModelSwitch', () => {
  it('asks the best member alone where it agrees with itself', async () => {
    const { members, record } = await played(
      [{ says: '5' }, { says: '5' }, { says: '4' }],
      manner({ rule: 'model-switch', samples: 2 }),
    );
    expect(record).toMatchObject({ key: '4', outcome: 'decided', callsSaved: 4 });
    expect(members.map(asked).filter((calls) => calls > 0)).toEqual([2]);
  });

  it('asks the next where it does not, or is lost', async () => {
    const { members, record } = await played(
      [{ says: '6' }, { says: '5', then: ['6'] }, { fails: 'engine-failed' }],
      manner({ rule: 'model-switch', samples: 2 }),
    );
    expect(record.key).toBe('6');
    expect(members.map(asked)).toEqual([2, 2, 1]);
  });

  it('ends when the user stops it, whoever was not asked yet', async () => {
    const { round, record, pass } = playRound(
      [{ hangs: true }, { says: '5' }],
      manner({ rule: 'model-switch' }),
    );
    await turn();
    round.stop();
    await pass(10);
    expect(record()).toMatchObject({ outcome: 'stopped', key: null });
  });
});

describe('rules that compare', () => {
  const FREE = { prompt: 'Tell me of the sea, please.' };

  it('Borda: members rank the others’ answers, and the record has the rankings', async () => {
    const reply = '{"ranking":["A","B"]}';
    const { members, record, events } = await played(
      [
        { says: 'It is blue.', then: [reply] },
        { says: 'It is deep.', then: [reply] },
        { says: 'It is cold.', then: [reply] },
      ],
      { ...FREE, ...manner({ rule: 'borda' }) },
    );
    expect(members.map(asked)).toEqual([2, 2, 2]);
    expect(record.rankings?.length).toBeGreaterThanOrEqual(2);
    for (const { reviewerId, order } of record.rankings ?? []) expect(order).not.toContain(reviewerId);
    expect(record.fallback).toBeUndefined();
    expect(events.filter(({ type }) => type === 'round-comparing')).toHaveLength(1);
  });

  it('Borda without a ranking that parses falls back to plurality, and says so', async () => {
    const record = await playedRecord(
      [{ says: 'It is blue.' }, { says: 'It is blue.' }, { says: 'It is cold.' }],
      { ...FREE, ...manner({ rule: 'borda' }) },
    );
    expect(record).toMatchObject({ answer: 'It is blue.', fallback: 'plurality' });
  });

  it('a chairman’s choice is quoted word for word', async () => {
    const { record } = await played([{ says: 'It is blue.', then: ['A'] }, { says: 'It is deep.' }], {
      ...FREE,
      ...manner({ rule: 'chairman', chairmanId: 'a' }),
    });
    expect(record.chair?.memberId).toBe('a');
    expect(record.chair?.choice).toBe(record.key);
    expect(['It is blue.', 'It is deep.']).toContain(record.answer);
  });

  it('a chairman that never ends is not waited for beyond the deadline', async () => {
    const { record } = await played(
      [
        { says: 'It is blue.', atMs: 10, then: ['A'.repeat(4000)] },
        { says: 'It is deep.', atMs: 10 },
      ],
      {
        ...FREE,
        ...manner({ rule: 'chairman', chairmanId: 'a' }),
        softDeadlineMs: 2000,
        hardDeadlineMs: 100,
      },
    );
    expect(record.wallMs).toBeLessThanOrEqual(105);
  });
});

describe('whatever members do', () => {
  it.each(['borda', 'kemeny', 'chairman'] as const)('%s ends by the hard deadline', async (rule) => {
    for (const fault of [{ hangs: true }, { throws: true }, { fails: 'worker-lost' as const }]) {
      const { record } = await played(
        [
          { says: '1', afterwards: fault },
          { says: '2', afterwards: fault },
          { says: '3', afterwards: fault },
        ],
        { ...manner({ rule }), hardDeadlineMs: 500, softDeadlineMs: 500 },
      );
      expect(record.wallMs).toBeLessThanOrEqual(505);
      expect(record).toMatchObject({ fallback: 'plurality' });
    }
  });

  it('one reviewer that breaks costs its own ranking, no other', async () => {
    const reply = '{"ranking":["A","B"]}';
    const { record } = await played(
      [
        { says: 'It is blue.', then: [reply] },
        { says: 'It is deep.', then: [reply] },
        { says: 'It is cold.', afterwards: { throws: true } },
      ],
      { prompt: 'Tell me of the sea, please.', ...manner({ rule: 'kemeny' }) },
    );
    expect(record.rankings?.map(({ reviewerId }) => reviewerId)).toEqual(['a', 'b']);
  });
});

describe('every rule', () => {
  it.each([
    'plurality',
    'slm-mux',
    'model-switch',
    'confidence',
    'borda',
    'kemeny',
    'pairwise',
    'chairman',
  ] as const)('%s: a record decides anew as it did', async (rule) => {
    for (const samples of [1, 3]) {
      const { record } = await played(
        [
          { says: '1', then: ['2', '1'], atMs: 11 },
          { says: '1', then: ['1', '3'], atMs: 17 },
          { says: '2', then: ['2', '2'], atMs: 23 },
        ],
        manner({ rule, samples }),
      );
      const again = replay(record);
      if (!again.ok) throw new Error(JSON.stringify(again.error));
      expect(again.value.differences).toEqual([]);
    }
  });

  it('says what each stop would have saved, where it was heard to its end', async () => {
    const { record } = await played(
      [{ says: '1' }, { says: '2' }, { says: '3' }],
      manner({ rule: 'plurality', samples: 1 }),
    );
    expect(record.shadow?.map(({ stop }) => stop)).toEqual(['exact', 'adaptive-consistency', 'first-two']);
    expect(record.shadow?.find(({ stop }) => stop === 'exact')).toMatchObject({
      callsSaved: 0,
      changed: false,
    });
  });
});
