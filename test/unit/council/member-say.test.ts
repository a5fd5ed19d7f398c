import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ruleMember, standingOf, tieBreakerFor, weightsFor } from '../../../src/council/member-say.ts';
import { replay } from '../../../src/council/replay.ts';
import { RoundEvidence } from '../../../src/council/round-evidence.ts';
import type { RoundPlan } from '../../../src/council/round-plan.ts';
import { playRound } from '../../fakes/played-round.ts';
import type { Script } from '../../fakes/scripted-engine.ts';
import { turn } from '../../fakes/turn.ts';

const IDS = ['a', 'b', 'c'];

describe('weights that have a say', () => {
  it('are those that differ from 1, of members that are asked, within bounds and in hundredths', () => {
    expect(weightsFor({ a: 2, b: 1, z: 5 }, 'plurality', IDS)).toEqual({ a: 2 });
    expect(weightsFor({ a: 99, b: -1, c: 0.333 }, 'confidence', IDS)).toEqual({ a: 10, b: 0, c: 0.33 });
    expect(weightsFor({ a: Number.NaN, b: 3 }, 'plurality', IDS)).toEqual({ b: 3 });
  });

  it('are none where votes are not counted, or all count alike', () => {
    expect(weightsFor({ a: 2 }, 'slm-mux', IDS)).toBeNull();
    expect(weightsFor({ a: 1, b: 1 }, 'plurality', IDS)).toBeNull();
    expect(weightsFor({ a: 0, b: 0, c: 0 }, 'plurality', IDS)).toBeNull();
    expect(weightsFor({ a: Number.NaN }, 'plurality', IDS)).toBeNull();
    expect(weightsFor(undefined, 'plurality', IDS)).toBeNull();
  });
});

describe('the casting vote', () => {
  it('stands before every accuracy, and only where it is a tie that it breaks', () => {
    expect(tieBreakerFor('a', 'plurality')).toBe('a');
    expect(tieBreakerFor('a', 'model-switch')).toBeNull();
    expect(tieBreakerFor('a', 'chairman')).toBeNull();
    expect(standingOf('a', 0.1, 'a')).toBeGreaterThan(1);
    expect(standingOf('b', 0.9, 'a')).toBe(0.9);
    expect(ruleMember('a', 0.5, null)).toEqual({ id: 'a', accuracy: 0.5 });
  });
});

/** Plays a round to its end, as its record keeps it. */
async function recorded(scripts: readonly Script[], manner: NonNullable<RoundPlan['manner']>) {
  const played = playRound(scripts, { manner, softDeadlineMs: 600 });
  const evidence = new RoundEvidence(played.members);
  await turn();
  for (let passed = 0; played.record() === null && passed <= 2500; passed += 5) await played.pass(5);
  const record = played.record();
  if (record === null) throw new Error('the round did not end');
  for (const event of played.events) evidence.hear(event);
  return evidence.complete({ ...record, frames: null }, played.round.stoppedByUser);
}

describe('a round', () => {
  it('counts votes by their weights, and ends as soon as light ones cannot change it', async () => {
    const record = await recorded(
      [
        { says: '1', atMs: 10 },
        { says: '2', atMs: 20 },
        { says: '2', atMs: 900 },
      ],
      { weights: { a: 5 } },
    );
    expect(record).toMatchObject({ key: '1', decidedEarly: true, outcome: 'decided', weights: { a: 5 } });
    expect(record.members[2]?.status).toBe('cut');
  });

  it('is partial where a heavy vote is missing', async () => {
    const scripts: Script[] = [{ says: '1' }, { says: '1' }, { fails: 'engine-failed', atMs: 5 }];
    expect((await recorded(scripts, { weights: { c: 5 } })).outcome).toBe('partial');
    expect((await recorded(scripts, { weights: { c: 0.5 } })).outcome).toBe('decided');
  });

  it('does not take members of weight 0 for a quorum', async () => {
    const record = await recorded(
      [
        { says: '1', atMs: 10 },
        { says: '1', atMs: 20 },
        { says: '2', atMs: 900 },
      ],
      { weights: { a: 0, b: 0 } },
    );
    expect(record).toMatchObject({ key: '2', lateWouldFlip: false, decidedEarly: false });
  });

  it('gives a tie to the answer of whoever has the casting vote', async () => {
    const scripts: Script[] = [{ says: '1' }, { says: '2' }];
    expect(await recorded(scripts, {})).toMatchObject({ key: '2', outcome: 'tied' });
    const record = await recorded(scripts, { tieBreaker: 'a' });
    expect(record).toMatchObject({ key: '1', outcome: 'tied', tieBreaker: 'a' });
    // The measured accuracy stays what it is.
    expect(record.members[0]?.accuracy).toBe(0.5);
  });

  it('decides anew from its record as it did, whatever weights and casting vote (200 rounds)', async () => {
    const script: fc.Arbitrary<Script> = fc.record({
      says: fc.constantFrom('85', '86', '87', 'what?'),
      then: fc.array(fc.constantFrom('85', '86', '87'), { minLength: 1, maxLength: 2 }),
      atMs: fc.integer({ min: 1, max: 900 }),
      hangs: fc.constantFrom(false, false, false, true),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(script, { minLength: 1, maxLength: 4 }),
        fc.dictionary(fc.constantFrom('a', 'b', 'c', 'd'), fc.constantFrom(0, 0.5, 1, 3, 10)),
        fc.option(fc.constantFrom('a', 'b')),
        fc.constantFrom('plurality', 'confidence'),
        fc.constantFrom(1, 2),
        async (scripts, wanted, tieBreaker, rule, samples) => {
          const ids = scripts.map((_, index) => 'abcd'.charAt(index));
          const weights = weightsFor(wanted, rule, ids);
          const record = await recorded(scripts, { rule, samples, weights, tieBreaker });
          const again = replay(JSON.parse(JSON.stringify(record)) as typeof record);
          expect(again).toMatchObject({ ok: true, value: { differences: [] } });
        },
      ),
      { numRuns: 200, seed: 22 },
    );
  }, 120_000);
});
