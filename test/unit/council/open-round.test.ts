import { expect, it } from 'vitest';
import type { CouncilMember } from '#contracts/council';
import type { AskOptions, Deliberation } from '#contracts/deliberation';
import { openRound } from '../../../src/council/open-round.ts';
import { scriptedMembers } from '../../fakes/scripted-engine.ts';
import { settled } from '../../fakes/settled.ts';
import { turn } from '../../fakes/turn.ts';
import { VirtualClock } from '../../fakes/virtual-clock.ts';

/** How long a round of two members that never end goes on, ms. */
async function waited(options: AskOptions, more: Partial<CouncilMember> = {}): Promise<number> {
  const clock = new VirtualClock();
  const members = scriptedMembers(clock, [{ hangs: true }, { hangs: true }]).map((member) => ({
    ...member,
    ...more,
  }));
  const { round } = openRound(
    { id: 'r', prompt: 'What is 1 + 1?', members, absent: [], abstain: 'I cannot.' },
    options,
    clock,
    () => undefined,
  );
  let ended: number | null = null;
  void round.run().then(({ wallMs }) => {
    ended = wallMs;
  });
  for (let seconds = 0; ended === null && seconds < 1000; seconds += 1) {
    clock.advance(1000);
    await turn();
  }
  return ended ?? Infinity;
}

/** The record of a round of members that end. */
async function ended(
  members: readonly CouncilMember[],
  options: AskOptions,
  clock: VirtualClock,
  prompt = 'What is 1 + 1?',
): Promise<Omit<Deliberation, 'frames'>> {
  const { round, complete } = openRound(
    { id: 'r', prompt, members, absent: [], abstain: 'I cannot.' },
    options,
    clock,
    () => undefined,
  );
  return complete(await settled(clock, round.run()));
}

it('waits as much longer as answers come one after the other', async () => {
  const once = await waited({ rule: 'plurality' });
  expect(await waited({ rule: 'plurality', samples: 3 })).toBe(3 * once);
  expect(await waited({ rule: 'model-switch', samples: 3 })).toBe(2 * 3 * once);
});

it('waits for members that take turns one after the other, and for those that have to be loaded', async () => {
  const once = await waited({ rule: 'plurality' });
  const members = scriptedMembers(new VirtualClock(), [{}, {}]);
  const takesTurnsWith = [...members.map(({ id }) => id), 'not in this round'];
  expect(await waited({ rule: 'plurality' }, { takesTurnsWith })).toBe(2 * once);
  const loading = (await waited({ rule: 'plurality' }, { asleep: true })) - once;
  expect(loading).toBeGreaterThan(0);
  expect(await waited({ rule: 'plurality' }, { asleep: true, takesTurnsWith })).toBe(2 * (once + loading));
});

it('asks each as often as there is time for, by what they wrote before', async () => {
  const clock = new VirtualClock();
  const members = scriptedMembers(clock, [{ says: '2' }, { says: '2' }]);
  const asked = (tokensPerSecond: number | null): Promise<Omit<Deliberation, 'frames'>> =>
    ended(
      members.map((member) => ({ ...member, tokensPerSecond })),
      { samples: 9, hardDeadlineMs: 1_000 },
      clock,
    );
  expect((await asked(null)).samplesEach).toBe(9);
  expect((await asked(10_000)).samplesEach).toBe(9);
  const slow = await asked(100);
  expect(slow.samplesEach ?? 1).toBeLessThan(9);
  expect(slow.ruleReasons?.at(-1)).toMatch(/^There is time for \d of 9 answers/);
});

it('waits as long as was asked for, whatever the rule', async () => {
  expect(await waited({ rule: 'model-switch', samples: 9, hardDeadlineMs: 7000 })).toBe(7000);
});

it.each([
  ['What is 38 + 47?', 1, 'plurality'],
  ['What is 38 + 47?', 3, 'slm-mux'],
  ['Tell me of the sea, please.', 1, 'pairwise'],
] as const)(
  'takes the rule that suits "%s" with %d answers each, and says why',
  async (prompt, samples, rule) => {
    const clock = new VirtualClock();
    const members = scriptedMembers(clock, [{ says: '1' }, { says: '1' }, { says: '1' }]);
    const record = await ended(members, { samples }, clock, prompt);
    expect(record.rule).toBe(rule);
    expect(record.ruleReasons?.length).toBeGreaterThan(0);
  },
);
