import 'fake-indexeddb/auto';
import { beforeEach, describe, expect, it } from 'vitest';
import { mergeConversations } from '../../../src/council/merge-conversations.ts';
import { joinDeliberations } from '../../../src/storage/archive/merge-records.ts';
import { ConversationStore } from '../../../src/storage/conversation-store.ts';
import { DeliberationStore } from '../../../src/storage/deliberation-store.ts';
import { conversation, grown, roundOf } from '../../fakes/conversations.ts';
import { deliberation } from '../../fakes/deliberations.ts';
import { emptyStorage, openedDatabase } from '../../fakes/fresh-database.ts';

beforeEach(() => {
  emptyStorage();
});

const base = conversation('c', 2);
const left = grown(base, 'l', {}, roundOf('r3', 'left?', 'yes', 50));
const right = grown(base, 'r', {}, roundOf('r4', 'right?', 'no', 60));

describe.each(['with a database', 'without one'])('conversations %s', (where) => {
  let store: ConversationStore;
  let rounds: DeliberationStore;
  beforeEach(async () => {
    const database = where === 'with a database' ? await openedDatabase() : null;
    store = new ConversationStore(database);
    rounds = new DeliberationStore(database);
  });

  it('are listed by their last change', async () => {
    await store.put(conversation('a', 3));
    await store.put(conversation('b', 1));
    await store.put(conversation('c', 5));
    expect(await store.list(2)).toMatchObject({ value: [{ id: 'c' }, { id: 'a' }] });
    expect(await store.get('b')).toEqual({ ok: true, value: conversation('b', 1) });
    expect(await store.ids()).toEqual({ ok: true, value: ['c', 'a', 'b'] });
  });

  it('are read together, in the order asked for', async () => {
    await store.put(conversation('a', 1));
    await store.put(conversation('b', 1));
    const many = await store.getMany(['b', 'nobody', 'a']);
    expect(many).toMatchObject({ value: [{ id: 'b' }, null, { id: 'a' }] });
  });

  it('take in what a file says, and tell what became of it', async () => {
    expect(await store.absorb([left], mergeConversations)).toMatchObject({ value: { added: ['c'] } });
    expect(await store.absorb([left], mergeConversations)).toMatchObject({
      value: { unchanged: ['c'], added: [] },
    });
    expect(await store.absorb([right], mergeConversations)).toMatchObject({ value: { merged: ['c'] } });
    expect(await store.get('c')).toMatchObject({ value: { headId: 'r' } });
    const found = await store.get('c');
    expect(found.ok && found.value.turns.map(({ id }) => id)).toEqual(['t1', 't2', 'l', 'r']);
  });

  it('of rounds gain what only the file knows, and keep what it contradicts', async () => {
    await rounds.put(deliberation('a', 1));
    await rounds.put(deliberation('b', 1, { rating: 'bad' }));
    const absorbed = await rounds.absorb(
      [
        deliberation('a', 1, { rating: 'good' }),
        deliberation('b', 1, { rating: 'good' }),
        deliberation('n', 1),
        deliberation('n2', 1),
      ],
      joinDeliberations,
    );
    expect(absorbed).toEqual({
      ok: true,
      value: { added: ['n', 'n2'], merged: ['a'], conflict: ['b'], unchanged: [], foreign: [] },
    });
    expect(await rounds.get('a')).toMatchObject({ value: { rating: 'good' } });
    expect(await rounds.get('b')).toMatchObject({ value: { rating: 'bad' } });
  });
});

it('what another version wrote stays as it is', async () => {
  const database = await openedDatabase();
  await database.put('deliberations', { id: 'a', askedAt: 1, version: 2 }, 'a');
  const rounds = new DeliberationStore(database);
  expect(await rounds.absorb([deliberation('a', 1)], joinDeliberations)).toMatchObject({
    value: { foreign: ['a'] },
  });
  expect(await database.get('deliberations', 'a')).toEqual({ id: 'a', askedAt: 1, version: 2 });
});

it('two tabs that add a turn to one conversation at once lose none', async () => {
  const [one, two] = [
    new ConversationStore(await openedDatabase()),
    new ConversationStore(await openedDatabase()),
  ];
  await one.put(base);
  await Promise.all([one.absorb([left], mergeConversations), two.absorb([right], mergeConversations)]);
  const merged = await one.get('c');
  expect(merged.ok && new Set(merged.value.turns.map(({ id }) => id))).toEqual(
    new Set(['t1', 't2', 'l', 'r']),
  );
  expect(merged).toMatchObject({ value: { headId: 'r' } });
});

it('records that only memory holds are taken in with the file, and written when that works again', async () => {
  const database = await openedDatabase();
  const state = { refuse: true };
  const refusing = new Proxy(database, {
    get: (target, name): unknown => {
      if (name === 'put' && state.refuse)
        return () => Promise.reject(new DOMException('full', 'QuotaExceededError'));
      const member: unknown = Reflect.get(target, name);
      return typeof member === 'function' ? (member as () => unknown).bind(target) : member;
    },
  });
  const rounds = new DeliberationStore(refusing);
  await rounds.put(deliberation('a', 1, { rating: 'good' }));
  expect(await rounds.ids()).toEqual({ ok: true, value: ['a'] });
  expect(await rounds.absorb([deliberation('a', 1)], joinDeliberations)).toMatchObject({
    value: { unchanged: ['a'] },
  });
  expect(await database.get('deliberations', 'a')).toMatchObject({ rating: 'good' });
  expect(await rounds.get('a')).toMatchObject({ value: { rating: 'good' } });
});

it('a file of which one record cannot be written changes nothing', async () => {
  const database = await openedDatabase();
  const rounds = new DeliberationStore(database);
  const broken = { ...deliberation('b', 2), frames: (() => undefined) as never };
  expect(await rounds.absorb([deliberation('a', 1), broken], joinDeliberations)).toMatchObject({
    error: { code: 'storage-failed' },
  });
  expect(await database.getAllKeys('deliberations')).toEqual([]);
});
