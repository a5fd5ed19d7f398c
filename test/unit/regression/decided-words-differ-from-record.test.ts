import { expect, it } from 'vitest';
import { playRound } from '../../fakes/played-round.ts';

it('the answer told early is worded as the one that is kept', async () => {
  const played = playRound([{ says: '085 ' }, { says: ' 85', atMs: 20 }, { hangs: true }]);
  await played.pass(400);
  const early = played.events.find((event) => event.type === 'round-decided');
  // Before: the first member's words, untrimmed, then the best member's words.
  expect(early).toMatchObject({ answer: '85' });
  expect(played.record()?.answer).toBe('85');
});
