import { describe, expect, it, vi } from 'vitest';
import { err, ok } from '#kernel/result';
import { failure, type Outcome } from '#contracts/errors';
import { HistoryService } from '../../../src/app/history-service.ts';
import { lazily } from '../../../src/app/lazily.ts';
import { TabChannel } from '../../../src/platform/tab-channel.ts';
import { DeliberationStore } from '../../../src/storage/deliberation-store.ts';
import { deliberation } from '../../fakes/deliberations.ts';

const FORGOTTEN = () => Promise.resolve(ok(null));

it('tells its listeners of every change, and of nothing else', async () => {
  vi.stubGlobal('BroadcastChannel', undefined);
  const history = new HistoryService(
    lazily(async () => new DeliberationStore(null)),
    new TabChannel('test'),
    FORGOTTEN,
  );
  vi.unstubAllGlobals();
  const changed = vi.fn();
  const leave = history.subscribe(changed);
  expect(await history.persistent()).toBe(false);
  await history.keep(deliberation('a', 100));
  await history.rate('a', 'good');
  expect(changed).toHaveBeenCalledTimes(2);
  expect(await history.list(5)).toMatchObject({ value: [{ id: 'a', rating: 'good' }] });
  expect(await history.get('a')).toMatchObject({ ok: true });
  expect(changed).toHaveBeenCalledTimes(2);
  await history.remove('a');
  leave();
  await history.keep(deliberation('b', 100));
  expect(changed).toHaveBeenCalledTimes(3);
});

it('says that nothing is kept while its code cannot be fetched, and goes on once it can', async () => {
  let offline = true;
  const open = lazily(() =>
    offline ? Promise.reject(new TypeError('Failed to fetch')) : Promise.resolve(new DeliberationStore(null)),
  );
  const history = new HistoryService(open, new TabChannel('test'), FORGOTTEN);
  expect(await history.persistent()).toBe(false);
  expect(await history.list(5)).toMatchObject({ error: { code: 'storage-unavailable' } });
  expect(await history.keep(deliberation('a', 100))).toMatchObject({
    error: { code: 'storage-unavailable' },
  });
  offline = false;
  expect(await history.list(5)).toEqual({ ok: true, value: [] });
});

describe('an answer that the user wants gone', () => {
  const cached = { roundId: 'first', storedAt: 1, ageMs: 1 };
  const keep = async (forget: (store: unknown, recordId: string) => Promise<Outcome<null>>) => {
    vi.stubGlobal('BroadcastChannel', undefined);
    const store = new DeliberationStore(null);
    const history = new HistoryService(async () => store, new TabChannel('test'), forget);
    vi.unstubAllGlobals();
    await history.keep(deliberation('first', 100));
    await history.keep(deliberation('again', 200, { cached }));
    return history;
  };

  it('is forgotten wherever it is kept', async () => {
    const forgotten: string[] = [];
    const history = await keep(async (_store, recordId) => {
      forgotten.push(recordId);
      return ok(null);
    });
    await history.rate('again', 'good');
    expect(forgotten).toEqual([]);
    await history.rate('again', 'bad');
    await history.remove('again');
    await history.remove('first');
    expect(forgotten).toEqual(['again', 'again', 'first']);
  });

  it('stays in the history too while it cannot be forgotten, and the user is told', async () => {
    const history = await keep(async () => err(failure('storage-failed')));
    expect(await history.remove('first')).toMatchObject({ error: { code: 'storage-failed' } });
    expect(await history.rate('first', 'bad')).toMatchObject({ error: { code: 'storage-failed' } });
    expect(await history.get('first')).toMatchObject({ ok: true, value: { id: 'first' } });
    const without = await keep(() => Promise.reject(new TypeError('Failed to fetch')));
    expect(await without.remove('first')).toMatchObject({ error: { code: 'storage-unavailable' } });
    expect(await without.get('first')).toMatchObject({ ok: true });
  });
});
