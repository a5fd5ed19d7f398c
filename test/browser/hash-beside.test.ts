import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import * as Comlink from 'comlink';
import { systemClock } from '#kernel/clock';
import { failure, type Outcome } from '#contracts/errors';
import type { HashWorkerApi } from '#contracts/hash-worker';
import { CHUNK_BYTES } from '#contracts/model-store';
import type { ModelProgress, ModelReceipt, ModelRequest, ModelStoreApi } from '#contracts/models';
import type { WorkerHandle } from '#contracts/worker-handle';
import { HashCompanion } from '../../src/app/hash-companion.ts';
import { WORKER_SCRIPTS } from '../../src/platform/worker-scripts.ts';
import { WorkerSupervisor } from '../../src/platform/worker-supervisor.ts';
import { sha256 } from '../fakes/memory-sink.ts';
import { seededBytes } from '../fakes/seeded-bytes.ts';
import { RemoteFile } from './file-server-client.ts';

const SIZE = 6 * CHUNK_BYTES - 7;
const STORE_PATIENCE = { silenceAllowedMs: 60_000 };

let remote: RemoteFile;
let whole: string;
let request: ModelRequest;
let store: WorkerHandle<ModelStoreApi>;

beforeAll(async () => {
  remote = await RemoteFile.start({});
  whole = await sha256(seededBytes(SIZE, 1));
  const file = {
    id: `sha256-${whole}`,
    urls: [remote.url],
    sizeBytes: SIZE,
    sha256: whole,
    chunkSha256: null,
  };
  request = { id: 'beside', name: 'Beside', format: 'gguf', origin: 'catalogue', files: [file] };
  store = new WorkerSupervisor(systemClock).start('store', WORKER_SCRIPTS.modelStore, STORE_PATIENCE);
});
afterEach(() => store.call(null, (api) => api.remove(request.id)));
afterAll(async () => {
  store.terminate(failure('cancelled'));
  await remote.stop();
});

/** As the app does it. @param onBytes told how much has come */
async function download(
  script: string,
  onBytes: (doneBytes: number, hash: WorkerHandle<HashWorkerApi>) => void = () => undefined,
): Promise<Outcome<ModelReceipt>> {
  await remote.order({
    always: null,
    exposes: true,
    bytesPerSecond: 30_000_000,
    faults: [],
    sizeBytes: SIZE,
  });
  const started: WorkerHandle<HashWorkerApi>[] = [];
  const supervisor = new WorkerSupervisor(systemClock);
  const companion = new HashCompanion(() => {
    const hash = supervisor.start<HashWorkerApi>('hashes', script);
    started.push(hash);
    return hash;
  });
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = ({ data }: MessageEvent<ModelProgress>) => {
    for (const hash of started) onBytes(data.doneBytes, hash);
  };
  const done = await companion.during(store, () =>
    store.call(null, (api) => api.download(request, Comlink.transfer(port2, [port2]))),
  );
  port1.close();
  expect(started.map(({ alive }) => alive)).toEqual([false]);
  return done;
}

const VERIFIED = { ok: true, value: { transferredBytes: SIZE, model: { state: 'verified' } } };

it('proves a file with the worker that hashes beside', async () => {
  let alive = 0;
  const done = await download(WORKER_SCRIPTS.hash, (_, hash) => {
    alive += hash.alive ? 1 : 0;
  });
  expect(done).toMatchObject(VERIFIED);
  expect(alive).toBeGreaterThan(0);
});

it('goes on by itself when that worker dies midway, and fetches nothing again', async () => {
  let killed = 0;
  const done = await download(WORKER_SCRIPTS.hash, (doneBytes, hash) => {
    if (doneBytes < SIZE / 3 || !hash.alive) return;
    killed += 1;
    hash.terminate(failure('worker-lost', { member: 'hashes' }));
  });
  expect(done).toMatchObject(VERIFIED);
  expect(killed).toBe(1);
});

it('goes on by itself when that worker cannot be started', async () => {
  expect(await download(new URL('/no-such-script.js', location.href).href)).toMatchObject(VERIFIED);
});

it('keeps nothing of a file that is not what it should be', async () => {
  const right = request;
  const [file] = request.files;
  if (file === undefined) throw new Error('a file');
  const wrong = `${whole.startsWith('0') ? '1' : '0'}${whole.slice(1)}`;
  request = { ...request, files: [{ ...file, id: `sha256-${wrong}`, sha256: wrong }] };
  try {
    expect(await download(WORKER_SCRIPTS.hash)).toMatchObject({
      ok: false,
      error: { code: 'model-invalid' },
    });
  } finally {
    await store.call(null, (api) => api.remove(request.id));
    request = right;
  }
});
