import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RoundEvent } from '#contracts/council';
import type { Deliberation } from '#contracts/deliberation';
import { replay } from '../../../src/council/replay.ts';
import { RoundEvidence } from '../../../src/council/round-evidence.ts';
import type { RoundPlan } from '../../../src/council/round-plan.ts';
import { playRound, type PlayedRound } from '../../fakes/played-round.ts';
import type { Script } from '../../fakes/scripted-engine.ts';
import { turn } from '../../fakes/turn.ts';

interface Played {
  readonly record: Deliberation;
  readonly round: PlayedRound;
}

/** Plays a round with its evidence written down, as the council does. @param stopAtMs when the user ends it */
async function recorded(
  scripts: readonly Script[],
  plan: Partial<RoundPlan> = {},
  stopAtMs: number | null = null,
): Promise<Played> {
  const heard: RoundEvent[] = [];
  const played = playRound(scripts, plan, (event) => heard.push(event));
  const evidence = new RoundEvidence(played.members);
  await turn();
  for (let passedMs = 0; played.record() === null && passedMs <= 2500; passedMs += 5) {
    if (stopAtMs !== null && passedMs >= stopAtMs) played.round.stop();
    await played.pass(5);
  }
  for (const event of heard) evidence.hear(event);
  const record = played.record();
  if (record === null) throw new Error('the round did not end');
  return {
    record: evidence.complete({ ...record, frames: null }, played.round.stoppedByUser),
    round: played,
  };
}

function again(record: Deliberation): Extract<ReturnType<typeof replay>, { ok: true }>['value'] {
  // As it comes out of a file: nothing but what JSON holds.
  const replayed = replay(JSON.parse(JSON.stringify(record)) as Deliberation);
  if (!replayed.ok) throw new Error(JSON.stringify(replayed.error));
  return replayed.value;
}

describe('a record decides anew', () => {
  it('as it did: all agree', async () => {
    const { record } = await recorded([{ says: '85' }, { says: '85' }, { says: '85' }]);
    expect(record).toMatchObject({ announcedAfter: 2, stoppedByUser: false, decidedEarly: true });
    expect(again(record)).toMatchObject({
      differences: [],
      decidedEarly: true,
      conclusion: { answer: '85', outcome: 'decided' },
    });
  });

  it('by the accuracies that broke its tie', async () => {
    const { record } = await recorded([{ says: '85' }, { says: '86' }]);
    expect(record).toMatchObject({ outcome: 'tied', answer: '86', announcedAfter: null });
    expect(again(record)).toMatchObject({ differences: [], conclusion: { answer: '86', outcome: 'tied' } });
    // With other accuracies it would have been the other answer, and the record is found out.
    const members = record.members.map((member) => ({ ...member, accuracy: 1 - (member.accuracy ?? 0) }));
    expect(again({ ...record, members }).differences).toContain('answer');
  });

  it('by the votes that were there at the soft deadline, though a late one would have flipped it', async () => {
    const { record } = await recorded([
      { says: '1', atMs: 100 },
      { says: '2', atMs: 200 },
      { says: '1', atMs: 1200 },
      { says: '1', atMs: 1300 },
    ]);
    expect(record).toMatchObject({ key: '2', lateWouldFlip: true, announcedAfter: 2, decidedEarly: false });
    expect(again(record)).toMatchObject({ differences: [], decidedEarly: false, conclusion: { key: '2' } });
  });

  it('and tells of a record that was changed', async () => {
    const { record } = await recorded([{ says: '85' }, { says: '85' }, { says: '86', atMs: 15 }]);
    expect(again({ ...record, answer: '86', key: '86' }).differences).toEqual(
      expect.arrayContaining(['answer', 'key']),
    );
    const [first, ...rest] = record.members;
    if (first === undefined) throw new Error('no member');
    expect(again({ ...record, members: [{ ...first, key: '86' }, ...rest] }).differences).not.toEqual([]);
    expect(again({ ...record, agreement: 0.5 }).differences).toEqual(['agreement']);
  });

  it('whatever its members did, and whenever the user ended it (300 rounds)', async () => {
    const script: fc.Arbitrary<Script> = fc.record(
      {
        says: fc.constantFrom(
          '85',
          '86',
          '87',
          'I cannot answer that. I only know small exact tasks.',
          'what?',
        ),
        atMs: fc.integer({ min: 1, max: 2400 }),
        fails: fc.constantFrom(undefined, undefined, undefined, 'engine-failed', 'worker-lost'),
        finish: fc.constantFrom('stop', 'stop', 'length'),
        hangs: fc.constantFrom(false, false, false, true),
      },
      { requiredKeys: ['says', 'atMs', 'finish', 'hangs'] },
    ) as fc.Arbitrary<Script>;
    await fc.assert(
      fc.asyncProperty(
        fc.array(script, { minLength: 1, maxLength: 6 }),
        fc.option(fc.integer({ min: 0, max: 2000 }), { freq: 4 }),
        fc.integer({ min: 1, max: 4 }),
        async (scripts, stopAtMs, quorum) => {
          const { record } = await recorded(scripts, { quorum, softDeadlineMs: 600 }, stopAtMs);
          expect(again(record).differences).toEqual([]);
        },
      ),
      { numRuns: 300, seed: 11 },
    );
  }, 120_000);
});

describe('a record that does not hold all it takes', () => {
  it('says so', async () => {
    const { record } = await recorded([{ says: '85' }, { says: '85' }]);
    const refused = { ok: false, error: { code: 'record-invalid', details: { reason: 'evidence' } } };
    const { announcedAfter: _announced, ...older } = record;
    expect(replay(older)).toMatchObject(refused);
    const { stoppedByUser: _stopped, ...old } = record;
    expect(replay(old)).toMatchObject(refused);
    const members = record.members.map(({ accuracy: _accuracy, ...member }) => member);
    expect(replay({ ...record, members })).toMatchObject(refused);
  });

  it('or that no round could have written', async () => {
    const { record } = await recorded([{ says: '85' }, { says: '85' }]);
    const refused = { ok: false, error: { code: 'record-invalid', details: { reason: 'members' } } };
    const same = record.members.map((member) => ({ ...member, endedAs: 0 }));
    expect(replay({ ...record, members: same })).toMatchObject(refused);
    const twice = record.members.map((member) => ({ ...member, id: 'a' }));
    expect(replay({ ...record, members: twice })).toMatchObject(refused);
    expect(replay({ ...record, announcedAfter: 7 })).toMatchObject(refused);
  });
});

it('writes down model and history of those that have them', async () => {
  const { record } = await recorded([{ says: '85' }, { says: '85' }]);
  const load = {
    model: { format: 'gguf', id: 'm', name: 'M', url: 'u', sizeBytes: 1, sha256: 'r' },
    threads: 1,
    contextTokens: 256,
    slots: 1,
  } as const;
  const model = { engine: 'wllama', backend: 'cpu', id: 'm', revision: 'r', contextTokens: 256 };
  const member = { id: 'a', accuracy: 0.5, backend: 'cpu', engine: { kind: 'wllama' }, load } as const;
  const evidence = new RoundEvidence([member], {
    a: { turns: [], shown: 2, leftOut: 3 },
  });
  const [first, second] = evidence.complete(record, false).members;
  expect(first).toMatchObject({ model, history: { shown: 2, leftOut: 3 } });
  expect(second?.model).toBeUndefined();
  expect(second?.history).toBeUndefined();
});
