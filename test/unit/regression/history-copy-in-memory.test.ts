import 'fake-indexeddb/auto';
import { expect, it } from 'vitest';
import { openWitanDatabase } from '../../../src/storage/database.ts';
import { DeliberationStore } from '../../../src/storage/deliberation-store.ts';
import { deliberation } from '../../fakes/deliberations.ts';

it('a record whose rating could not be stored is listed once, and the stored one wins again later', async () => {
  const opened = await openWitanDatabase({ onLost: () => undefined });
  if (!opened.ok) throw new Error('the database did not open');
  let full = false;
  const database = new Proxy(opened.value, {
    get: (target, name): unknown => {
      if (name === 'put' && full) return () => Promise.reject(new DOMException('full', 'QuotaExceededError'));
      const member: unknown = Reflect.get(target, name);
      return typeof member === 'function' ? (member as () => unknown).bind(target) : member;
    },
  });
  const store = new DeliberationStore(database);
  await store.put(deliberation('a', 100));
  full = true;
  await store.rate('a', 'bad');
  // Before: the old record of the database and the rated one of the memory, both.
  expect(await store.list(10)).toMatchObject({ ok: true, value: [{ id: 'a', rating: 'bad' }] });
  const listed = await store.list(10);
  expect(listed.ok && listed.value).toHaveLength(1);
  full = false;
  await store.rate('a', 'good');
  expect(await store.get('a')).toMatchObject({ value: { rating: 'good' } });
  // Another tab rates it: the copy in memory must not hide that.
  await opened.value.put('deliberations', deliberation('a', 100, { rating: 'bad' }), 'a');
  expect(await store.get('a')).toMatchObject({ value: { rating: 'bad' } });
});
