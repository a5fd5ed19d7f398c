import { expect, it, vi } from 'vitest';
import { HistoryService } from '../../../src/app/history-service.ts';
import { lazily } from '../../../src/app/lazily.ts';
import { TabChannel } from '../../../src/platform/tab-channel.ts';
import { DeliberationStore } from '../../../src/storage/deliberation-store.ts';
import { deliberation } from '../../fakes/deliberations.ts';

it('tells its listeners of every change, and of nothing else', async () => {
  vi.stubGlobal('BroadcastChannel', undefined);
  const history = new HistoryService(
    lazily(async () => new DeliberationStore(null)),
    new TabChannel('test'),
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
  const history = new HistoryService(open, new TabChannel('test'));
  expect(await history.persistent()).toBe(false);
  expect(await history.list(5)).toMatchObject({ error: { code: 'storage-unavailable' } });
  expect(await history.keep(deliberation('a', 100))).toMatchObject({
    error: { code: 'storage-unavailable' },
  });
  offline = false;
  expect(await history.list(5)).toEqual({ ok: true, value: [] });
});
