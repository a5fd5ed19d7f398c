import { beforeEach, describe, expect, it, vi } from 'vitest';
import { err, ok } from '#kernel/result';
import type {
  Engine,
  GgufSource,
  Generation,
  LoadedModel,
  LoadOptions,
  LoadProgress,
  StoredSource,
} from '#contracts/engine';
import { NOTHING_SAID } from '#contracts/engine';
import { failure, type Outcome } from '#contracts/errors';
import type { HeldFiles, OpenModel } from '../../../src/app/held-models.ts';
import { StoredModelEngine } from '../../../src/app/stored-model-engine.ts';
import { turn } from '../../fakes/turn.ts';

const STORED: StoredSource = { format: 'stored', id: 'alder', name: 'Alder', sizeBytes: 8 };
const GGUF: GgufSource = { ...STORED, format: 'gguf', url: 'https://page/alder.gguf', sha256: '' };
const OPTIONS: LoadOptions = { model: STORED, backend: 'webgpu', threads: 4, contextTokens: 2048, slots: 1 };
const LOADED: LoadedModel = {
  modelId: 'alder',
  backend: 'webgpu',
  threads: 4,
  contextTokens: 2048,
  vocabularySize: 3,
  weightBytes: 8,
  loadMs: 1,
};
const FILES = [new Blob(['GGUF']), new Blob(['rest'])];
const idle = (): AbortSignal => new AbortController().signal;

const inner = {
  kind: 'wllama' as const,
  load: vi.fn<Engine['load']>(),
  generate: vi.fn<Engine['generate']>(),
  setPacing: vi.fn<Engine['setPacing']>(),
  unload: vi.fn<Engine['unload']>(),
};
const open = vi.fn<OpenModel>();
const release = vi.fn();
let engine: StoredModelEngine;

beforeEach(() => {
  vi.resetAllMocks();
  inner.load.mockResolvedValue(ok(LOADED));
  open.mockResolvedValue(ok({ files: FILES, release }));
  engine = new StoredModelEngine(inner, open);
});

describe('loading', () => {
  it('asks the store for the files, and loads these', async () => {
    const signal = idle();
    const onProgress = (_progress: LoadProgress): void => undefined;
    expect(await engine.load(signal, OPTIONS, onProgress)).toEqual(ok(LOADED));
    expect(open).toHaveBeenCalledExactlyOnceWith('alder');
    expect(inner.load).toHaveBeenCalledExactlyOnceWith(
      signal,
      { ...OPTIONS, model: { ...STORED, files: FILES } },
      onProgress,
    );
  });

  it('asks anew each time: what was proved once may have rotted', async () => {
    await engine.load(idle(), OPTIONS);
    await engine.load(idle(), OPTIONS);
    expect(open).toHaveBeenCalledTimes(2);
  });

  it('of another source is none of the store’s business', async () => {
    const options = { ...OPTIONS, model: GGUF };
    const signal = idle();
    await engine.load(signal, options);
    expect(open).not.toHaveBeenCalled();
    expect(inner.load).toHaveBeenCalledWith(signal, options, undefined);
  });

  it('ends with what the store says, and loads nothing', async () => {
    const bad = err(failure('model-invalid', { model: 'Alder', reason: 'chunk', chunks: 2 }));
    open.mockResolvedValue(bad);
    expect(await engine.load(idle(), OPTIONS)).toEqual(bad);
    expect(inner.load).not.toHaveBeenCalled();
  });

  it('ends with a failure, not a throw, when the code of the store cannot be fetched', async () => {
    open.mockRejectedValue(new TypeError('Failed to fetch dynamically imported module'));
    expect(await engine.load(idle(), OPTIONS)).toMatchObject({
      ok: false,
      error: { code: 'internal', cause: 'TypeError: Failed to fetch dynamically imported module' },
    });
    expect(inner.load).not.toHaveBeenCalled();
  });

  it('is cancelled while the store still reads; what comes later is not loaded', async () => {
    let give: (files: Outcome<HeldFiles>) => void = () => undefined;
    open.mockReturnValue(
      new Promise((resolve) => {
        give = resolve;
      }),
    );
    const stop = new AbortController();
    const loading = engine.load(stop.signal, OPTIONS);
    stop.abort();
    const cancelled = err(failure('cancelled', { model: 'Alder' }));
    expect(await loading).toEqual(cancelled);
    give(ok({ files: FILES, release }));
    await turn();
    expect(inner.load).not.toHaveBeenCalled();
    expect(release).toHaveBeenCalledOnce();
    open.mockClear();
    expect(await engine.load(stop.signal, OPTIONS)).toEqual(cancelled);
    expect(open).not.toHaveBeenCalled();
  });
});

describe('the files', () => {
  it('are held as long as the model is loaded', async () => {
    await engine.load(idle(), OPTIONS);
    expect(release).not.toHaveBeenCalled();
    inner.unload.mockImplementation(() => {
      expect(release).not.toHaveBeenCalled();
      return Promise.resolve();
    });
    await engine.unload();
    expect(release).toHaveBeenCalledOnce();
  });

  it('are given back when it cannot be loaded, is lost, or its unloading fails', async () => {
    inner.load.mockResolvedValueOnce(err(failure('out-of-memory')));
    await engine.load(idle(), OPTIONS);
    expect(release).toHaveBeenCalledTimes(1);
    await engine.load(idle(), OPTIONS);
    engine.letGo();
    expect(release).toHaveBeenCalledTimes(2);
    await engine.load(idle(), OPTIONS);
    inner.unload.mockRejectedValue(new Error('gone'));
    await expect(engine.unload()).rejects.toThrow('gone');
    expect(release).toHaveBeenCalledTimes(3);
  });

  it('that come after the model was unloaded are given back at once', async () => {
    let give: (files: Outcome<HeldFiles>) => void = () => undefined;
    open.mockReturnValue(
      new Promise((resolve) => {
        give = resolve;
      }),
    );
    const loading = engine.load(idle(), OPTIONS);
    inner.unload.mockResolvedValue(undefined);
    await engine.unload();
    give(ok({ files: FILES, release }));
    expect(await loading).toMatchObject({ error: { code: 'cancelled' } });
    expect(release).toHaveBeenCalledOnce();
    expect(inner.load).not.toHaveBeenCalled();
  });
});

it('hands everything else on', async () => {
  const said: Generation = { ...NOTHING_SAID, text: 'yes', finish: 'stop' };
  inner.generate.mockResolvedValue(ok(said));
  inner.unload.mockResolvedValue(undefined);
  const request = { prompt: 'why', maxTokens: 5, temperature: 0, seed: 1 };
  const [signal, onChunk] = [idle(), (): void => undefined];
  expect(engine.kind).toBe('wllama');
  expect(await engine.generate(signal, request, onChunk)).toEqual(ok(said));
  expect(inner.generate).toHaveBeenCalledExactlyOnceWith(signal, request, onChunk);
  engine.setPacing({ flushIntervalMs: 50, decodeDelayMs: 3 });
  expect(inner.setPacing).toHaveBeenCalledExactlyOnceWith({ flushIntervalMs: 50, decodeDelayMs: 3 });
  await engine.unload();
  expect(inner.unload).toHaveBeenCalledOnce();
});
