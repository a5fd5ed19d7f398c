import { expect, it } from 'vitest';
import { playRound } from '../../fakes/played-round.ts';
import { turn } from '../../fakes/turn.ts';

const SCRIPTS = [{ says: '85' }, { says: '85' }, { hangs: true }, { hangs: true }];

it('stopping all does not look like an early decision', async () => {
  const played = playRound(SCRIPTS);
  await played.pass(100);
  expect(played.events.some((event) => event.type === 'round-decided')).toBe(false);
  played.round.stop();
  await turn();
  // Before: with the third member ended and the fourth still open, two votes led by more than one outstanding.
  expect(played.events.some((event) => event.type === 'round-decided')).toBe(false);
  expect(played.record()).toMatchObject({ outcome: 'partial', decidedEarly: false, missing: ['c', 'd'] });
});

it('nor does the hard deadline', async () => {
  const played = playRound(SCRIPTS, { quorum: 3 });
  await played.pass(2000);
  expect(played.record()).toMatchObject({ outcome: 'partial', decidedEarly: false, decidedMs: 2000 });
});
