import { describe, expect, it, vi } from 'vitest';
import { present } from '#kernel/assert';
import { WebLlmHost } from '../../../../workers/inference/web-llm-host.ts';
import { LIBRARY_ADDRESS } from '../../../../workers/inference/web-llm-engine.ts';
import { StoredCaches } from '../../../../workers/inference/web-llm-stored-caches.ts';
import { GPUOutOfMemoryError, GPUValidationError } from '../../../fakes/web-llm-gpu.ts';
import {
  FakeStreamPort,
  MODEL,
  OPTIONS,
  REQUEST,
  settingWith,
  tensorList,
  withFiles,
} from '../../../fakes/web-llm-host.ts';

const MIB = 2 ** 20;
/** A step of the fake that waits until the test lets it go on. */
function held(): {
  readonly entered: Promise<void>;
  readonly wait: () => Promise<void>;
  release(): void;
  fail(thrown: unknown): void;
} {
  let enter: () => void = () => undefined;
  let release: () => void = () => undefined;
  let fail: (thrown: unknown) => void = () => undefined;
  const entered = new Promise<void>((resolve) => {
    enter = resolve;
  });
  const wait = (): Promise<void> => {
    enter();
    return new Promise((resolve, reject) => {
      release = resolve;
      fail = reject;
    });
  };
  return {
    entered,
    wait,
    release: () => {
      release();
    },
    fail: (thrown) => {
      fail(thrown);
    },
  };
}

const named = (name: string, message: string): Error => Object.assign(new Error(message), { name });

describe('a model that loads', () => {
  it('is reported as the engine has it, not as it was asked for', async () => {
    const { host, webLlm } = settingWith();
    const outcome = await host.load(OPTIONS);
    expect(outcome).toMatchObject({
      ok: true,
      value: {
        modelId: MODEL.id,
        backend: 'webgpu',
        threads: 1,
        contextTokens: 512,
        vocabularySize: 99,
        weightBytes: 1024,
      },
    });
    expect(webLlm.engines).toHaveLength(1);
    expect(webLlm.pipeline.prefillChunkSize).toBe(128);
  });

  it('leaves the way devices are made as it was', async () => {
    const { host, gpu } = settingWith();
    const before = Object.getPrototypeOf(present(await gpu.requestAdapter(), 'adapter')) as {
      requestDevice: unknown;
    };
    const { requestDevice } = before;
    await host.load(OPTIONS);
    expect(before.requestDevice).toBe(requestDevice);
  });

  it('takes the place of the one before, which is freed first', async () => {
    const { host, gpu, webLlm } = settingWith();
    await host.load(OPTIONS);
    const [first] = gpu.devices;
    await host.load(OPTIONS);
    expect(first?.destroyed).toBe(true);
    expect(webLlm.engines).toHaveLength(2);
    expect(gpu.device.destroyed).toBe(false);
  });
});

it('hands web-llm the files that came with the model, and nothing else', async () => {
  const { host, caches, webLlm } = settingWith();
  await host.load(OPTIONS);
  const cache = await caches.open('webllm/model');
  const text = async (url: string) => (await cache.match(new Request(url)))?.text();
  expect(await text(`${MODEL.weightsUrl}params_shard_0.bin`)).toBe('weights');
  expect(await text(MODEL.libraryUrl)).toBe('library');
  // From some addresses web-llm would fetch the library past every cache.
  expect(webLlm.engine.appConfig.model_list[0]?.model_lib).toBe(LIBRARY_ADDRESS);
  expect(await text(LIBRARY_ADDRESS)).toBe('library');
});

it.each([
  ['without files', MODEL, 'no-files'],
  ['without a list of tensors', { ...MODEL, files: withFiles('').files?.slice(1) ?? [] }, 'no-files'],
  ['with a page for a list', withFiles('<!doctype html>'), 'json'],
  ['with an empty list', withFiles('{"records":[]}'), 'tensor-list'],
])('a model %s is refused before web-llm is fetched', async (_what, model, reason) => {
  const { host, webLlm } = settingWith();
  expect(await host.load({ ...OPTIONS, model })).toMatchObject({
    ok: false,
    error: { code: 'model-invalid', details: { model: 'Tiny', reason } },
  });
  expect(webLlm.engines).toEqual([]);
});

