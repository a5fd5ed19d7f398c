import { expect, it, vi } from 'vitest';
import { deferredPort } from '../../../src/app/deferred-port.ts';

/** Its methods need their `this`: private fields are what breaks first without it. */
class Counter {
  #count = 0;

  async add(by: number): Promise<number> {
    this.#count += by;
    return this.#count;
  }

  async fail(): Promise<never> {
    throw new RangeError('too much');
  }
}

interface CounterPort {
  readonly add: (by: number) => Promise<number>;
  readonly fail: () => Promise<never>;
}

it('loads with the first call, not before, and calls on the one port', async () => {
  const load = vi.fn(() => Promise.resolve<CounterPort>(new Counter()));
  const port = deferredPort(load);
  const { add } = port;
  expect(load).not.toHaveBeenCalled();
  expect(await add(2)).toBe(2);
  expect(await port.add(3)).toBe(5);
  expect(load).toHaveBeenCalledOnce();
});

it('can be awaited without being loaded', async () => {
  const load = vi.fn(() => Promise.resolve<CounterPort>(new Counter()));
  const port = deferredPort(load);
  expect(await Promise.resolve(port)).toBe(port);
  expect(Reflect.get(port, 'then')).toBeUndefined();
  expect(load).not.toHaveBeenCalled();
});

it('hands on what its methods throw', async () => {
  const port = deferredPort(() => Promise.resolve<CounterPort>(new Counter()));
  await expect(port.fail()).rejects.toThrow(new RangeError('too much'));
});

it('tries again when its code could not be fetched', async () => {
  const load = vi.fn(() => Promise.resolve<CounterPort>(new Counter()));
  load.mockRejectedValueOnce(new TypeError('Failed to fetch dynamically imported module'));
  const port = deferredPort(load);
  await expect(port.add(1)).rejects.toThrow('Failed to fetch');
  expect(await port.add(1)).toBe(1);
  expect(await port.add(1)).toBe(2);
  expect(load).toHaveBeenCalledTimes(2);
});
