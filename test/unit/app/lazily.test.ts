import { expect, it, vi } from 'vitest';
import { lazily } from '../../../src/app/lazily.ts';

it('loads with the first call, once, also when several ask at the same time', async () => {
  const load = vi.fn(() => Promise.resolve({}));
  const loaded = lazily(load);
  expect(load).not.toHaveBeenCalled();
  const [first, second] = await Promise.all([loaded(), loaded()]);
  expect(first).toBe(second);
  expect(await loaded()).toBe(first);
  expect(load).toHaveBeenCalledOnce();
});

it('tells all who wait that it failed, and tries again with the next call', async () => {
  const load = vi.fn<() => Promise<string>>(() => Promise.reject(new TypeError('Failed to fetch')));
  const loaded = lazily(load);
  const both = await Promise.allSettled([loaded(), loaded()]);
  expect(both.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  expect(load).toHaveBeenCalledOnce();
  load.mockResolvedValueOnce('here');
  expect(await loaded()).toBe('here');
  expect(await loaded()).toBe('here');
  expect(load).toHaveBeenCalledTimes(2);
});

it('does not let an old failure undo a newer load', async () => {
  const ends: { resolve: (value: string) => void; reject: (reason: unknown) => void }[] = [];
  const loaded = lazily(() => new Promise<string>((resolve, reject) => ends.push({ resolve, reject })));
  const first = loaded();
  ends[0]?.reject(new Error('gone'));
  await expect(first).rejects.toThrow('gone');
  const second = loaded();
  ends[1]?.resolve('here');
  expect(await second).toBe('here');
  await Promise.resolve();
  expect(await loaded()).toBe('here');
  expect(ends).toHaveLength(2);
});
