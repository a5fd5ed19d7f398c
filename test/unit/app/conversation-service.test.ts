import 'fake-indexeddb/auto';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { err, ok } from '#kernel/result';
import type { AskedTurn } from '#contracts/conversation-port';
import type { AskOptions, Deliberation } from '#contracts/deliberation';
import { failure, type Outcome } from '#contracts/errors';
import { ConversationService, type HistoryReader } from '../../../src/app/conversation-service.ts';
import { ConversationStore } from '../../../src/storage/conversation-store.ts';
import type { WitanDatabase } from '../../../src/storage/database.ts';
import { DeliberationStore } from '../../../src/storage/deliberation-store.ts';
import { roundOf } from '../../fakes/conversations.ts';
import { deliberation } from '../../fakes/deliberations.ts';
import { emptyStorage, openedDatabase } from '../../fakes/fresh-database.ts';
import { VirtualClock } from '../../fakes/virtual-clock.ts';

const NEVER = new AbortController().signal;
const READERS: readonly HistoryReader[] = [
  { id: 'alder', promptLimit: 1_000, followsConversations: true },
  { id: 'birch', promptLimit: 45, followsConversations: true },
  { id: 'cedar', promptLimit: 1_000, followsConversations: false },
];

interface Asked {
  readonly prompt: string;
  readonly options: AskOptions;
}

interface Rig {
  readonly service: ConversationService;
  readonly asked: Asked[];
  readonly deliberations: DeliberationStore;
  readonly conversations: ConversationStore;
  readonly announced: () => number;
  readonly historyChanged: () => number;
  problem: ReturnType<typeof failure> | null;
}

function rig(database: WitanDatabase | null): Rig {
  const clock = new VirtualClock();
  const deliberations = new DeliberationStore(database);
  const conversations = new ConversationStore(database);
  const asked: Asked[] = [];
  const announce = vi.fn();
  const historyChanged = vi.fn();
  let ids = 0;
  const state: Rig = {
    asked,
    deliberations,
    conversations,
    problem: null,
    announced: () => announce.mock.calls.length,
    historyChanged: () => historyChanged.mock.calls.length,
    service: new ConversationService({
      clock,
      appVersion: '1.0.0',
      newId: () => `id-${String((ids += 1))}`,
      ask: async (_signal, prompt, options): Promise<Outcome<Deliberation>> => {
        if (state.problem !== null) return err(state.problem);
        clock.advance(10);
        asked.push({ prompt, options });
        const id = `round-${String(asked.length)}`;
        const { threadId } = options;
        const record: Deliberation = {
          ...roundOf(id, prompt, `answer ${String(asked.length)}`, clock.epochMs()),
          ...(threadId === undefined ? {} : { threadId }),
        };
        await deliberations.put(record);
        return ok(record);
      },
      readers: async () => ok(READERS),
      deliberations: async () => deliberations,
      conversations: async () => conversations,
      channel: { announce, subscribe: () => () => undefined },
      historyChanged,
    }),
  };
  return state;
}

function valueOf<T>(outcome: Outcome<T>): T {
  if (!outcome.ok) throw new Error(JSON.stringify(outcome.error));
  return outcome.value;
}

let r: Rig;
beforeEach(async () => {
  emptyStorage();
  r = rig(await openedDatabase());
});

async function talk(...prompts: readonly string[]): Promise<AskedTurn> {
  let conversation = r.service.begin();
  let turn: AskedTurn | null = null;
  for (const prompt of prompts) {
    turn = valueOf(await r.service.ask(NEVER, conversation, prompt));
    ({ conversation } = turn);
  }
  if (turn === null) throw new Error('nothing was asked');
  return turn;
}

