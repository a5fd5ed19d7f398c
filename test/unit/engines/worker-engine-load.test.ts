import { beforeEach, describe, expect, it } from 'vitest';
import type { LoadedModel, LoadOptions, LoadProgress } from '#contracts/engine';
import { failure, type Outcome } from '#contracts/errors';
import type { InferenceWorkerApi } from '#contracts/worker-api';
import { WorkerEngine } from '../../../src/engines/worker-engine.ts';
import { FakeInferenceWorker } from '../../fakes/inference-worker.ts';
import { delivered } from '../../fakes/fake-worker.ts';
import { FakeWorkerHandle } from '../../fakes/fake-worker-handle.ts';
import { turn } from '../../fakes/turn.ts';
import { VirtualClock } from '../../fakes/virtual-clock.ts';

const OPTIONS: LoadOptions = {
  model: {
    format: 'gguf',
    id: 'alder',
    name: 'Alder',
    url: 'https://page/alder.gguf',
    sizeBytes: 10,
    sha256: '',
  },
  threads: 1,
  contextTokens: 256,
  slots: 1,
};
let clock: VirtualClock;
let api: FakeInferenceWorker;
let worker: FakeWorkerHandle<InferenceWorkerApi>;
let engine: WorkerEngine;

beforeEach(() => {
  clock = new VirtualClock();
  api = new FakeInferenceWorker();
  worker = new FakeWorkerHandle<InferenceWorkerApi>(api);
  engine = new WorkerEngine('wllama', worker, clock);
});

describe('loading', () => {
  it('passes on what the worker says', async () => {
    const loaded = await engine.load(new AbortController().signal, OPTIONS);
    expect(loaded).toMatchObject({ ok: true, value: { modelId: 'alder', threads: 1 } });
  });

  it('ends the worker when the engine in it is lost, also between answers', async () => {
    await engine.load(new AbortController().signal, OPTIONS);
    const problem = failure('out-of-memory', { model: 'Alder' });
    api.loseEngine(problem);
    await turn();
    expect(worker.lost).toEqual(problem);
  });

  it('lives with a worker that cannot tell whether its engine is lost', async () => {
    const silent: InferenceWorkerApi = {
      load: (options) => api.load(options),
      generate: (request, port) => api.generate(request, port),
      setPacing: (pacing) => api.setPacing(pacing),
      unload: () => api.unload(),
    };
    const handle = new FakeWorkerHandle(silent);
    const bare = new WorkerEngine('web-llm', handle, clock);
    expect(await bare.load(new AbortController().signal, OPTIONS)).toMatchObject({ ok: true });
    await turn();
    expect(handle.alive).toBe(true);
    expect(await bare.embed(new AbortController().signal, ['a'])).toMatchObject({
      error: { code: 'request-unsupported', details: { reason: 'embeddings' } },
    });
  });

  it('ends the worker when it is given up', async () => {
    api.loadOutcome = new Promise(() => undefined);
    const controller = new AbortController();
    const loading = engine.load(controller.signal, OPTIONS);
    controller.abort();
    expect(await loading).toEqual({ ok: false, error: failure('cancelled', { member: 'alder' }) });
    expect(worker.alive).toBe(false);
  });

  it('does not start for an aborted signal', async () => {
    const controller = new AbortController();
    controller.abort();
    expect(await engine.load(controller.signal, OPTIONS)).toMatchObject({ error: { code: 'cancelled' } });
    expect(api.loads).toEqual([]);
  });
});

describe('a load that goes on', () => {
  const forEver = new Promise<never>(() => undefined);
  let loading: Promise<Outcome<LoadedModel>>;
  let heard: LoadProgress[];

  beforeEach(() => {
    api.loadOutcome = forEver;
    heard = [];
    loading = engine.load(new AbortController().signal, OPTIONS, (progress) => heard.push(progress));
  });

  async function tell(progress: LoadProgress): Promise<void> {
    const before = heard.length;
    api.progress?.postMessage(progress);
    await delivered(() => heard.length > before);
  }

  it('has no limit of time as long as it comes nearer', async () => {
    for (let step = 1; step <= 40; step += 1) {
      clock.advance(119_000);
      await tell({ phase: 'fetch', fraction: step / 100, bytes: step });
    }
    expect(worker.alive).toBe(true);
    expect(heard).toHaveLength(40);
    expect(heard[39]).toEqual({ phase: 'fetch', fraction: 0.4, bytes: 40 });
    await engine.unload();
    expect((await loading).ok).toBe(false);
    expect(clock.pending).toBe(0);
  });

  it('is given up when the download stalls: the line is to blame', async () => {
    await tell({ phase: 'fetch', fraction: 0.5, bytes: 5 });
    clock.advance(119_999);
    expect(worker.alive).toBe(true);
    clock.advance(1);
    expect(await loading).toMatchObject({
      error: {
        code: 'model-fetch-failed',
        details: { model: 'Alder', reason: 'stalled', silentMs: 120_000 },
      },
    });
    expect(worker.alive).toBe(false);
  });

  it.each([['compile'], ['upload']] as const)(
    'is given up when it stalls in %s: the device is',
    async (phase) => {
      await tell({ phase, fraction: 0 });
      clock.advance(120_000);
      expect(await loading).toMatchObject({
        error: { code: 'deadline-exceeded', details: { limitMs: 120_000, phase } },
      });
    },
  );

  it('is given up when nothing is heard of it at all', async () => {
    clock.advance(120_000);
    expect(await loading).toMatchObject({ error: { code: 'deadline-exceeded', details: { phase: 'load' } } });
  });
});

it('a load that has ended sets no watch, and its late progress is not heard', async () => {
  const heard: LoadProgress[] = [];
  await engine.load(new AbortController().signal, OPTIONS, (progress) => heard.push(progress));
  api.progress?.postMessage({ phase: 'upload', fraction: 1 });
  await delivered();
  expect(heard).toEqual([]);
  expect(clock.pending).toBe(0);
});
