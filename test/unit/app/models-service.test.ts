import { beforeEach, describe, expect, it, vi } from 'vitest';
import { err, ok } from '#kernel/result';
import { failure, type Outcome } from '#contracts/errors';
import type { MlcSource } from '#contracts/engine';
import type { MlcBringing, ModelReceipt, ModelRequest, ModelStoreApi, StoreSpace } from '#contracts/models';
import type { StoredModel } from '#contracts/model-store';
import { ModelsService } from '../../../src/app/models-service.ts';
import { SharedActivity } from '../../../src/app/shared-activity.ts';
import { FakeWorkerHandle } from '../../fakes/fake-worker-handle.ts';
import { MLC_MODEL } from '../../fakes/mlc-model.ts';
import { modelProgress, OFFER, storedModel } from '../../fakes/models-port.ts';
import { turn } from '../../fakes/turn.ts';
import { VirtualClock } from '../../fakes/virtual-clock.ts';

const REQUEST: ModelRequest = { ...OFFER, format: 'gguf', origin: 'catalogue', files: [] };
const RECEIPT: ModelReceipt = {
  model: storedModel(),
  transferredBytes: 468_624_320,
  resumedAtBytes: 0,
  repairedChunks: 0,
};

/** A storage worker whose downloads end when the test says so. */
class FakeStore implements ModelStoreApi {
  models: readonly StoredModel[] = [];
  progress: MessagePort | null = null;
  end: (outcome: Outcome<ModelReceipt>) => void = () => undefined;

  list = (): Promise<Outcome<readonly StoredModel[]>> => Promise.resolve(ok(this.models));
  space = (): Promise<Outcome<StoreSpace>> =>
    Promise.resolve(ok({ backend: 'opfs', keptBytes: 0, fits: null, persisted: null }));
  download = (_model: ModelRequest, progress?: MessagePort): Promise<Outcome<ModelReceipt>> => {
    this.progress = progress ?? null;
    return new Promise((resolve) => {
      this.end = resolve;
    });
  };
  pause = vi.fn(() => Promise.resolve(ok(null)));
  inspect = vi.fn();
  verify = (): Promise<Outcome<StoredModel>> => Promise.resolve(ok(storedModel()));
  remove = vi.fn(() => Promise.resolve(ok(null)));
  pin = vi.fn(() => Promise.resolve(ok(storedModel({ pinned: true }))));
  read = (): Promise<Outcome<readonly Blob[]>> => Promise.resolve(ok([]));
  mlcListing = vi.fn();
  bringMlc = vi.fn(
    (_model: MlcSource, _how: MlcBringing, progress?: MessagePort): Promise<Outcome<ModelReceipt>> =>
      this.download(REQUEST, progress),
  );
  readMlc = vi.fn();
  importFiles = (): Promise<Outcome<StoredModel>> => Promise.resolve(ok(storedModel()));
  planEviction = vi.fn();
  evict = vi.fn();
}

let store: FakeStore;
let workers: FakeWorkerHandle<ModelStoreApi>[];
let persist: ReturnType<typeof vi.fn<() => Promise<boolean>>>;
let service: ModelsService;

beforeEach(() => {
  store = new FakeStore();
  workers = [];
  persist = vi.fn(() => Promise.resolve(true));
  service = new ModelsService({
    startWorker: () => {
      const worker = new FakeWorkerHandle<ModelStoreApi>(store);
      workers.push(worker);
      return worker;
    },
    catalogue: {
      offers: () => Promise.resolve(ok([OFFER])),
      request: (_signal, modelId) => {
        if (modelId === MLC_MODEL.id) return Promise.resolve(ok(MLC_MODEL));
        const unknown = err(failure('member-unknown', { member: modelId }));
        return Promise.resolve(modelId === OFFER.id ? ok(REQUEST) : unknown);
      },
    },
    activity: new SharedActivity(new VirtualClock(), null),
    storage: { persist, persisted: () => Promise.resolve(false) },
  });
});