describe('what is found out before anything is loaded', () => {
  it.each([
    ['engine-unavailable', null, {}],
    ['feature-missing', { features: [] }, { feature: 'shader-f16' }],
    [
      'feature-missing',
      { limits: { maxBufferSize: 128 * MIB } },
      { feature: 'maxBufferSize', needed: 256 * MIB, available: 128 * MIB },
    ],
    ['feature-missing', { limits: { maxStorageBuffersPerShaderStage: 8 } }, { needed: 10, available: 8 }],
    ['feature-missing', { limits: { maxComputeWorkgroupStorageSize: 16_384 } }, { needed: 32_768 }],
  ])('%s on an adapter with %o', async (code, adapter, details) => {
    const { host, webLlm } = settingWith({}, adapter);
    expect(await host.canRun(MODEL, null)).toMatchObject({ ok: false, error: { code, details } });
    expect(await host.load(OPTIONS)).toMatchObject({ ok: false, error: { code, details } });
    expect(webLlm.engines).toEqual([]);
  });

  it('a browser without WebGPU', async () => {
    const openPackage = vi.fn();
    const host = new WebLlmHost({
      openPackage,
      gpu: undefined,
      caches: new StoredCaches(),
      askPatience: () => undefined,
    });
    expect(await host.load(OPTIONS)).toMatchObject({ ok: false, error: { code: 'engine-unavailable' } });
    expect(openPackage).not.toHaveBeenCalled();
  });

  it('a wish for embeddings', async () => {
    expect(await settingWith().host.load({ ...OPTIONS, embeddings: true })).toMatchObject({
      ok: false,
      error: { code: 'request-unsupported' },
    });
  });

  it('a source of another engine', async () => {
    const { host } = settingWith();
    const model = { format: 'built-in', id: 'x', name: 'X' } as const;
    expect(await host.load({ ...OPTIONS, model })).toMatchObject({
      ok: false,
      error: { code: 'request-unsupported' },
    });
  });
});

it('a tensor that fits the adapter but not what web-llm takes of it is found out before the weights are fetched', async () => {
  // 512 MiB: web-llm asks for 1 GiB or, failing that, for no more than 128 MiB.
  const { host, webLlm } = settingWith({}, { limits: { maxStorageBufferBindingSize: 512 * MIB } });
  const refused = {
    ok: false,
    error: {
      code: 'feature-missing',
      details: { feature: 'maxStorageBufferBindingSize', needed: 1024 * MIB, available: 128 * MIB },
    },
  };
  expect(await host.canRun(MODEL, 200 * MIB)).toMatchObject(refused);
  expect(await host.canRun(MODEL, 100 * MIB)).toEqual({ ok: true, value: null });
  expect(await host.load({ ...OPTIONS, model: withFiles(tensorList(200 * MIB)) })).toMatchObject(refused);
  expect(webLlm.engines).toEqual([]);
});

it('whether a source of another engine runs is not for this one to say', async () => {
  const model = { format: 'built-in', id: 'x', name: 'X' } as const;
  expect(await settingWith().host.canRun(model, null)).toMatchObject({
    ok: false,
    error: { code: 'request-unsupported' },
  });
});

describe('a failure in loading', () => {
  it.each([
    ['model-load-failed', new Error('something else')],
    ['model-invalid', new Error('Tensor-cache record range [0, 4096) exceeds shard size 512')],
    ['model-fetch-failed', new TypeError('Failed to fetch')],
  ])('is %s, and its device is given back', async (code, thrown) => {
    const { host, gpu } = settingWith({ compiling: () => Promise.reject(thrown) });
    expect(await host.load(OPTIONS)).toMatchObject({
      ok: false,
      error: { code, details: { model: 'Tiny' } },
    });
    expect(gpu.device.destroyed).toBe(true);
  });

  it('is that of the device when that breaks', async () => {
    const { host, gpu } = settingWith({
      compiling: () => {
        gpu.device.lose();
        return new Promise(() => undefined);
      },
    });
    expect(await host.load(OPTIONS)).toMatchObject({ ok: false, error: { code: 'device-lost' } });
  });

  it('is that of the device even when web-llm’s error is there before the word of the loss', async () => {
    const { host, gpu } = settingWith({
      compiling: () => {
        gpu.device.lostUnseen = true;
        return Promise.reject(new Error('Instance is disposed'));
      },
    });
    expect(await host.load(OPTIONS)).toMatchObject({ ok: false, error: { code: 'device-lost' } });
  });

  it.each([[new GPUOutOfMemoryError()], [new GPUValidationError()]])(
    'is out-of-memory when a buffer could not be made: %o',
    async (error) => {
      const { host, gpu } = settingWith({
        compiling: async () => {
          // As tvmjs does: the scopes of a new buffer, and the end of the device when one is not empty.
          gpu.device.scopes.push(error);
          if ((await gpu.device.popErrorScope()) !== null) gpu.device.destroy();
          throw new Error('Instance is disposed');
        },
      });
      expect(await host.load(OPTIONS)).toMatchObject({ ok: false, error: { code: 'out-of-memory' } });
    },
  );

  it('is named when web-llm says that all is well and there is no model', async () => {
    const { host } = settingWith({ registers: false });
    expect(await host.load(OPTIONS)).toMatchObject({
      ok: false,
      error: { code: 'model-load-failed', details: { reason: 'no-model' } },
    });
  });

  it('is named when GPU work was dropped on the way', async () => {
    const { host, gpu } = settingWith({
      compiling: () => {
        gpu.device.raise(new GPUValidationError());
        return Promise.resolve();
      },
    });
    expect(await host.load(OPTIONS)).toMatchObject({ ok: false, error: { code: 'model-load-failed' } });
  });

  it('is a fetch failure when web-llm itself cannot be fetched', async () => {
    const { gpu } = settingWith();
    const gone = new TypeError('Failed to fetch dynamically imported module: https://witan.test/x.js');
    const host = new WebLlmHost({
      openPackage: () => Promise.reject(gone),
      gpu: gpu.asGpu,
      caches: new StoredCaches(),
      askPatience: () => undefined,
    });
    expect(await host.load(OPTIONS)).toMatchObject({
      ok: false,
      error: { code: 'model-fetch-failed', details: { reason: 'engine' } },
    });
  });
});

