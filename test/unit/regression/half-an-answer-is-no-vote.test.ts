import { expect, it } from 'vitest';
import { playedRecord, statuses } from '../../fakes/played-round.ts';

it('a text that its engine broke off is no vote', async () => {
  const record = await playedRecord([{ says: '8', finish: 'cancelled' }, { says: '85' }]);
  // Before: "8" of "85" was counted.
  expect(statuses(record.members)).toBe('a:stopped b:answered');
  expect(record).toMatchObject({ answer: '85', dissent: [], missing: ['a'] });
});

it('a member whose worker is replaced by hand is stopped, not failed', async () => {
  const record = await playedRecord([{ fails: 'cancelled' }, { says: '85' }]);
  expect(record.members[0]?.status).toBe('stopped');
  expect(record.members[0]).not.toHaveProperty('error');
});

it('a short answer that ran into the token limit is no vote', async () => {
  const record = await playedRecord([{ says: '1, 2, 3', finish: 'length' }], { prompt: 'Sort 3, 2, 1, 4' });
  expect(record).toMatchObject({ outcome: 'abstained', answer: null });
});

it('free text that ran into it still speaks', async () => {
  const record = await playedRecord([{ says: 'Hello! I am', finish: 'length' }], { prompt: 'hello' });
  expect(record).toMatchObject({ outcome: 'decided', answer: 'Hello! I am' });
});
