import { beforeEach, describe, expect, it, vi } from 'vitest';
import { err, ok } from '#kernel/result';
import type { Engine, LoadedModel, LoadOptions, LoadProgress, MlcSource } from '#contracts/engine';
import { NOTHING_SAID } from '#contracts/engine';
import { failure } from '#contracts/errors';
import type { MlcListing, ModelReceipt } from '#contracts/models';
import { StoredWebLlmEngine, type MlcStore } from '../../../src/app/stored-web-llm-engine.ts';
import { MLC_MODEL } from '../../fakes/mlc-model.ts';
import { modelProgress, storedModel } from '../../fakes/models-port.ts';
import { turn } from '../../fakes/turn.ts';

const OPTIONS: LoadOptions<MlcSource> = { model: MLC_MODEL, threads: 1, contextTokens: 512, slots: 1 };
const YES = { ...OPTIONS, download: true };
const LOADED: LoadedModel = {
  modelId: MLC_MODEL.id,
  backend: 'webgpu',
  threads: 1,
  contextTokens: 512,
  vocabularySize: 9,
  weightBytes: 8,
  loadMs: 1,
};
const HERE: MlcListing = { complete: true, keptBytes: 8, totalBytes: 8, largestTensorBytes: 4 };
const RECEIPT: ModelReceipt = {
  model: storedModel(),
  transferredBytes: 8,
  resumedAtBytes: 0,
  repairedChunks: 0,
};
const FILES = [{ url: 'https://hub.example/a', file: new Blob(['a']) }];
const idle = (): AbortSignal => new AbortController().signal;
const refused = (code: Parameters<typeof failure>[0], details = {}) =>
  err(failure(code, { model: 'Tiny', ...details }));
const ROT = refused('model-invalid', { reason: 'chunk', chunks: 1 });

const inner = {
  kind: 'web-llm' as const,
  load: vi.fn<Engine['load']>(),
  generate: vi.fn<Engine['generate']>(),
  setPacing: vi.fn<Engine['setPacing']>(),
  unload: vi.fn<Engine['unload']>(),
};
const store = {
  mlcListing: vi.fn<MlcStore['mlcListing']>(),
  bringMlc: vi.fn<MlcStore['bringMlc']>(),
  openMlc: vi.fn<MlcStore['openMlc']>(),
  pause: vi.fn<MlcStore['pause']>(),
};
const canRun = vi.fn<(model: MlcSource, bytes: number | null) => Promise<ReturnType<typeof ok<null>>>>();
const release = vi.fn();
let engine: StoredWebLlmEngine;

beforeEach(() => {
  vi.resetAllMocks();
  inner.load.mockResolvedValue(ok(LOADED));
  inner.unload.mockResolvedValue(undefined);
  canRun.mockResolvedValue(ok(null));
  store.mlcListing.mockResolvedValue(ok(HERE));
  store.bringMlc.mockResolvedValue(ok(RECEIPT));
  store.openMlc.mockImplementation(() => Promise.resolve(ok({ files: FILES, release })));
  store.pause.mockResolvedValue(ok(null));
  engine = new StoredWebLlmEngine({ inner, store: () => Promise.resolve(store), canRun });
});

describe('a model that is here', () => {
  it('is proved, handed to the engine, and nothing is fetched', async () => {
    const signal = idle();
    expect(await engine.load(signal, OPTIONS)).toEqual(ok(LOADED));
    expect(store.mlcListing).toHaveBeenCalledExactlyOnceWith(MLC_MODEL, false);
    expect(store.bringMlc).not.toHaveBeenCalled();
    expect(inner.load.mock.calls[0]?.[1].model).toEqual({ ...MLC_MODEL, files: FILES });
  });

  it('of which chunks have rotted is mended before it is loaded, as far as the yes goes', async () => {
    store.openMlc.mockResolvedValueOnce(ROT);
    expect((await engine.load(idle(), YES)).ok).toBe(true);
    expect(store.bringMlc.mock.calls.map(([, how]) => how)).toEqual([{ mayFetch: true }]);
    store.openMlc.mockResolvedValueOnce(ROT);
    const consent = refused('consent-required', { totalBytes: 8, keptBytes: 4 });
    store.bringMlc.mockResolvedValueOnce(consent);
    expect(await engine.load(idle(), OPTIONS)).toEqual(consent);
  });
});

