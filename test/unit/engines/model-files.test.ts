import { beforeEach, expect, it } from 'vitest';
import { ok } from '#kernel/result';
import type { MlcSource } from '#contracts/engine';
import { failure } from '#contracts/errors';
import type { InferenceWorkerApi } from '#contracts/worker-api';
import { ModelFiles } from '../../../src/engines/model-files.ts';
import { FakeInferenceWorker } from '../../fakes/inference-worker.ts';
import { FakeWorkerHandle } from '../../fakes/fake-worker-handle.ts';
import { turn } from '../../fakes/turn.ts';

const MODEL: MlcSource = {
  format: 'mlc',
  id: 'tiny',
  name: 'Tiny',
  weightsUrl: 'https://models.test/tiny/',
  libraryUrl: 'https://models.test/tiny.wasm',
  sizeBytes: null,
  requiredFeatures: [],
  overrides: {},
};
const NEVER = new AbortController().signal;

class Keeper extends FakeInferenceWorker implements InferenceWorkerApi {
  readonly calls: unknown[] = [];

  removeModel(...asked: readonly unknown[]): Promise<ReturnType<typeof ok<null>>> {
    this.calls.push(['remove', ...asked.slice(1)]);
    return Promise.resolve(ok(null));
  }
}

let keeper: Keeper;
let handles: FakeWorkerHandle<InferenceWorkerApi>[];
const filesOf = (api: InferenceWorkerApi): ModelFiles =>
  new ModelFiles(() => {
    const handle = new FakeWorkerHandle(api);
    handles.push(handle);
    return handle;
  });

beforeEach(() => {
  keeper = new Keeper();
  handles = [];
});

it('asks a worker of its own, which ends with the call', async () => {
  const files = filesOf(keeper);
  expect(await files.remove(NEVER, MODEL, [MODEL])).toEqual(ok(null));
  expect(keeper.calls).toEqual([['remove', 'all', [MODEL]]]);
  expect(handles.map((handle) => handle.alive)).toEqual([false]);
  expect(keeper.loads).toEqual([]);
});

it('is refused by an engine that keeps no files', async () => {
  expect(await filesOf(new FakeInferenceWorker()).remove(NEVER, MODEL)).toMatchObject({
    error: { code: 'request-unsupported' },
  });
});

it('ends the worker when it is given up, and starts none for a call that was given up before', async () => {
  keeper.removeModel = () => new Promise(() => undefined);
  const files = filesOf(keeper);
  const giveUp = new AbortController();
  const asked = files.remove(giveUp.signal, MODEL);
  await turn();
  giveUp.abort();
  expect(await asked).toEqual({ ok: false, error: failure('cancelled', { model: 'Tiny' }) });
  expect(handles[0]?.alive).toBe(false);
  expect(await files.remove(giveUp.signal, MODEL)).toMatchObject({ error: { code: 'cancelled' } });
  expect(handles).toHaveLength(1);
});

it('settles when the worker dies', async () => {
  keeper.removeModel = () => new Promise(() => undefined);
  const asked = filesOf(keeper).remove(NEVER, MODEL);
  await turn();
  handles[0]?.terminate(failure('worker-lost', { member: 'alder' }));
  expect(await asked).toMatchObject({ error: { code: 'worker-lost' } });
});
