import * as v from 'valibot';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { err, ok } from '#kernel/result';
import { failure, type Outcome } from '#contracts/errors';
import type { MlcSource } from '#contracts/engine';
import type { MlcBringing, ModelReceipt, ModelRequest, ModelStoreApi, StoreSpace } from '#contracts/models';
import type { RoomPlan, StoredModel, WantedFile } from '#contracts/model-store';
import { StoreHealthSchema } from '#contracts/store-health';
import { HeldModels } from '../../../src/app/held-models.ts';
import { ModelsService, type ModelsServicePorts } from '../../../src/app/models-service.ts';
import { OpenedFiles } from '../../../src/app/opened-files.ts';
import { SharedActivity } from '../../../src/app/shared-activity.ts';
import type { TransferAttendant } from '../../../src/app/transfer-attendant.ts';
import { ProcessLocks } from '../../../src/storage/model-store/process-locks.ts';
import { StoreLog } from '../../../src/storage/store-log.ts';
import { FakeWorkerHandle } from '../../fakes/fake-worker-handle.ts';
import { MLC_MODEL } from '../../fakes/mlc-model.ts';
import { FIT, modelProgress, NO_NOTICES, OFFER, ROOM_PLAN, storedModel } from '../../fakes/models-port.ts';
import { turn } from '../../fakes/turn.ts';
import { VirtualClock } from '../../fakes/virtual-clock.ts';

const FILE = { id: 'url-1', urls: [], sizeBytes: 468_624_320, sha256: null, chunkSha256: null };
const REQUEST: ModelRequest = { ...OFFER, format: 'gguf', origin: 'catalogue', files: [FILE] };
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
  measured: StoreSpace['measured'] = null;
  end: (outcome: Outcome<ModelReceipt>) => void = () => undefined;

  list = (): Promise<Outcome<readonly StoredModel[]>> => Promise.resolve(ok(this.models));
  space = (): Promise<Outcome<StoreSpace>> =>
    Promise.resolve(
      ok({ backend: 'opfs', keptBytes: 7, heldBytes: 0, measured: this.measured, persisted: null }),
    );
  download = (_model: ModelRequest, progress?: MessagePort): Promise<Outcome<ModelReceipt>> => {
    this.progress = progress ?? null;
    return new Promise((resolve) => {
      this.end = resolve;
    });
  };
  pause = vi.fn(() => Promise.resolve(ok(null)));
  hashBeside = vi.fn(() => Promise.resolve(ok(null)));
  inspect = vi.fn();
  verify = vi.fn((): Promise<Outcome<StoredModel>> => Promise.resolve(ok(storedModel())));
  remove = vi.fn(() => Promise.resolve(ok({ freedBytes: 1, heldBytes: 0 })));
  reclaim = vi.fn(() => Promise.resolve(ok({ freedBytes: 1, heldBytes: 0 })));
  pin = vi.fn(() => Promise.resolve(ok(storedModel({ pinned: true }))));
  read = (): Promise<Outcome<readonly Blob[]>> => Promise.resolve(ok([]));
  mlcListing = vi.fn();
  bringMlc = vi.fn(
    (_model: MlcSource, _how: MlcBringing, progress?: MessagePort): Promise<Outcome<ModelReceipt>> =>
      this.download(REQUEST, progress),
  );
  mlcLibrary = vi.fn();
  readMlc = vi.fn();
  importFiles = (_files: readonly File[], _progress?: MessagePort): Promise<Outcome<StoredModel>> =>
    Promise.resolve(ok(storedModel()));
  examine = vi.fn();
  planRoom = vi.fn((_files: readonly WantedFile[], _spare: readonly string[]) =>
    Promise.resolve(ok(ROOM_PLAN)),
  );
  makeRoom = vi.fn((_plan: RoomPlan, _spare: readonly string[]) =>
    Promise.resolve(ok({ freedBytes: 1, models: ['old'] })),
  );
}

/** What this test is not about. */
const FURTHER = {
  // Its own test shows what it does.
  hashing: { during: <T>(_store: unknown, work: () => Promise<T>) => work() },
  judge: { fit: () => Promise.resolve(ok(FIT)) },
  opened: new OpenedFiles(),
  notices: NO_NOTICES,
  onReplaced: () => undefined,
};

