import 'fake-indexeddb/auto';
import { expect, it, vi } from 'vitest';
import { ok } from '#kernel/result';
import { composeConversations, historyReader } from '../../../src/app/conversation-composition.ts';
import { instructManner } from '../../../src/app/instruct-manner.ts';
import { DeliberationStore } from '../../../src/storage/deliberation-store.ts';
import { roundOf } from '../../fakes/conversations.ts';
import { emptyStorage, openedDatabase } from '../../fakes/fresh-database.ts';
import { VirtualClock } from '../../fakes/virtual-clock.ts';

it('shows a conversation to members that take an instruction, within what they read', () => {
  const manner = instructManner(2048);
  expect(historyReader({ id: 'a', manner })).toEqual({
    id: 'a',
    promptLimit: manner.promptLimit,
    followsConversations: true,
  });
  expect(historyReader({ id: 'a', manner: { ...manner, system: null } }).followsConversations).toBe(false);
  expect(historyReader({ id: 'a' })).toMatchObject({ promptLimit: 0, followsConversations: false });
});

it('asks and keeps, and tells listeners', async () => {
  emptyStorage();
  vi.stubGlobal('BroadcastChannel', undefined);
  const database = openedDatabase();
  const deliberations = new DeliberationStore(await database);
  const service = composeConversations({
    clock: new VirtualClock(),
    appVersion: '1',
    ask: async (_signal, prompt) => ok(roundOf('r', prompt, 'yes')),
    members: async () => ok([{ id: 'alder', manner: instructManner(2048) }]),
    database,
    deliberations: async () => deliberations,
    historyChanged: () => undefined,
  });
  vi.unstubAllGlobals();
  const changed = vi.fn();
  service.subscribe(changed);
  const asked = await service.ask(new AbortController().signal, service.begin(), 'sea?');
  expect(asked).toMatchObject({ ok: true, value: { conversation: { title: 'sea?' } } });
  expect(changed).toHaveBeenCalledTimes(1);
  expect(await service.list(1)).toMatchObject({ value: [{ title: 'sea?' }] });
});
