import { beforeEach, expect, it, vi } from 'vitest';
import { ok } from '#kernel/result';
import { failure, type Outcome } from '#contracts/errors';
import type { HashWorkerApi } from '#contracts/hash-worker';
import type { ModelStoreApi } from '#contracts/models';
import { HashCompanion } from '../../../src/app/hash-companion.ts';
import { FakeWorkerHandle } from '../../fakes/fake-worker-handle.ts';
import { turn } from '../../fakes/turn.ts';

let hashers: { readonly handle: FakeWorkerHandle<HashWorkerApi>; port: MessagePort | null }[];
/** What the store was told, in its order: a port, null, or a piece of work. */
let told: (MessagePort | null | string)[];
let companion: HashCompanion;

const storeWorker = (): FakeWorkerHandle<ModelStoreApi> => {
  const api: Pick<ModelStoreApi, 'hashBeside'> = {
    hashBeside: (port) => {
      told.push(port);
      return Promise.resolve(ok(null));
    },
  };
  return new FakeWorkerHandle(api as ModelStoreApi);
};

beforeEach(() => {
  hashers = [];
  told = [];
  companion = new HashCompanion(() => {
    const hasher: (typeof hashers)[number] = {
      port: null,
      handle: new FakeWorkerHandle<HashWorkerApi>({
        serve: (port) => {
          hasher.port = port;
          return Promise.resolve(ok(null));
        },
      }),
    };
    hashers.push(hasher);
    return hasher.handle;
  });
  return () => {
    for (const end of [...told, ...hashers.map(({ port }) => port)])
      if (end instanceof MessagePort) end.close();
  };
});

/** Work that ends when the test says so. */
function piece(name: string): { readonly work: () => Promise<string>; readonly end: () => void } {
  let resolve: (name: string) => void = () => undefined;
  const promise = new Promise<string>((settle) => {
    resolve = settle;
  });
  return {
    work: () => {
      told.push(name);
      return promise;
    },
    end: () => {
      resolve(name);
    },
  };
}

it('joins the two on one port before the work begins, and ends its worker with the last work', async () => {
  const store = storeWorker();
  const [one, two] = [piece('one'), piece('two')];
  const done = [companion.during(store, one.work), companion.during(store, two.work)];
  expect(hashers).toHaveLength(1);
  expect(told).toEqual([expect.any(MessagePort), 'one', 'two']);
  const heard = vi.fn();
  const [mine] = told;
  if (!(mine instanceof MessagePort)) throw new Error('a port');
  mine.onmessage = ({ data }: MessageEvent) => {
    heard(data);
    mine.close();
  };
  hashers[0]?.port?.postMessage('from the other end');
  await vi.waitFor(() => {
    expect(heard).toHaveBeenCalledWith('from the other end');
  });
  one.end();
  expect(await done[0]).toBe('one');
  expect(hashers[0]?.handle.alive).toBe(true);
  two.end();
  expect(await done[1]).toBe('two');
  expect(hashers[0]?.handle.lost?.code).toBe('cancelled');
  expect(told.at(-1)).toBeNull();
});

it('tells the store when its worker is lost, and starts another with the next work', async () => {
  const store = storeWorker();
  const [one, two] = [piece('one'), piece('two')];
  const first = companion.during(store, one.work);
  hashers[0]?.handle.terminate(failure('worker-lost', { member: 'hashes' }));
  expect(told).toEqual([expect.any(MessagePort), 'one', null]);
  const second = companion.during(store, two.work);
  expect(hashers).toHaveLength(2);
  expect(told.slice(3)).toEqual([expect.any(MessagePort), 'two']);
  one.end();
  two.end();
  expect(await Promise.all([first, second])).toEqual(['one', 'two']);
});

it('joins another store worker when the first is lost', async () => {
  const [old, fresh] = [storeWorker(), storeWorker()];
  const one = piece('one');
  const lost = companion.during(old, () => old.call(null, () => new Promise<Outcome<null>>(() => undefined)));
  const begun = (async () => {
    await turn();
    return companion.during(fresh, one.work);
  })();
  old.terminate(failure('worker-lost', { member: 'model store' }));
  expect((await lost).ok).toBe(false);
  one.end();
  expect(await begun).toBe('one');
  expect(hashers.map(({ handle }) => handle.alive)).toEqual([false, false]);
});

it('ends its worker, too, after work that throws', async () => {
  const store = storeWorker();
  await expect(companion.during(store, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  expect(hashers[0]?.handle.alive).toBe(false);
});

it('is not missed where the browser starts no further worker', async () => {
  const without = new HashCompanion(() => {
    throw new DOMException('no worker', 'SecurityError');
  });
  const work = piece('one');
  const done = without.during(storeWorker(), work.work);
  work.end();
  expect(await done).toBe('one');
  expect(told).toEqual(['one']);
});