it('a library of another generation is engine-incompatible: whoever has the files may fetch a newer one', async () => {
  const linkError = named('LinkError', 'WebAssembly.instantiate(): Import #2 "env" "TVMWasmPackedCFunc"');
  const { host, webLlm } = settingWith({ fetching: () => Promise.reject(linkError) });
  expect(await host.load(OPTIONS)).toMatchObject({ ok: false, error: { code: 'engine-incompatible' } });
  expect(webLlm.engines).toHaveLength(1);
  webLlm.script.fetching = () => Promise.resolve();
  expect((await host.load(OPTIONS)).ok).toBe(true);
});

describe('another web-llm than the one this was written for', () => {
  it('is engine-incompatible at once, without a second try', async () => {
    const { host, webLlm } = settingWith();
    webLlm.script.compiling = () => {
      Reflect.set(webLlm.engine, 'loadedModelIdToPipeline', undefined);
      webLlm.script.registers = false;
      return Promise.resolve();
    };
    expect(await host.load(OPTIONS)).toMatchObject({
      ok: false,
      error: { code: 'engine-incompatible', details: { reason: 'internals' } },
    });
    expect(webLlm.engines).toHaveLength(1);
  });

  it('is found out when its pipeline has lost a method, and its memory is freed', async () => {
    const { host, webLlm, gpu } = settingWith();
    const registered = webLlm.createEngine.bind(webLlm);
    webLlm.createEngine = (config) => {
      const engine = registered(config);
      const set = engine.loadedModelIdToPipeline.set.bind(engine.loadedModelIdToPipeline);
      engine.loadedModelIdToPipeline.set = (id, pipeline) =>
        set(id, Object.assign(pipeline, { embedAndForward: undefined }));
      return engine;
    };
    expect(await host.load(OPTIONS)).toMatchObject({ ok: false, error: { code: 'engine-incompatible' } });
    expect(gpu.device.destroyed).toBe(true);
  });
});

describe('unload while loading', () => {
  it('ends the fetching and settles both', async () => {
    const { host, webLlm } = settingWith({
      fetching: (signal) =>
        new Promise((_, reject) => {
          signal.addEventListener('abort', () => {
            reject(new DOMException('aborted', 'AbortError'));
          });
        }),
    });
    const loading = host.load(OPTIONS);
    await vi.waitUntil(() => webLlm.engines.length > 0);
    expect((await host.unload()).ok).toBe(true);
    expect(await loading).toMatchObject({ ok: false, error: { code: 'cancelled' } });
  });

  it('is answered at once even when web-llm hangs, and what comes in late is freed', async () => {
    const step = held();
    const { host, gpu, webLlm } = settingWith({ compiling: step.wait });
    const loading = host.load(OPTIONS);
    await step.entered;
    await host.unload();
    expect(await loading).toMatchObject({ ok: false, error: { code: 'cancelled' } });
    step.release();
    await vi.waitUntil(() => webLlm.engine.unloads >= 2);
    expect(gpu.device.destroyed).toBe(true);
    expect(webLlm.engine.loadedModelIdToPipeline.size).toBe(0);
    const port = new FakeStreamPort();
    expect(await host.generate(REQUEST, port.asPort)).toMatchObject({
      ok: false,
      error: { code: 'engine-failed', details: { reason: 'no-model' } },
    });
  });

  it('does not let the next load take the device of the one given up', async () => {
    const step = held();
    const { host, gpu, webLlm } = settingWith({ compiling: step.wait });
    const given = host.load(OPTIONS);
    await step.entered;
    webLlm.script.compiling = () => Promise.resolve();
    const next = host.load(OPTIONS);
    expect(await given).toMatchObject({ ok: false, error: { code: 'cancelled' } });
    step.fail(new Error('disposed'));
    expect((await next).ok).toBe(true);
    expect(gpu.devices.map((device) => device.destroyed)).toEqual([true, false]);
  });
});

it('unloading twice, or nothing, is fine', async () => {
  const { host, gpu } = settingWith();
  expect((await host.unload()).ok).toBe(true);
  await host.load(OPTIONS);
  expect((await host.unload()).ok).toBe(true);
  expect((await host.unload()).ok).toBe(true);
  expect(gpu.device.destroyed).toBe(true);
});