let store: FakeStore;
let attendant: Pick<TransferAttendant, 'changed' | 'downloadEnded'>;
let workers: FakeWorkerHandle<ModelStoreApi>[];
let persist: ReturnType<typeof vi.fn<() => Promise<boolean>>>;
let clock: VirtualClock;
let log: StoreLog;
let ports: ModelsServicePorts;
let service: ModelsService;

beforeEach(() => {
  store = new FakeStore();
  workers = [];
  persist = vi.fn(() => Promise.resolve(true));
  clock = new VirtualClock();
  log = new StoreLog(clock, null);
  attendant = { changed: vi.fn(), downloadEnded: vi.fn() };
  ports = {
    clock,
    log,
    held: new HeldModels(new ProcessLocks()),
    seated: () => Promise.resolve(ok(['lfm2-700m', 'alder'])),
    ...FURTHER,
    attendant,
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
    activity: new SharedActivity(clock, null),
    storage: {
      persist,
      persisted: () => Promise.resolve(false),
      estimate: () => Promise.resolve({ usage: 5, quota: 10_737_418_245 }),
    },
  };
  service = new ModelsService(ports);
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
  const refuse = (): Promise<never> => Promise.reject(new TypeError('blocked'));
  const blocked = new ModelsService({
    ...ports,
    storage: { persist: refuse, persisted: refuse, estimate: refuse },
  });
  expect(await blocked.space()).toMatchObject({ ok: true, value: { persisted: null } });
  expect(await blocked.persist()).toBeNull();
});