describe('its files', () => {
  it('are held until it is unloaded, or its worker is gone', async () => {
    await engine.load(idle(), OPTIONS);
    expect(release).not.toHaveBeenCalled();
    await engine.unload();
    expect(release).toHaveBeenCalledOnce();
    await engine.load(idle(), OPTIONS);
    engine.letGo();
    expect(release).toHaveBeenCalledTimes(2);
  });

  it('are given back when the load fails, and before others take their place', async () => {
    inner.load.mockResolvedValueOnce(refused('engine-incompatible', { reason: 'library' }));
    store.bringMlc.mockImplementation(() => {
      expect(release).toHaveBeenCalledOnce();
      return Promise.resolve(ok(RECEIPT));
    });
    expect((await engine.load(idle(), YES)).ok).toBe(true);
    expect(store.openMlc).toHaveBeenCalledTimes(2);
    inner.load.mockResolvedValue(refused('out-of-memory'));
    await engine.load(idle(), OPTIONS);
    expect(release).toHaveBeenCalledTimes(3);
  });

  it('that come when nobody waits for them any more are given back at once', async () => {
    let come: () => void = () => undefined;
    store.openMlc.mockReturnValueOnce(
      new Promise((resolve) => {
        come = () => {
          resolve(ok({ files: FILES, release }));
        };
      }),
    );
    const abort = new AbortController();
    const loading = engine.load(abort.signal, OPTIONS);
    await turn();
    abort.abort();
    expect(await loading).toMatchObject({ error: { code: 'cancelled' } });
    come();
    await turn();
    expect(release).toHaveBeenCalledOnce();
  });
});

describe('a model that is not here', () => {
  beforeEach(() => {
    store.mlcListing.mockResolvedValue(ok({ ...HERE, complete: false, keptBytes: 0 }));
  });

  it('needs the user’s yes', async () => {
    const consent = refused('consent-required', { totalBytes: 8, keptBytes: 0 });
    store.bringMlc.mockResolvedValue(consent);
    expect(await engine.load(idle(), OPTIONS)).toEqual(consent);
    expect(store.bringMlc.mock.calls[0]?.[1]).toEqual({ mayFetch: false });
    expect(inner.load).not.toHaveBeenCalled();
  });

  it('comes with the yes, and says how far it is', async () => {
    const heard: LoadProgress[] = [];
    store.bringMlc.mockImplementation((_model, _how, tell) => {
      tell?.(modelProgress({ doneBytes: 0, totalBytes: null }));
      tell?.(modelProgress({ doneBytes: 2, totalBytes: 8 }));
      return Promise.resolve(ok(RECEIPT));
    });
    expect((await engine.load(idle(), YES, (progress) => heard.push(progress))).ok).toBe(true);
    expect(store.mlcListing).toHaveBeenCalledWith(MLC_MODEL, true);
    expect(heard).toEqual([{ phase: 'fetch', fraction: 0.25, bytes: 2 }]);
    expect(inner.load).toHaveBeenCalledOnce();
  });

  it('is not fetched, not even its lists, for a device that cannot run it', async () => {
    const missing = refused('feature-missing', { feature: 'shader-f16' });
    canRun.mockResolvedValueOnce(missing as never);
    expect(await engine.load(idle(), YES)).toEqual(missing);
    expect(store.mlcListing).not.toHaveBeenCalled();
    canRun.mockResolvedValueOnce(ok(null)).mockResolvedValueOnce(missing as never);
    expect(await engine.load(idle(), YES)).toEqual(missing);
    expect(canRun).toHaveBeenLastCalledWith(MLC_MODEL, 4);
    expect(store.bringMlc).not.toHaveBeenCalled();
  });

  it.each([
    ['the listing', store.mlcListing],
    ['the download', store.bringMlc],
    ['the reading', store.openMlc],
  ])('ends with what the store says of %s', async (_what, method) => {
    const failed = refused('storage-full');
    method.mockResolvedValue(failed);
    expect(await engine.load(idle(), YES)).toEqual(failed);
    expect(inner.load).not.toHaveBeenCalled();
  });

  it('ends with a failure when the code of the store cannot be fetched', async () => {
    engine = new StoredWebLlmEngine({
      inner,
      store: () => Promise.reject(new TypeError('Failed to fetch dynamically imported module')),
      canRun,
    });
    expect(await engine.load(idle(), YES)).toMatchObject({ error: { code: 'internal' } });
  });
});

