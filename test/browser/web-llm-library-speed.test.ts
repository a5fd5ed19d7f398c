import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { systemClock } from '#kernel/clock';
import { err, ok } from '#kernel/result';
import type { WebLlmCatalogue } from '#contracts/catalogue';
import { failure, type Outcome } from '#contracts/errors';
import type { MlcTwinWorkerApi } from '#contracts/mlc-twin';
import type { ModelMeasurement, ModelMeasureProgress } from '#contracts/model-measurement';
import { TENSOR_LIST } from '#contracts/mlc-files';
import type { ModelFacts } from '#contracts/model-facts';
import type { InferenceWorkerApi } from '#contracts/worker-api';
import type { WorkerHandle } from '#contracts/worker-handle';
import { WebLlmSpeeds } from '../../src/app/web-llm-speeds.ts';
import { predictWebLlm } from '../../src/capacity/predict-web-llm.ts';
import { WEB_LLM_PATIENCE, WORKER_SCRIPTS } from '../../src/platform/worker-scripts.ts';
import { WorkerSupervisor } from '../../src/platform/worker-supervisor.ts';
import { ModelMeasurementStore } from '../../src/storage/model-measurement-store.ts';
import { adapter, profile } from '../fakes/hardware-profiles.ts';
import { libraryDocument } from '../fakes/model-library.ts';
import { LLAMA_3_2_1B } from '../fakes/model-shapes.ts';
import { FULL_LIMITS } from '../fakes/web-llm-gpu.ts';
import {
  LIBRARY_PATH,
  LIBRARY_URL,
  LibraryHarness,
  NEVER,
  patientClock,
  tell,
} from '../fakes/web-llm-library.ts';
import { OTHER_GENERATION } from '../fakes/web-llm-other-generation.ts';
import { SMALL_VOCABULARY } from '../fakes/web-llm-synthetic-model.ts';

// A model that is measured without its weights, with a real library: see web-llm-library.test.ts.
test.skipIf(LIBRARY_PATH !== undefined)('the speed of a model without its weights', ({ skip }) => {
  skip(
    'WITAN_WEBLLM_LIBRARY names no model library: the proof that a model is measured without its weights is skipped',
  );
});

const ID = 'Model-q0f16-MLC';
const DEVICE = profile({ adapters: [adapter({ features: ['shader-f16'], limits: { ...FULL_LIMITS } })] });

