import { expect, it } from 'vitest';
import { playRound } from '../../fakes/played-round.ts';

it('a quorum that is complete only after the soft deadline is answered with at once', async () => {
  const played = playRound([{ says: '1', atMs: 10 }, { says: '2', atMs: 1200 }, { hangs: true }]);
  await played.pass(1100);
  expect(played.events.some((event) => event.type === 'round-decided')).toBe(false);
  await played.pass(105);
  // Before: the quorum was looked at once, at the soft deadline; this answer came with the hard one.
  expect(played.events.at(-1)).toMatchObject({ type: 'round-decided', answer: '2', outstanding: ['c'] });
  await played.pass(800);
  expect(played.record()).toMatchObject({ outcome: 'partial', answer: '2', decidedMs: 1200, wallMs: 2000 });
});