describe('stopped in a download', () => {
  it.each([
    ['by its signal', (stop: AbortController) => Promise.resolve(stop.abort())],
    ['by an unload', () => engine.unload()],
  ])('%s it answers at once, and the download stops', async (_how, end) => {
    store.mlcListing.mockResolvedValue(ok({ ...HERE, complete: false }));
    store.bringMlc.mockReturnValue(new Promise(() => undefined));
    const stop = new AbortController();
    const loading = engine.load(stop.signal, YES);
    await vi.waitUntil(() => store.bringMlc.mock.calls.length > 0);
    expect(store.pause).not.toHaveBeenCalled();
    await end(stop);
    expect(await loading).toEqual(refused('cancelled'));
    expect(store.pause).toHaveBeenCalledExactlyOnceWith(MLC_MODEL.id);
    expect(inner.load).not.toHaveBeenCalled();
  });

  it('before or after it, nobody’s download is stopped', async () => {
    const stop = new AbortController();
    expect((await engine.load(stop.signal, YES)).ok).toBe(true);
    stop.abort();
    expect(await engine.load(stop.signal, YES)).toEqual(refused('cancelled'));
    await turn();
    expect(store.pause).not.toHaveBeenCalled();
  });
});

describe('files that web-llm cannot use', () => {
  const OLD = refused('engine-incompatible');

  it('a library of another generation is fetched anew once, also without a new yes', async () => {
    inner.load.mockResolvedValueOnce(OLD);
    expect(await engine.load(idle(), OPTIONS)).toEqual(ok(LOADED));
    expect(store.bringMlc.mock.calls.map(([, how]) => how)).toEqual([{ mayFetch: true, anew: 'library' }]);
    inner.load.mockResolvedValue(OLD);
    expect(await engine.load(idle(), OPTIONS)).toEqual(OLD);
    expect(inner.load).toHaveBeenCalledTimes(4);
  });

  it('web-llm that is built otherwise is no fault of a library', async () => {
    const internals = refused('engine-incompatible', { reason: 'internals' });
    inner.load.mockResolvedValue(internals);
    expect(await engine.load(idle(), YES)).toEqual(internals);
    expect(store.bringMlc).not.toHaveBeenCalled();
  });

  it('damaged ones are fetched anew with the yes; without it they count as missing from now on', async () => {
    const damaged = refused('model-invalid', { reason: 'library' });
    inner.load.mockResolvedValueOnce(damaged);
    expect(await engine.load(idle(), YES)).toEqual(ok(LOADED));
    expect(store.bringMlc.mock.lastCall?.[1]).toEqual({ mayFetch: true, anew: 'small' });
    inner.load.mockResolvedValueOnce(damaged);
    store.bringMlc.mockResolvedValueOnce(refused('consent-required'));
    expect(await engine.load(idle(), OPTIONS)).toEqual(damaged);
    expect(store.bringMlc.mock.lastCall?.[1]).toEqual({ mayFetch: false, anew: 'small' });
  });

  it('a newer one that cannot be fetched is what the user is told', async () => {
    inner.load.mockResolvedValueOnce(OLD);
    const offline = refused('model-fetch-failed', { reason: 'unreachable' });
    store.bringMlc.mockResolvedValueOnce(offline);
    expect(await engine.load(idle(), OPTIONS)).toEqual(offline);
  });
});

it('hands everything else on', async () => {
  inner.generate.mockResolvedValue(ok(NOTHING_SAID));
  const request = { prompt: 'why', maxTokens: 5, temperature: 0, seed: 1 };
  const [signal, onChunk] = [idle(), (): void => undefined];
  expect(engine.kind).toBe('web-llm');
  expect(await engine.generate(signal, request, onChunk)).toEqual(ok(NOTHING_SAID));
  expect(inner.generate).toHaveBeenCalledExactlyOnceWith(signal, request, onChunk);
  engine.setPacing({ flushIntervalMs: 50, decodeDelayMs: 3 });
  expect(inner.setPacing).toHaveBeenCalledOnce();
  const other = { ...OPTIONS, model: { format: 'built-in' as const, id: 'x', name: 'X' } };
  await engine.load(signal, other);
  expect(inner.load).toHaveBeenCalledWith(signal, other, undefined);
  await engine.unload();
  expect(inner.unload).toHaveBeenCalledOnce();
});