describe('a conversation', () => {
  it('is kept with its first turn, and goes on with what each member is shown of it', async () => {
    const { conversation } = await talk('first question', 'and then?');
    expect(r.asked[0]?.options).toEqual({ threadId: conversation.id });
    const history = r.asked[1]?.options.history ?? {};
    expect(history['alder']).toEqual({
      turns: [
        { role: 'user', content: 'first question' },
        { role: 'assistant', content: 'answer 1' },
      ],
      shown: 1,
      leftOut: 0,
    });
    // No room for 14 + 8 + 12 characters beside the question of 9.
    expect(history['birch']).toMatchObject({ shown: 1, leftOut: 0 });
    expect(history['cedar']).toEqual({ turns: [], shown: 0, leftOut: 1 });
    expect(valueOf(await r.service.get(conversation.id))).toEqual(conversation);
    expect(valueOf(await r.service.list(5))).toHaveLength(1);
    expect(r.announced()).toBe(2);
  });

  it('goes on with a round that was asked by itself, which is a turn of it from then on', async () => {
    const alone = roundOf('alone', 'first question', 'answer 0', 1);
    await r.deliberations.put({ ...alone, rating: 'good' });
    const begun = r.service.begin('council', alone);
    expect(begun).toMatchObject({ view: 'council', turns: [{ deliberationId: 'alone', parentId: null }] });
    expect(valueOf(await r.service.list(5))).toEqual([]);
    const { conversation } = valueOf(await r.service.ask(NEVER, begun, 'and then?'));
    expect(r.asked[0]?.options.history?.['alder']).toMatchObject({ shown: 1 });
    expect(conversation.turns.map(({ deliberationId }) => deliberationId)).toEqual(['alone', 'round-1']);
    expect(await r.deliberations.get('alone')).toMatchObject({
      value: { threadId: conversation.id, rating: 'good' },
    });
    expect(r.historyChanged()).toBe(1);
    await r.service.ask(NEVER, conversation, 'and now?');
    expect(r.historyChanged()).toBe(1);
  });

  it('goes on with a round that is not in the history any more', async () => {
    const begun = r.service.begin('own', roundOf('removed', 'first question', 'answer 0', 1));
    expect(valueOf(await r.service.ask(NEVER, begun, 'and then?')).conversation.turns).toHaveLength(2);
    expect(valueOf(await r.deliberations.ids())).toEqual(['round-1']);
  });

  it('knows who is shown what came before, also of a conversation that is held elsewhere', async () => {
    expect(valueOf(await r.service.followers(NEVER))).toEqual(['alder', 'birch']);
    const earlier = [
      { role: 'user', content: 'first question' },
      { role: 'assistant', content: 'answer 1' },
    ] as const;
    const histories = valueOf(await r.service.histories(NEVER, earlier, 'and then?'));
    expect(histories).toEqual({
      alder: { turns: earlier, shown: 1, leftOut: 0 },
      birch: { turns: earlier, shown: 1, leftOut: 0 },
      cedar: { turns: [], shown: 0, leftOut: 1 },
    });
    expect(valueOf(await r.service.histories(NEVER, earlier, 'x'.repeat(20)))['birch']).toEqual({
      turns: [],
      shown: 0,
      leftOut: 1,
    });
    for (const wrong of [[earlier[0]], [earlier[1], earlier[0]], [earlier[0], earlier[0]]]) {
      expect(await r.service.histories(NEVER, wrong, 'and?')).toMatchObject({
        error: { code: 'usage', details: { reason: 'turns-alternate' } },
      });
    }
  });

  it('leaves out what has no room, and says how much', async () => {
    await talk('first question', 'and then, what came of that?', 'why?');
    expect(r.asked[1]?.options.history?.['birch']).toMatchObject({ shown: 0, leftOut: 1 });
    expect(r.asked[2]?.options.history?.['birch']).toMatchObject({ shown: 0, leftOut: 2 });
    expect(r.asked[2]?.options.history?.['alder']).toMatchObject({ shown: 2, leftOut: 0 });
  });

  it('branches by edit and retry: what came after is not shown', async () => {
    const { conversation } = await talk('one', 'two', 'three');
    const second = conversation.turns[1]?.id ?? '';
    const edit = valueOf(await r.service.edit(NEVER, conversation, second, 'two b'));
    expect(r.asked[3]?.options.history?.['alder']?.turns.map(({ content }) => content)).toEqual([
      'one',
      'answer 1',
    ]);
    expect(r.asked[3]?.options.fresh).toBeUndefined();
    const retry = valueOf(await r.service.retry(NEVER, edit.conversation, second));
    expect(r.asked[4]).toMatchObject({ prompt: 'two', options: { fresh: true, seed: 3 } });
    expect(retry.conversation.turns.map(({ kind }) => kind)).toEqual(['ask', 'ask', 'ask', 'edit', 'retry']);
    const back = valueOf(await r.service.turnTo(retry.conversation, conversation.headId ?? ''));
    const on = valueOf(await r.service.ask(NEVER, back, 'four'));
    expect(r.asked[5]?.options.history?.['alder']).toMatchObject({ shown: 3 });
    expect(on.conversation.turns).toHaveLength(6);
    expect(await r.service.edit(NEVER, conversation, 'nobody', 'x')).toMatchObject({
      error: { code: 'usage' },
    });
    expect(await r.service.retry(NEVER, conversation, 'nobody')).toMatchObject({ error: { code: 'usage' } });
    expect(await r.service.turnTo(conversation, 'nobody')).toMatchObject({ error: { code: 'usage' } });
  });

  it('shows what was chosen', async () => {
    const { conversation } = await talk('one');
    const viewed = valueOf(await r.service.setView(conversation.id, 'none'));
    await r.service.ask(NEVER, viewed, 'two');
    expect(r.asked[1]?.options.history?.['alder']).toEqual({ turns: [], shown: 0, leftOut: 0 });
    expect(await r.service.setView('nobody', 'own')).toMatchObject({ error: { code: 'record-invalid' } });
  });

  it('gains no turn by a question that failed', async () => {
    const { conversation } = await talk('one');
    r.problem = failure('council-unavailable');
    expect(await r.service.ask(NEVER, conversation, 'two')).toMatchObject({
      error: { code: 'council-unavailable' },
    });
    expect(valueOf(await r.service.get(conversation.id)).turns).toHaveLength(1);
  });

  it('that is full asks nobody', async () => {
    const { conversation } = await talk('one');
    const turns = Array.from({ length: 1_000 }, (_, n) => ({
      ...conversation.turns[0],
      id: `t${String(n)}`,
    }));
    const full = { ...conversation, turns } as typeof conversation;
    expect(await r.service.ask(NEVER, full, 'two')).toMatchObject({ error: { details: { reason: 'full' } } });
    expect(r.asked).toHaveLength(1);
  });

  it('of two tabs has the turns of both', async () => {
    const { conversation } = await talk('one');
    const other = rig(await openedDatabase());
    valueOf(await r.service.ask(NEVER, conversation, 'here'));
    // The other tab's rounds have names of their own in truth.
    const there = valueOf(await other.service.ask(NEVER, conversation, 'there'));
    expect(there.conversation.turns.map(({ prompt }) => prompt)).toEqual(['one', 'here', 'there']);
    expect(valueOf(await r.service.get(conversation.id))).toEqual(there.conversation);
  });

  it('takes its answer from nobody when it cannot be kept', async () => {
    const database = await openedDatabase();
    r = rig(database);
    database.close();
    const asked = await talk('one');
    expect(asked.record.answer).toBe('answer 1');
    expect(asked.conversation.turns).toHaveLength(1);
    expect(valueOf(await r.service.get(asked.conversation.id)).turns).toHaveLength(1);
  });

  it('is removed, its rounds are not', async () => {
    const { conversation, record } = await talk('one');
    valueOf(await r.service.remove(conversation.id));
    expect(await r.service.get(conversation.id)).toMatchObject({ ok: false });
    expect(await r.deliberations.get(record.id)).toMatchObject({ ok: true });
  });
});