describe.skipIf(LIBRARY_PATH === undefined)('the speed of a model without its weights', () => {
  let harness: LibraryHarness;
  let library: Blob;
  let catalogue: WebLlmCatalogue;
  let store: ModelMeasurementStore;
  let engines: WorkerHandle<InferenceWorkerApi>[];

  beforeAll(async () => {
    harness = await LibraryHarness.prepare(LIBRARY_PATH ?? '');
    const network = await caches.open('test/network');
    library = (await (await network.match(LIBRARY_URL))?.blob()) ?? new Blob();
    // Of its weights nothing can be had.
    for (const request of await network.keys()) await network.delete(request);
    catalogue = {
      schema: 'witan.web-llm-catalogue',
      version: 1,
      source: { package: '@mlc-ai/web-llm', version: '0', libraries: 'v0' },
      weightsBase: 'https://models.witan.invalid/',
      libraryBase: 'https://models.witan.invalid/',
      models: [
        {
          id: ID,
          family: 'Test',
          kind: 'chat',
          parameters: null,
          quantization: 'q0f16',
          vramMiB: 300,
          contextTokens: harness.synthetic.contextTokens,
          requiredFeatures: harness.options.model.requiredFeatures.slice(),
          requiredBindingBytes: null,
          weights: 'synthetic/',
          library: 'library.wasm',
          manifest: null,
          overrides: {},
          f32Twin: null,
        },
      ],
    };
  });

  const serve = async (body: BodyInit): Promise<void> => {
    await (await caches.open('test/network')).put(LIBRARY_URL, new Response(body));
  };

  beforeEach(async () => {
    await serve(library);
    store = new ModelMeasurementStore(null);
    engines = [];
  });

  /** Up to 0.2.79 web-llm asked for the list of tensors under its first name. */
  function withFirstName(worker: WorkerHandle<MlcTwinWorkerApi>): WorkerHandle<MlcTwinWorkerApi> {
    return {
      name: worker.name,
      alive: true,
      onLost: (listener) => worker.onLost(listener),
      terminate: (reason) => {
        worker.terminate(reason);
      },
      call: (deadlineMs, use) =>
        worker.call(deadlineMs, (api) =>
          use({
            buildMlc: async (request) => {
              const built = await api.buildMlc(request);
              if (!built.ok) return built;
              const { files } = built.value;
              const lists = files.filter(({ name }) => name === TENSOR_LIST);
              const renamed = lists.map(({ file }) => ({ name: 'ndarray-cache.json', file }));
              return ok({ ...built.value, files: [...files, ...renamed] });
            },
          }),
        ),
    };
  }

  function speeds(): WebLlmSpeeds {
    const supervisor = new WorkerSupervisor(systemClock);
    const facts: ModelFacts = {
      schema: 'witan.model-facts',
      version: 1,
      sources: {},
      licences: {},
      shapes: { it: { ...LLAMA_3_2_1B, vocabulary: SMALL_VOCABULARY, sources: {} } },
      models: { Model: { shape: 'it', licence: null, sources: {} } },
    };
    return new WebLlmSpeeds(
      {
        clock: patientClock,
        catalogue: {
          webLlm: () => Promise.resolve(ok(catalogue)),
          facts: () => Promise.resolve(ok(facts)),
        },
        models: () => Promise.resolve(harness.models),
        measurements: Promise.resolve(store),
        startBuilder: (name) =>
          withFirstName(supervisor.start<MlcTwinWorkerApi>(name, WORKER_SCRIPTS.synthetic)),
        startEngine: (name) => {
          const worker = supervisor.start<InferenceWorkerApi>(name, WORKER_SCRIPTS.webLlm, WEB_LLM_PATIENCE);
          engines.push(worker);
          return worker;
        },
        exclusively: (_signal, task) => task(),
        visible: () => true,
        onVisibility: () => () => undefined,
        userAgent: navigator.userAgent,
      },
      // Seconds on a software GPU.
      { promptTokens: 64, answerTokens: 12 },
    );
  }

  const measure = (
    signal = NEVER,
    onProgress: (progress: ModelMeasureProgress) => void = () => undefined,
  ): Promise<Outcome<ModelMeasurement>> => speeds().measure(signal, ID, DEVICE, onProgress);

  test('is measured, kept and predicted, from its library alone', async () => {
    const told: ModelMeasureProgress[] = [];
    const measured = await measure(NEVER, (progress) => told.push(progress));
    tell('measured', measured);
    const { weightBytes, contextTokens, vocabulary } = harness.synthetic;
    expect(measured).toMatchObject({
      ok: true,
      value: { modelId: ID, weightBytes, contextTokens, vocabulary, libraryBytes: library.size, voided: 0 },
    });
    const runs = (measured.ok && measured.value.runs) || [];
    expect(runs.length).toBeGreaterThanOrEqual(2);
    for (const { promptTokens } of runs) expect(promptTokens).toBeGreaterThanOrEqual(64);
    expect([...new Set(told.map(({ phase }) => phase))]).toEqual(['fetch', 'build', 'load', 'run']);
    const fractions = told.map(({ fraction }) => fraction);
    expect(fractions).toEqual([...fractions].sort((a, b) => a - b));
    expect(engines.map(({ alive }) => alive)).toEqual([false]);
    // The store of models knows nothing of it.
    expect(await harness.models.list()).toEqual(ok([]));
    const held = await speeds().held(DEVICE);
    const [row] = predictWebLlm(catalogue, DEVICE, () => false, null, held);
    tell('predicted', row);
    expect(row).toMatchObject({ id: ID, method: 'measured' });
    expect(row?.tokensPerSecond?.median).toBeGreaterThan(0);
    expect(row?.ttft?.median).toBeGreaterThan(0);
  });

  test('is stopped while it is loaded, and while it runs, and leaves no worker', async () => {
    for (const at of ['load', 'run'] as const) {
      const stop = new AbortController();
      const measured = await measure(stop.signal, ({ phase }) => {
        if (phase === at)
          systemClock.after(500, () => {
            stop.abort();
          });
      });
      tell(`stopped in ${at}`, measured);
      expect(measured).toMatchObject({ ok: false, error: { code: 'cancelled' } });
      expect(engines.at(-1)?.alive).toBe(false);
    }
    expect(await store.list()).toEqual(ok([]));
  });

  test('of a library of another generation is not known, and that is said', async () => {
    // Behind its own sections one more, of no meaning to the engine, that says what it would run.
    const document = new TextEncoder().encode(
      libraryDocument([
        { name: 'model.embed_tokens.weight', shape: [SMALL_VOCABULARY, 64], dtype: 'float16' },
      ]),
    );
    const section = new Uint8Array([1, 'd'.charCodeAt(0), ...document]);
    const sizeLeb128 = [(section.length & 127) | 128, section.length >> 7];
    expect(section.length).toBeLessThan(2 ** 14);
    await serve(new Blob([OTHER_GENERATION, new Uint8Array([0, ...sizeLeb128]), section]));
    const measured = await measure();
    tell('another generation', measured);
    expect(measured).toMatchObject({ ok: false, error: { code: 'engine-incompatible' } });
    expect(engines.map(({ alive }) => alive)).toEqual([false]);
  });

  test.each([
    ['a page', '<p>Sign in</p>', { code: 'model-invalid', details: { reason: 'library' } }],
    [
      'WebAssembly without a description',
      OTHER_GENERATION,
      { code: 'model-invalid', details: { reason: 'document' } },
    ],
  ])('of %s is not known, and that is said', async (_what, body, error) => {
    await serve(new Blob([body]));
    const measured = await measure();
    tell('no library', measured);
    expect(measured).toMatchObject({ ok: false, error });
  });

  test('of a library that cannot be fetched is not known, and that is said', async () => {
    await (await caches.open('test/network')).delete(LIBRARY_URL);
    expect(await measure()).toMatchObject(
      err(failure('model-fetch-failed', { reason: 'status', status: 404 })),
    );
    expect(engines.map(({ alive }) => alive)).toEqual([false]);
  });
});