it('starts one worker, with the first call, and another when that one is lost', async () => {
  expect(workers).toHaveLength(0);
  expect(await service.list()).toEqual(ok([]));
  expect(await service.list()).toEqual(ok([]));
  expect(workers).toHaveLength(1);
  workers[0]?.terminate(failure('worker-lost', { member: 'store' }));
  expect(await service.list()).toEqual(ok([]));
  expect(workers).toHaveLength(2);
});

it('says what the browser says of persistence, and not more', async () => {
  expect(await service.space()).toMatchObject({ ok: true, value: { persisted: false } });
  const blocked = new ModelsService({
    startWorker: () => new FakeWorkerHandle<ModelStoreApi>(store),
    catalogue: { offers: vi.fn(), request: vi.fn() },
    activity: new SharedActivity(new VirtualClock(), null),
    storage: {
      persist: () => Promise.reject(new TypeError('blocked')),
      persisted: () => Promise.reject(new TypeError('blocked')),
    },
  });
  expect(await blocked.space()).toMatchObject({ ok: true, value: { persisted: null } });
  expect(await blocked.persist()).toBeNull();
});

describe('a download', () => {
  it('tells how far it has come, and asks for persistence at its end', async () => {
    const listener = vi.fn();
    service.subscribe(listener);
    const downloading = service.download(OFFER.id);
    await turn();
    expect(service.activity()).toEqual([]);
    store.progress?.postMessage(modelProgress());
    await vi.waitFor(() => {
      expect(service.activity()).toEqual([modelProgress()]);
    });
    expect(persist).not.toHaveBeenCalled();
    store.end(ok(RECEIPT));
    expect(await downloading).toEqual(ok(RECEIPT));
    expect(service.activity()).toEqual([]);
    expect(persist).toHaveBeenCalledOnce();
    expect(listener).toHaveBeenCalledTimes(2);
  });

  it('of a model of MLC is told to whoever asked for it, too', async () => {
    const downloading = service.download(MLC_MODEL.id);
    await turn();
    expect(store.bringMlc).toHaveBeenCalledWith(MLC_MODEL, { mayFetch: true }, expect.anything());
    store.end(ok(RECEIPT));
    expect((await downloading).ok).toBe(true);
    const heard = vi.fn();
    const bringing = service.bringMlc(MLC_MODEL, { mayFetch: false }, heard);
    await turn();
    store.progress?.postMessage(modelProgress());
    await vi.waitFor(() => {
      expect(heard).toHaveBeenCalledExactlyOnceWith(modelProgress());
    });
    expect(service.activity()).toEqual([modelProgress()]);
    store.end(err(failure('consent-required')));
    expect(await bringing).toMatchObject({ error: { code: 'consent-required' } });
    expect(persist).toHaveBeenCalledOnce();
  });

  it('of a model that is in no catalogue starts no worker', async () => {
    expect(await service.download('nobody')).toMatchObject({ error: { code: 'member-unknown' } });
    expect(workers).toHaveLength(0);
  });

  it('whose worker dies ends, and nothing is shown as under way', async () => {
    const downloading = service.download(OFFER.id);
    await turn();
    store.progress?.postMessage(modelProgress());
    await vi.waitFor(() => {
      expect(service.activity()).toHaveLength(1);
    });
    workers[0]?.terminate(failure('worker-lost', { member: 'store' }));
    expect(await downloading).toMatchObject({ error: { code: 'worker-lost' } });
    expect(service.activity()).toEqual([]);
    expect(persist).not.toHaveBeenCalled();
  });
});

it('tells its listeners when models change', async () => {
  const listener = vi.fn();
  const leave = service.subscribe(listener);
  await service.pin('lfm2-700m', true);
  await service.remove('lfm2-700m');
  expect(listener).toHaveBeenCalledTimes(2);
  leave();
  await service.remove('lfm2-700m');
  expect(listener).toHaveBeenCalledTimes(2);
});
