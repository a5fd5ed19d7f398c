import { expect, it } from 'vitest';
import { playRound } from '../../fakes/played-round.ts';
import { scriptedEngine } from '../../fakes/scripted-engine.ts';

it('a stop that comes while the members are being started starts no further one', async () => {
  const played = playRound([{ hangs: true }, { says: '85' }, { says: '85' }], {}, (event, round) => {
    if (event.type === 'member-started') round.stop();
  });
  await played.pass(100);
  expect(played.record()).toMatchObject({ outcome: 'stopped', answer: null });
  // Before: members whose part had ended were started all the same, "started" was told after "ended".
  expect(played.events.map((event) => event.type)).toEqual([
    'round-started',
    'member-started',
    'member-ended',
    'member-ended',
    'member-ended',
  ]);
  expect(scriptedEngine(played.members[1]).requests).toHaveLength(0);
});