describe('export and import', () => {
  it('bring everything to another device, once', async () => {
    const { conversation } = await talk('one', 'two');
    await r.deliberations.put(deliberation('alone', 5));
    const file = valueOf(await r.service.exportJson(NEVER));
    emptyStorage();
    const other = rig(await openedDatabase());
    const report = valueOf(await other.service.importJson(NEVER, file));
    expect(report).toEqual({ added: 4, unchanged: 0, merged: 0, conflicts: [], refused: [], trimmed: 0 });
    expect(valueOf(await other.service.get(conversation.id))).toEqual(conversation);
    const ids = valueOf(await r.deliberations.ids());
    expect(valueOf(await other.deliberations.getMany(ids))).toEqual(
      valueOf(await r.deliberations.getMany(ids)),
    );
    expect(other.historyChanged()).toBe(1);
    expect(valueOf(await other.service.importJson(NEVER, file))).toMatchObject({ added: 0, unchanged: 4 });
  });

  it('are of a few, with the conversations that they are turns of', async () => {
    await talk('one', 'two');
    await r.deliberations.put(deliberation('alone', 5));
    const alone = JSON.parse(
      await valueOf(await r.service.exportJson(NEVER, ['alone', 'nobody'])).text(),
    ) as object;
    expect(alone).toMatchObject({ deliberations: [{ id: 'alone' }], conversations: [] });
    const first = JSON.parse(await valueOf(await r.service.exportJson(NEVER, ['round-1'])).text()) as object;
    expect(first).toMatchObject({ deliberations: [{ id: 'round-1' }], conversations: [{ title: 'one' }] });
  });

  it('change nothing where the file is none, or nobody wants it any more', async () => {
    expect(await r.service.importJson(NEVER, new Blob(['{}']))).toMatchObject({
      error: { code: 'archive-invalid' },
    });
    const gone = new AbortController();
    gone.abort();
    await talk('one');
    expect(await r.service.exportJson(gone.signal)).toMatchObject({ error: { code: 'cancelled' } });
    const file = valueOf(await r.service.exportJson(NEVER));
    emptyStorage();
    const other = rig(await openedDatabase());
    expect(await other.service.importJson(gone.signal, file)).toMatchObject({ error: { code: 'cancelled' } });
    expect(valueOf(await other.deliberations.ids())).toEqual([]);
  });

  it('report what contradicts what is here', async () => {
    const { conversation } = await talk('one');
    const text = await valueOf(await r.service.exportJson(NEVER)).text();
    const forged = new Blob([text.replaceAll('"answer 1"', '"forged"')]);
    expect(valueOf(await r.service.importJson(NEVER, forged))).toMatchObject({
      added: 0,
      conflicts: ['round-1', conversation.id],
    });
    expect(await r.deliberations.get('round-1')).toMatchObject({ value: { answer: 'answer 1' } });
  });

  it('are for people too', async () => {
    const { conversation, record } = await talk('one', 'two');
    const whole = valueOf(await r.service.exportMarkdown(conversation.id));
    expect(whole).toContain('## one');
    expect(whole).toContain('## two');
    expect(valueOf(await r.service.exportMarkdown(record.id))).toContain('## two');
    expect(await r.service.exportMarkdown('nobody')).toMatchObject({ error: { code: 'record-invalid' } });
  });
});

