import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { systemClock } from '#kernel/clock';
import type { LoadOptions, MlcSource } from '#contracts/engine';
import type { InferenceWorkerApi } from '#contracts/worker-api';
import { WorkerEngine } from '../../src/engines/worker-engine.ts';
import { WEB_LLM_PATIENCE, WORKER_SCRIPTS } from '../../src/platform/worker-scripts.ts';
import { WorkerSupervisor } from '../../src/platform/worker-supervisor.ts';
import { OTHER_GENERATION } from '../fakes/web-llm-other-generation.ts';

// The installed web-llm in its real worker, on a real WebGPU adapter, with files that are not what they should be. All of
// them come from web-llm's own caches: nobody answers at these addresses.
const WEIGHTS_URL = 'https://models.witan.invalid/broken/';
const LIBRARY_URL = 'https://models.witan.invalid/broken.wasm';
const NEVER = new AbortController().signal;

const MODEL: MlcSource = {
  format: 'mlc',
  id: 'broken',
  name: 'Broken',
  weightsUrl: WEIGHTS_URL,
  libraryUrl: LIBRARY_URL,
  sizeBytes: null,
  requiredFeatures: [],
  overrides: {},
};
const OPTIONS: LoadOptions<MlcSource> = {
  model: MODEL,
  download: true,
  threads: 1,
  contextTokens: 256,
  slots: 1,
};

const TENSOR_LIST = JSON.stringify({
  records: [
    {
      dataPath: 'params_shard_0.bin',
      format: 'raw-shard',
      nbytes: 64,
      records: [{ name: 'w', shape: [16], dtype: 'float32', format: 'raw', nbytes: 64, byteOffset: 0 }],
    },
  ],
});

let engine: WorkerEngine;

async function keep(cache: string, url: string, body: BodyInit): Promise<void> {
  await (await caches.open(cache)).put(new Request(url), new Response(body));
}

async function kept(cache: string): Promise<readonly string[]> {
  return (await (await caches.open(cache)).keys()).map((request) => request.url);
}

beforeEach(async () => {
  for (const name of await caches.keys()) await caches.delete(name);
  await keep('webllm/model', `${WEIGHTS_URL}tensor-cache.json`, TENSOR_LIST);
  await keep('webllm/config', `${WEIGHTS_URL}mlc-chat-config.json`, '{"tokenizer_files":["tokenizer.json"]}');
  const worker = new WorkerSupervisor(systemClock).start<InferenceWorkerApi>(
    'broken',
    WORKER_SCRIPTS.webLlm,
    WEB_LLM_PATIENCE,
  );
  engine = new WorkerEngine('web-llm', worker, systemClock);
});

afterEach(async () => {
  await engine.unload();
});

const problem = async (model: Partial<MlcSource> = {}): Promise<unknown> => {
  const outcome = await engine.load(NEVER, { ...OPTIONS, model: { ...MODEL, ...model } });
  return outcome.ok ? 'loaded' : { code: outcome.error.code, ...outcome.error.details };
};

describe('a library', () => {
  test('of another generation is dropped and fetched again, and is incompatible when that fails too', async () => {
    await keep('webllm/wasm', LIBRARY_URL, OTHER_GENERATION);
    // Dropped, and its address does not answer: the second attempt ends there.
    expect(await problem()).toMatchObject({ code: 'model-fetch-failed', model: 'Broken' });
    expect(await kept('webllm/wasm')).toEqual([]);
  });

  test('of another generation, on a host whose libraries web-llm never keeps, is incompatible', async () => {
    const url = URL.createObjectURL(new Blob([OTHER_GENERATION], { type: 'application/wasm' }));
    expect(await problem({ libraryUrl: url })).toMatchObject({
      code: 'engine-incompatible',
      model: 'Broken',
    });
  });

  test('that is a web page is damaged, and not kept', async () => {
    await keep('webllm/wasm', LIBRARY_URL, '<!doctype html><title>Please log in</title>');
    expect(await problem()).toMatchObject({ code: 'model-invalid', reason: 'library' });
    expect(await kept('webllm/wasm')).toEqual([]);
  });
});

test('a configuration that is a web page is damaged, and not kept', async () => {
  await keep('webllm/config', `${WEIGHTS_URL}mlc-chat-config.json`, '<!doctype html>');
  expect(await problem()).toMatchObject({ code: 'model-invalid', reason: 'json' });
  expect(await kept('webllm/config')).toEqual([]);
});

test('an address where nobody answers is a fetch failure', async () => {
  await caches.delete('webllm/model');
  expect(await problem()).toMatchObject({ code: 'model-fetch-failed', model: 'Broken' });
});

test('a feature that the adapter lacks is named before anything is loaded', async () => {
  expect(await problem({ requiredFeatures: ['no-such-feature'] })).toEqual({
    code: 'feature-missing',
    model: 'Broken',
    feature: 'no-such-feature',
  });
});
