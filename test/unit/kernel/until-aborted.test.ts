import { expect, it, vi } from 'vitest';
import { untilAborted } from '#kernel/until-aborted';

it('passes on what comes first', async () => {
  const controller = new AbortController();
  expect(await untilAborted(Promise.resolve(5), controller.signal)).toBe(5);
  const pending = untilAborted(new Promise(() => undefined), controller.signal);
  controller.abort();
  expect(await pending).toBeNull();
  expect(await untilAborted(Promise.resolve(5), controller.signal)).toBeNull();
});

it('rejects with the promise, and leaves no listener behind', async () => {
  const { signal } = new AbortController();
  const remove = vi.spyOn(signal, 'removeEventListener');
  await expect(untilAborted(Promise.reject(new Error('broken')), signal)).rejects.toThrow('broken');
  expect(remove).toHaveBeenCalledTimes(1);
});