it('tells whose files went or came anew: what those models have said is no more', async () => {
  const onReplaced = vi.fn();
  service = new ModelsService({ ...ports, onReplaced });
  await service.remove('gone');
  await service.makeRoom(ROOM_PLAN);
  await service.importFiles([new File(['x'], 'mine.gguf')]);
  for (const transferredBytes of [9, 0]) {
    const downloading = service.download(OFFER.id);
    await turn();
    store.end(ok({ ...RECEIPT, transferredBytes }));
    await downloading;
  }
  expect(onReplaced.mock.calls).toEqual([['gone'], ['old'], [storedModel().id], [OFFER.id]]);
  store.remove.mockResolvedValueOnce(err(failure('storage-failed')) as never);
  await service.remove('held');
  expect(onReplaced).toHaveBeenCalledTimes(4);
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
    expect(attendant.changed).toHaveBeenNthCalledWith(1, [modelProgress()]);
    expect(attendant.changed).toHaveBeenNthCalledWith(2, []);
    expect(attendant.downloadEnded).toHaveBeenCalledExactlyOnceWith(OFFER.name, ok(RECEIPT));
  });

  it('that fails is told of by name, too', async () => {
    const downloading = service.download(OFFER.id);
    await turn();
    const problem = err(failure('storage-full'));
    store.end(problem);
    await downloading;
    expect(attendant.downloadEnded).toHaveBeenCalledExactlyOnceWith(OFFER.name, problem);
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

describe('health', () => {
  it('is a document of its schema: what is kept, what was measured, what the browser says, who sits', async () => {
    store.models = [storedModel(), storedModel({ id: 'old', name: 'Old' })];
    store.measured = { askedBytes: 100, freeBytes: 64 };
    await service.persist();
    const health = await service.health(100);
    expect(health).toMatchObject({
      ok: true,
      value: {
        space: {
          keptBytes: 7,
          measured: { atMs: clock.epochMs(), askedBytes: 100, freeBytes: 64 },
          estimate: { usageBytes: 5, quotaBytes: 10_737_418_245 },
        },
        persistence: { persisted: false, last: { askedAtMs: clock.epochMs(), answer: true } },
        models: [
          { id: 'lfm2-700m', seated: true },
          { id: 'old', seated: false },
        ],
      },
    });
    if (health.ok) expect(v.parse(StoreHealthSchema, structuredClone(health.value))).toEqual(health.value);
  });

  it('has what went wrong and what ended it', async () => {
    const failed = service.download(OFFER.id);
    await turn();
    store.end(err(failure('storage-full', { reason: 'quota' })));
    await failed;
    expect(log.troubles).toMatchObject([
      { doing: 'download', modelId: OFFER.id, code: 'storage-full', reason: 'quota', healedAtMs: null },
    ]);
    clock.advance(1_000);
    const again = service.download(OFFER.id);
    await turn();
    store.end(ok(RECEIPT));
    await again;
    expect(log.troubles).toMatchObject([{ healedAtMs: clock.epochMs(), healedBy: 'download' }]);
  });

  it('counts parts that no longer match as trouble, until the model was fetched again', async () => {
    store.verify.mockResolvedValueOnce(ok(storedModel({ state: 'suspect' })));
    await service.verify(OFFER.id);
    await service.list();
    expect(log.troubles).toMatchObject([{ doing: 'verify', code: 'model-invalid', healedAtMs: null }]);
    await service.verify(OFFER.id);
    expect(log.troubles).toMatchObject([{ healedBy: 'verify' }]);
  });
});

describe('room', () => {
  it('is planned for the files that are missing; who sits, and the model itself, stay', async () => {
    expect(await service.planRoom({ modelId: OFFER.id })).toEqual(ok(ROOM_PLAN));
    expect(store.planRoom).toHaveBeenCalledExactlyOnceWith(
      [{ id: 'url-1', sizeBytes: 468_624_320 }],
      ['lfm2-700m', 'alder', OFFER.id],
    );
    await service.planRoom({ files: [{ size: 12 }] });
    expect(store.planRoom).toHaveBeenLastCalledWith([{ id: null, sizeBytes: 12 }], ['lfm2-700m', 'alder']);
  });

  it('is made with the same ones spared, as they sit by then', async () => {
    expect(await service.makeRoom(ROOM_PLAN)).toMatchObject({ value: { models: ['old'] } });
    expect(store.makeRoom).toHaveBeenCalledExactlyOnceWith(ROOM_PLAN, ['lfm2-700m', 'alder']);
  });

  it('is not made while nobody knows who sits', async () => {
    const unknown = err(failure('record-invalid'));
    const blind = new ModelsService({ ...ports, seated: () => Promise.resolve(unknown) });
    expect(await blind.planRoom({ modelId: OFFER.id })).toEqual(unknown);
    expect(await blind.makeRoom(ROOM_PLAN)).toEqual(unknown);
    expect(store.makeRoom).not.toHaveBeenCalled();
  });
});

it('remembers how fast a download was', async () => {
  const downloading = service.download(OFFER.id);
  await turn();
  store.progress?.postMessage(modelProgress({ bytesPerSecond: 3_000_000 }));
  await vi.waitFor(() => {
    expect(service.lastSpeed(OFFER.id)).toBe(3_000_000);
  });
  store.end(err(failure('cancelled')));
  await downloading;
  expect(service.lastSpeed(OFFER.id)).toBe(3_000_000);
  expect(log.troubles).toEqual([]);
});

it('frees what was deleted meanwhile when a loaded model lets go of its files', async () => {
  store.models = [storedModel()];
  const opened = await service.open(OFFER.id);
  expect(store.reclaim).not.toHaveBeenCalled();
  const listener = vi.fn();
  service.subscribe(listener);
  if (opened.ok) opened.value.release();
  await vi.waitFor(() => {
    expect(listener).toHaveBeenCalledOnce();
  });
  expect(store.reclaim).toHaveBeenCalledOnce();
});

it('shows an import under one id at a time, when it learns on the way which model it becomes', async () => {
  let line: MessagePort | undefined;
  let end: () => void = () => undefined;
  store.importFiles = (_files: readonly File[], progress?: MessagePort) => {
    line = progress;
    return new Promise((resolve) => {
      end = () => {
        resolve(ok(storedModel()));
      };
    });
  };
  const importing = service.importFiles([new File(['GGUF'], 'own.gguf')]);
  await turn();
  const ids = (): readonly string[] => service.activity().map(({ modelId }) => modelId);
  for (const modelId of ['import-own-incoming', 'import-own-0123abcd']) {
    line?.postMessage(modelProgress({ modelId, phase: 'import' }));
    await vi.waitFor(() => {
      expect(ids()).toEqual([modelId]);
    });
  }
  end();
  await importing;
  expect(ids()).toEqual([]);
});
