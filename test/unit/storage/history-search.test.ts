import 'fake-indexeddb/auto';
import { beforeEach, describe, expect, it } from 'vitest';
import type { FoundRecords } from '#contracts/conversation';
import { DeliberationStore } from '../../../src/storage/deliberation-store.ts';
import { HistorySearch } from '../../../src/storage/history-search.ts';
import { roundOf } from '../../fakes/conversations.ts';
import { emptyStorage, openedDatabase } from '../../fakes/fresh-database.ts';
import { VirtualClock } from '../../fakes/virtual-clock.ts';

const NEVER = new AbortController().signal;

beforeEach(() => {
  emptyStorage();
});

async function found(
  search: HistorySearch,
  query: string,
  limit = 10,
  readingMs?: number,
): Promise<FoundRecords> {
  const outcome = await search.search(NEVER, query, limit, readingMs);
  if (!outcome.ok) throw new Error(outcome.error.code);
  return outcome.value;
}
const ids = ({ found: records }: FoundRecords): string => records.map(({ id }) => id).join(' ');

describe.each(['with a database', 'without one'])('the search of the history %s', (where) => {
  let store: DeliberationStore;
  let search: HistorySearch;
  beforeEach(async () => {
    store = new DeliberationStore(where === 'with a database' ? await openedDatabase() : null);
    search = new HistorySearch(new VirtualClock(), store);
    await store.put(roundOf('a', 'Why is the sea blue?', 'Light.', 1));
    await store.put(roundOf('b', 'Who wrote Émile?', 'Rousseau', 2));
    await store.put(roundOf('c', 'Tell me of the seaside', 'Sand.', 3));
    await store.put(roundOf('d', 'Why is the sea salty?', 'Rivers.', 4));
  });

  it('finds by question and answer, best first, and of equals the newest', async () => {
    expect(ids(await found(search, 'SEA'))).toBe('d a c b'); // Rousseau, too
    expect(ids(await found(search, 'emile'))).toBe('b');
    expect(ids(await found(search, 'rousseau'))).toBe('b');
    expect(ids(await found(search, 'sea sand'))).toBe('c');
    expect(await found(search, 'the', 2)).toMatchObject({ matches: 3, searched: 4, complete: true });
    expect(await found(search, ' ')).toMatchObject({ found: [], matches: 0 });
  });

  it('says where the words stand', async () => {
    const record = roundOf('m', 'Why is the sky blue?', 'Scattering', 9);
    const [first, ...others] = record.members;
    if (first === undefined) throw new Error('no members');
    await store.put({ ...record, members: [{ ...first, answer: 'Perhaps the ocean' }, ...others] });
    const places = async (query: string): Promise<readonly (readonly [string, string])[]> =>
      (await found(search, query)).found.map(({ id, place }) => [id, place] as const);
    expect(await places('sky blue')).toEqual([['m', 'question']]);
    expect(await places('sky scattering')).toEqual([['m', 'answer']]);
    expect(await places('sky ocean')).toEqual([['m', 'members']]);
  });

  it('sees what came and what went since', async () => {
    await found(search, 'sea');
    await store.put(roundOf('e', 'And the dead sea?', 'Salt.', 5));
    await store.remove('d');
    expect(ids(await found(search, 'sea'))).toBe('e a c b');
  });

  it('is given up when nobody wants it any more', async () => {
    const gone = new AbortController();
    gone.abort();
    expect(await search.search(gone.signal, 'sea', 5)).toMatchObject({ error: { code: 'cancelled' } });
  });
});

/** A clock on which every look takes a while. */
class SlowClock extends VirtualClock {
  override nowMs(): number {
    this.block(400);
    return super.nowMs();
  }
}

it('reads the newest first, within its time, and goes on with the next search', async () => {
  const store = new DeliberationStore(await openedDatabase());
  for (let n = 1; n <= 450; n += 1) await store.put(roundOf(`r${String(n)}`, 'the sea', String(n), n));
  const search = new HistorySearch(new SlowClock(), store);
  const first = await found(search, 'sea', 1, 1_000);
  expect(first).toMatchObject({ complete: false, searched: 300 });
  expect(ids(first)).toBe('r450');
  expect(ids(await found(search, '160', 1, 1_000))).toBe('r160');
  expect(await found(search, 'sea', 1, 1_000)).toMatchObject({ complete: true, searched: 450 });
});

it('leaves out what does not parse, and reads it no second time', async () => {
  const database = await openedDatabase();
  await database.put('deliberations', { id: 'x', askedAt: 9, version: 9 }, 'x');
  const store = new DeliberationStore(database);
  await store.put(roundOf('a', 'the sea', 'blue', 1));
  const search = new HistorySearch(new VirtualClock(), store);
  for (let run = 0; run < 2; run += 1)
    expect(await found(search, 'sea')).toMatchObject({ searched: 1, matches: 1, complete: true });
});

it('says when the records cannot be read', async () => {
  const database = await openedDatabase();
  const store = new DeliberationStore(database);
  await store.put(roundOf('a', 'the sea', 'blue', 1));
  const search = new HistorySearch(new VirtualClock(), store);
  const refusing = Object.create(store) as DeliberationStore;
  refusing.getMany = async () => ({ ok: false, error: { code: 'storage-failed', details: {} } });
  refusing.ids = () => store.ids();
  expect(await new HistorySearch(new VirtualClock(), refusing).search(NEVER, 'sea', 1)).toMatchObject({
    error: { code: 'storage-failed' },
  });
  expect(ids(await found(search, 'sea'))).toBe('a');
});