it('searches all rounds', async () => {
  await talk('Why is the sea blue?');
  await r.deliberations.put(deliberation('alone', 5, { prompt: 'The séa?' }));
  expect(valueOf(await r.service.search(NEVER, 'sea', 5)).found).toHaveLength(2);
});

it('replays a record, or says what it lacks', () => {
  const [member] = deliberation('a', 1).members;
  if (member === undefined) throw new Error('a member');
  const record: Deliberation = {
    ...deliberation('a', 1),
    members: [{ ...member, accuracy: 0.5, endedAs: 0 }],
    announcedAfter: null,
    stoppedByUser: false,
  };
  expect(r.service.replay(record)).toEqual({ ok: true, value: { same: true, differences: [] } });
  expect(r.service.replay({ ...record, answer: '86' })).toMatchObject({
    value: { same: false, differences: ['answer'] },
  });
  expect(r.service.replay(deliberation('a', 1))).toMatchObject({
    error: { details: { reason: 'evidence' } },
  });
});

it('says that nothing is kept while its code cannot be fetched', async () => {
  const service = new ConversationService({
    clock: new VirtualClock(),
    appVersion: '1',
    newId: () => 'id',
    ask: async () => err(failure('internal')),
    readers: async () => ok([]),
    deliberations: () => Promise.reject(new TypeError('Failed to fetch')),
    conversations: () => Promise.reject(new TypeError('Failed to fetch')),
    channel: { announce: () => undefined, subscribe: () => () => undefined },
    historyChanged: () => undefined,
  });
  expect(await service.list(5)).toMatchObject({ error: { code: 'storage-unavailable' } });
});
