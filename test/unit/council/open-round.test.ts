import { expect, it } from 'vitest';
import type { AskOptions } from '#contracts/deliberation';
import { openRound } from '../../../src/council/open-round.ts';
import { scriptedMembers } from '../../fakes/scripted-engine.ts';
import { turn } from '../../fakes/turn.ts';
import { VirtualClock } from '../../fakes/virtual-clock.ts';

/** How long a round of two members that never end goes on, ms. */
async function waited(options: AskOptions): Promise<number> {
  const clock = new VirtualClock();
  const members = scriptedMembers(clock, [{ hangs: true }, { hangs: true }]);
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

it('waits as much longer as answers come one after the other', async () => {
  const once = await waited({ rule: 'plurality' });
  expect(await waited({ rule: 'plurality', samples: 3 })).toBe(3 * once);
  expect(await waited({ rule: 'model-switch', samples: 3 })).toBe(2 * 3 * once);
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
    const { round, complete } = openRound(
      { id: 'r', prompt, members, absent: [], abstain: 'I cannot.' },
      { samples },
      clock,
      () => undefined,
    );
    const running = round.run();
    for (let step = 0; step < 100; step += 1) {
      await turn();
      clock.advance(10);
    }
    const record = complete(await running);
    expect(record.rule).toBe(rule);
    expect(record.ruleReasons?.length).toBeGreaterThan(0);
  },
);
