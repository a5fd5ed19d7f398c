import { beforeEach, describe, expect, it } from 'vitest';
import { err } from '#kernel/result';
import { failure } from '#contracts/errors';
import { historyEntries, recordsOf } from '../../../../src/ui/council/history-entries.ts';
import { HistoryModel } from '../../../../src/ui/council/history-model.svelte.ts';
import { HistorySearchModel } from '../../../../src/ui/council/history-search-model.svelte.ts';
import { ArchiveModel } from '../../../../src/ui/council/archive-model.svelte.ts';
import { conversation, roundOf } from '../../../fakes/conversations.ts';
import { FakePorts } from '../../../fakes/ports.ts';
import { VirtualClock } from '../../../fakes/virtual-clock.ts';

const NEVER = new AbortController().signal;
const RECORDS = [
  roundOf('c', 'What is the sea?', 'Water', 3),
  roundOf('b', 'What is salt?', 'A mineral', 2),
  roundOf('a', 'Why is the sea salty?', 'Rivers', 1),
];

async function settle(): Promise<void> {
  for (let turn = 0; turn < 60; turn += 1) await Promise.resolve();
}

it('lists conversations and what was asked by itself, the newest first, each round once', () => {
  const talk = { ...conversation('talk', 2), createdAt: 0, updatedAt: 900 };
  const rounds = [...RECORDS, roundOf('r1', 'question 1', 'answer 1', 1)];
  const entries = historyEntries(rounds, [talk]);
  expect(entries.map(({ id }) => id)).toEqual(['c', 'talk', 'b', 'a']);
  expect(entries.map(recordsOf)).toEqual([['c'], ['r1', 'r2'], ['b'], ['a']]);
});

describe('the history', () => {
  let ports: FakePorts;
  let history: HistoryModel;

  beforeEach(async () => {
    ports = new FakePorts(new VirtualClock(), { records: RECORDS });
    history = new HistoryModel(ports);
    await history.refresh();
  });

  const ids = (): readonly string[] => (history.entries ?? []).map(({ id }) => id);

  async function talk(): Promise<string> {
    const port = await ports.conversations();
    const begun = port.begin('own', RECORDS[2]);
    const imported = await port.importJson(
      NEVER,
      new Blob([
        JSON.stringify({
          schema: 'witan.deliberation-archive',
          version: 1,
          exportedAt: 1,
          appVersion: '1',
          deliberations: [],
          conversations: [begun],
        }),
      ]),
    );
    if (!imported.ok) throw new Error(imported.error.code);
    return begun.id;
  }

  it('puts a round into its conversation as soon as there is one', async () => {
    const leave = history.connect();
    await settle();
    expect(ids()).toEqual(['c', 'b', 'a']);
    const id = await talk();
    await settle();
    expect(ids()).toEqual(['c', 'b', id]);
    leave();
  });

  it('deletes a conversation with its records', async () => {
    const id = await talk();
    await history.refresh();
    const entry = history.entries?.find((each) => each.id === id);
    if (entry === undefined) throw new Error('not listed');
    await history.remove(entry);
    expect(ids()).toEqual(['c', 'b']);
    expect(ports.calls).toContain('history.remove a');
    expect(await (await ports.conversations()).get(id)).toMatchObject({ ok: false });
  });

  it('keeps a conversation whose records could not be deleted, and says so', async () => {
    const id = await talk();
    await history.refresh();
    const entry = history.entries?.find((each) => each.id === id);
    if (entry === undefined) throw new Error('not listed');
    ports.history.remove = () => Promise.resolve(err(failure('storage-failed')));
    await history.remove(entry);
    expect(history.problem?.code).toBe('storage-failed');
    expect(await (await ports.conversations()).get(id)).toMatchObject({ ok: true });
  });

  it('lists the rounds also where the code of conversations cannot be fetched', async () => {
    ports.talk.failure = new Error('offline');
    await history.refresh();
    expect(ids()).toEqual(['c', 'b', 'a']);
    expect(history.problem).toBeNull();
  });
});

describe('the search', () => {
  it('finds, gives up the search before, and lists all again when the field is empty', async () => {
    const ports = new FakePorts(new VirtualClock(), { records: RECORDS });
    const search = new HistorySearchModel(ports);
    search.query = 'salt';
    const first = search.search();
    search.query = 'sea';
    await Promise.all([first, search.search()]);
    expect(search.result?.found.map(({ id }) => id)).toEqual(['c', 'a']);
    expect(search.searching).toBe(false);
    search.query = ' ';
    await search.search();
    expect(search.result).toBeNull();
  });

  it('says when it could not search', async () => {
    const ports = new FakePorts(new VirtualClock(), { records: RECORDS });
    const search = new HistorySearchModel(ports);
    search.query = 'sea';
    ports.talk.failure = new Error('offline');
    await search.search();
    expect(search.problem?.code).toBe('storage-unavailable');
    expect(search.searching).toBe(false);
  });
});

describe('the archive', () => {
  it('goes out, comes back, and loses nothing by a file that is none', async () => {
    const files: Blob[] = [];
    const ports = new FakePorts(new VirtualClock(), { records: RECORDS });
    const archive = new ArchiveModel(ports, (file) => files.push(file));
    await archive.exportAll();
    expect(files).toHaveLength(1);
    const other = new FakePorts(new VirtualClock());
    const empty = new ArchiveModel(other, () => undefined);
    await empty.importFile(files[0] ?? new Blob());
    expect(empty.report).toMatchObject({ added: 3, refused: [] });
    await empty.importFile(new Blob(['{}']));
    expect(empty).toMatchObject({ report: null, busy: null, problem: { code: 'archive-invalid' } });
    const kept = await (await other.conversations()).exportJson(NEVER);
    expect(kept.ok && JSON.parse(await kept.value.text())).toMatchObject({ deliberations: RECORDS });
  });

  it('says when it could not', async () => {
    const ports = new FakePorts(new VirtualClock());
    ports.talk.failure = new Error('offline');
    const archive = new ArchiveModel(ports, () => undefined);
    await archive.exportAll();
    expect(archive).toMatchObject({ busy: null, problem: { code: 'storage-unavailable' } });
  });
});
