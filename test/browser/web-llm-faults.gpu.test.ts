import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { systemClock } from '#kernel/clock';
import type { LoadOptions, MlcSource, ModelArtifact } from '#contracts/engine';
import type { InferenceWorkerApi } from '#contracts/worker-api';
import { WorkerEngine } from '../../src/engines/worker-engine.ts';
import { WEB_LLM_PATIENCE, WORKER_SCRIPTS } from '../../src/platform/worker-scripts.ts';
import { WorkerSupervisor } from '../../src/platform/worker-supervisor.ts';
import { OTHER_GENERATION } from '../fakes/web-llm-other-generation.ts';

// The installed web-llm in its real worker, on a real WebGPU adapter, with files that are not what they should be. Nobody
// answers at these addresses, and nobody is asked.
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
const OPTIONS: LoadOptions<MlcSource> = { model: MODEL, threads: 1, contextTokens: 256, slots: 1 };

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

const CONFIG = '{"tokenizer_files":["tokenizer.json"]}';

/** The files of a model whose library and configuration are these; null: there is none. */
function filesOf(library: BlobPart, config: BlobPart | null = CONFIG): readonly ModelArtifact[] {
  const files: readonly (readonly [string, BlobPart | null])[] = [
    [`${WEIGHTS_URL}tensor-cache.json`, TENSOR_LIST],
    [`${WEIGHTS_URL}mlc-chat-config.json`, config],
    [LIBRARY_URL, library],
  ];
  return files.flatMap(([url, body]) => (body === null ? [] : [{ url, file: new Blob([body]) }]));
}

beforeEach(() => {
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
  test('of another generation is incompatible, wherever it comes from', async () => {
    const incompatible = { code: 'engine-incompatible', model: 'Broken' };
    expect(await problem({ files: filesOf(OTHER_GENERATION) })).toMatchObject(incompatible);
    // From here web-llm would fetch it past every cache.
    const libraryUrl = 'http://localhost:9/broken.wasm';
    const files = filesOf(OTHER_GENERATION).map(({ url, file }) => ({
      url: url === LIBRARY_URL ? libraryUrl : url,
      file,
    }));
    expect(await problem({ libraryUrl, files })).toMatchObject(incompatible);
  });

  test('that is a web page is damaged', async () => {
    expect(await problem({ files: filesOf('<!doctype html><title>Please log in</title>') })).toMatchObject({
      code: 'model-invalid',
      reason: 'library',
    });
  });
});

test('a configuration that is a web page is damaged', async () => {
  expect(await problem({ files: filesOf(OTHER_GENERATION, '<!doctype html>') })).toMatchObject({
    code: 'model-invalid',
    reason: 'json',
  });
});

test('a file that is not there is named, and not fetched', async () => {
  expect(await problem({ files: filesOf(OTHER_GENERATION, null) })).toMatchObject({
    code: 'model-invalid',
    reason: 'no-file',
    file: 'mlc-chat-config.json',
  });
  expect(await problem()).toMatchObject({ code: 'model-invalid', reason: 'no-files' });
});

test('a feature that the adapter lacks is named before anything is loaded', async () => {
  expect(await problem({ requiredFeatures: ['no-such-feature'] })).toEqual({
    code: 'feature-missing',
    model: 'Broken',
    feature: 'no-such-feature',
  });
});
