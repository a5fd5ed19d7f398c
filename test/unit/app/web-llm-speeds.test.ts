import { beforeEach, describe, expect, it } from 'vitest';
import { present } from '#kernel/assert';
import { err, ok } from '#kernel/result';
import type { Generation, LoadedModel, MlcSource } from '#contracts/engine';
import { failure, type Outcome } from '#contracts/errors';
import type { HardwareProfile } from '#contracts/hardware';
import type { ModelFacts } from '#contracts/model-facts';
import type { FetchedLibrary, MlcTwin, MlcTwinRequest, MlcTwinWorkerApi } from '#contracts/mlc-twin';
import type { ModelMeasurement, ModelMeasureProgress } from '#contracts/model-measurement';
import type { InferenceLoadOptions, InferenceWorkerApi } from '#contracts/worker-api';
import { WebLlmSpeeds } from '../../../src/app/web-llm-speeds.ts';
import { ModelMeasurementStore } from '../../../src/storage/model-measurement-store.ts';
import { SHIPPED } from '../../fakes/capacity-rig.ts';
import { FakeWorkerHandle } from '../../fakes/fake-worker-handle.ts';
import { adapter, profile } from '../../fakes/hardware-profiles.ts';
import { FakeInferenceWorker } from '../../fakes/inference-worker.ts';
import { modelMeasurement } from '../../fakes/model-measurement.ts';
import { LLAMA_3_2_1B } from '../../fakes/model-shapes.ts';
import { turn } from '../../fakes/turn.ts';
import { VirtualClock } from '../../fakes/virtual-clock.ts';
import { FULL_LIMITS } from '../../fakes/web-llm-gpu.ts';

const NEVER = new AbortController().signal;
const ID = 'Llama-3.2-1B-Instruct-q4f16_1-MLC';
const CARD = adapter({
  vendor: 'nvidia',
  architecture: 'ampere',
  device: '',
  description: '',
  features: ['shader-f16'],
  limits: { ...FULL_LIMITS },
});
const DEVICE = profile({ adapters: [CARD] });

const LIBRARY: FetchedLibrary = { file: new Blob(['\0asm']), transferredBytes: 4 };
const TWIN: MlcTwin = {
  files: [
    { name: 'tensor-cache.json', file: new Blob(['{}']) },
    { name: 'params_shard_0.bin', file: new Blob(['weights']) },
  ],
  weightBytes: 7,
  largestTensorBytes: 5,
  vocabulary: 600,
  contextTokens: 2048,
};
const LOADED: LoadedModel = {
  modelId: ID,
  backend: 'webgpu',
  threads: 1,
  contextTokens: 2048,
  vocabularySize: 600,
  weightBytes: 7,
  loadMs: 5,
};
const FACTS: ModelFacts = {
  schema: 'witan.model-facts',
  version: 1,
  sources: {},
  licences: {},
  shapes: { llama: { ...LLAMA_3_2_1B, sources: {} } },
  models: { 'Llama-3.2-1B-Instruct': { shape: 'llama', licence: null, sources: {} } },
};

/** Everything around the measurement, as a script has it, with what was asked in order. */
class Rig {
  readonly clock = new VirtualClock();
  readonly calls: string[] = [];
  readonly store = new ModelMeasurementStore(null);
  readonly built: MlcTwinRequest[] = [];
  readonly loads: InferenceLoadOptions[] = [];
  readonly workers: FakeWorkerHandle<unknown>[] = [];
  readonly told: ModelMeasureProgress[] = [];
  readonly listeners = new Set<(visible: boolean) => void>();
  facts: Outcome<ModelFacts> = ok(FACTS);
  able: (largestTensorBytes: number | null) => Outcome<null> = () => ok(null);
  library: (signal: AbortSignal, anew: boolean) => Promise<Outcome<FetchedLibrary>> = () =>
    Promise.resolve(ok(LIBRARY));
  twin: () => Promise<Outcome<MlcTwin>> = () => Promise.resolve(ok(TWIN));
  loaded: (() => Promise<Outcome<LoadedModel>>)[] = [];
  answer: () => Outcome<Partial<Generation>> = () => ok({});

  readonly speeds = new WebLlmSpeeds(
    {
      clock: this.clock,
      catalogue: {
        webLlm: () => Promise.resolve(ok(SHIPPED.webLlm)),
        facts: () => Promise.resolve(this.facts),
      },
      models: () =>
        Promise.resolve({
          mlcLibrary: (signal: AbortSignal, { id }: MlcSource, anew: boolean) => {
            this.calls.push(`library of ${id}${anew ? ' anew' : ''}`);
            return this.library(signal, anew);
          },
        }),
      measurements: Promise.resolve(this.store),
      startBuilder: () =>
        this.#started<MlcTwinWorkerApi>({
          buildMlc: (request) => {
            this.calls.push('build');
            this.built.push(request);
            return this.twin();
          },
        }),
      startEngine: () => this.#started<InferenceWorkerApi>(this.#engine()),
      exclusively: async (_signal, task) => {
        this.calls.push('council waits');
        const done = await task();
        this.calls.push('council goes on');
        return done;
      },
      visible: () => true,
      onVisibility: (listener) => {
        this.listeners.add(listener);
        return () => this.listeners.delete(listener);
      },
      userAgent: 'a browser',
    },
    { promptTokens: 256, answerTokens: 256 },
  );

  #started<Api>(api: Api): FakeWorkerHandle<Api> {
    const handle = new FakeWorkerHandle(api);
    this.workers.push(handle);
    return handle;
  }

  #engine(): InferenceWorkerApi {
    return Object.assign(new FakeInferenceWorker(), {
      canRun: (_model: unknown, largestTensorBytes: number | null) => {
        this.calls.push(`can run ${String(largestTensorBytes)}`);
        return Promise.resolve(this.able(largestTensorBytes));
      },
      load: (options: InferenceLoadOptions) => {
        this.calls.push('load');
        this.loads.push(options);
        return this.loaded.shift()?.() ?? Promise.resolve(ok(LOADED));
      },
      generate: ({
        prompt,
        maxTokens,
      }: {
        prompt: string;
        maxTokens: number;
      }): Promise<Outcome<Generation>> => {
        const scripted = this.answer();
        this.clock.advance(100);
        if (!scripted.ok) return Promise.resolve(scripted);
        return Promise.resolve(
          ok({
            text: '',
            finish: 'length',
            promptTokens: prompt.length + 4,
            completionTokens: maxTokens,
            timeToFirstTokenMs: 300,
            prefillTokensPerSecond: 1000,
            decodeTokensPerSecond: 20,
            durationMs: 100,
            ...scripted.value,
          }),
        );
      },
    });
  }

  measure({
    device = DEVICE,
    id = ID,
    signal = NEVER,
  }: { device?: HardwareProfile; id?: string; signal?: AbortSignal } = {}): Promise<
    Outcome<ModelMeasurement>
  > {
    return this.speeds.measure(signal, id, device, (progress) => this.told.push(progress));
  }
}

let rig: Rig;
beforeEach(() => {
  rig = new Rig();
});

/** Whatever happened, nobody and nothing is left. */
const expectNothingLeft = (): void => {
  expect(rig.workers.filter(({ alive }) => alive)).toEqual([]);
  expect(rig.listeners.size).toBe(0);
};

describe('a model that is measured', () => {
  it('is looked at, fetched, built, looked at again, loaded and run, and the council waits for no download', async () => {
    const measured = await rig.measure();
    expect(rig.calls).toEqual([
      'can run null',
      `library of ${ID}`,
      'build',
      'can run 5',
      'council waits',
      'load',
      'council goes on',
    ]);
    expect(measured).toMatchObject({
      ok: true,
      value: {
        modelId: ID,
        card: 'nvidia | ampere',
        userAgent: 'a browser',
        libraryBytes: 4,
        weightBytes: 7,
        contextTokens: 2048,
        vocabulary: 600,
        stable: true,
      },
    });
    expect(measured.ok && measured.value.runs[0]).toMatchObject({ promptTokens: 260, decodeMs: 50 });
    expect(rig.built).toMatchObject([{ name: ID, vocabulary: LLAMA_3_2_1B.vocabulary }]);
    expectNothingLeft();
  });

  it('is loaded from files under the addresses that its own would have', async () => {
    await rig.measure();
    const [options] = rig.loads;
    expect(options).toMatchObject({ backend: 'webgpu', contextTokens: 2048, slots: 1 });
    const model = present(options, 'load').model as MlcSource;
    const folder = `https://huggingface.co/mlc-ai/${ID}/resolve/main/`;
    expect(model.files?.map(({ url }) => url)).toEqual([
      `${folder}tensor-cache.json`,
      `${folder}params_shard_0.bin`,
      model.libraryUrl,
    ]);
    expect(model.files?.at(-1)?.file).toBe(LIBRARY.file);
  });

  it('is kept, for this browser on this card alone', async () => {
    const measured = await rig.measure();
    expect(measured.ok).toBe(true);
    if (!measured.ok) return;
    expect(await rig.speeds.held(DEVICE)).toEqual(new Map([[ID, measured.value]]));
    expect(await rig.speeds.held(profile({ adapters: [{ ...CARD, vendor: 'intel' }] }))).toEqual(new Map());
    expect(await rig.speeds.held(profile({ adapters: [{ ...CARD, fallback: true }] }))).toEqual(new Map());
    await rig.store.write(modelMeasurement({ userAgent: 'another', card: 'nvidia | ampere' }));
    expect((await rig.speeds.held(DEVICE)).size).toBe(1);
  });

  it('says how far it is, and never goes back', async () => {
    await rig.measure();
    expect([...new Set(rig.told.map(({ phase }) => phase))]).toEqual(['fetch', 'build', 'load', 'run']);
    const fractions = rig.told.map(({ fraction }) => fraction);
    expect(fractions).toEqual([...fractions].sort((a, b) => a - b));
  });

  it('may do without the list of dimensions, and without a place to keep it', async () => {
    rig.facts = err(failure('model-fetch-failed'));
    rig.store.write = () => Promise.resolve(err(failure('storage-failed')));
    expect((await rig.measure()).ok).toBe(true);
    expect(rig.built).toMatchObject([{ vocabulary: null }]);
  });

  it('is tried once more with a fresh library, where the one that was here is of another generation', async () => {
    const old = err(failure('engine-incompatible'));
    rig.library = (_signal, anew) => Promise.resolve(ok({ ...LIBRARY, transferredBytes: anew ? 4 : 0 }));
    rig.loaded = [() => Promise.resolve(old)];
    expect((await rig.measure()).ok).toBe(true);
    expect(rig.calls.filter((call) => call.startsWith('library'))).toEqual([
      `library of ${ID}`,
      `library of ${ID} anew`,
    ]);
    rig.loaded = [() => Promise.resolve(old), () => Promise.resolve(old)];
    expect(await rig.measure()).toEqual(old);
    expectNothingLeft();
  });
});

it('fetches no other library where none would help', async () => {
  rig.library = () => Promise.resolve(ok({ ...LIBRARY, transferredBytes: 0 }));
  const built = err(failure('engine-incompatible', { reason: 'internals' }));
  rig.loaded = [() => Promise.resolve(built)];
  expect(await rig.measure()).toEqual(built);
  expect(rig.calls.filter((call) => call.startsWith('library'))).toHaveLength(1);
});

describe('nothing is fetched', () => {
  it.each([
    ['without a card', { device: profile({}) }, 'engine-unavailable'],
    [
      'where a card lacks something',
      { device: profile({ adapters: [{ ...CARD, features: [] }] }) },
      'feature-missing',
    ],
    [
      'where the card has too little memory',
      { device: profile({ adapters: [CARD], micro: { gpuMemoryMiB: 100 } }) },
      'out-of-memory',
    ],
    ['for a model that nobody knows', { id: 'nobody' }, 'member-unknown'],
    ['for a model of another engine', { id: 'llama-3.2-1b-instruct-q4-k-m' }, 'member-unknown'],
  ])('%s, and no worker starts', async (_what, how, code) => {
    expect(await rig.measure(how)).toMatchObject({ ok: false, error: { code } });
    expect([rig.calls, rig.workers]).toEqual([[], []]);
  });

  it('where the engine itself finds no card', async () => {
    rig.able = () => err(failure('engine-unavailable', { reason: 'no-adapter' }));
    expect(await rig.measure()).toMatchObject({ error: { code: 'engine-unavailable' } });
    expect(rig.calls).toEqual(['can run null']);
    expectNothingLeft();
  });
});

describe('a model that cannot be measured', () => {
  it.each(['model-fetch-failed', 'model-invalid', 'request-unsupported', 'out-of-memory'] as const)(
    'says %s, and is not loaded',
    async (code) => {
      if (code === 'model-fetch-failed') rig.library = () => Promise.resolve(err(failure(code)));
      else rig.twin = () => Promise.resolve(err(failure(code)));
      expect(await rig.measure()).toEqual(err(failure(code)));
      expect(rig.loads).toEqual([]);
      expectNothingLeft();
    },
  );

  it('has weights or a tensor that the card cannot hold', async () => {
    rig.twin = () => Promise.resolve(ok({ ...TWIN, weightBytes: 2e9 }));
    const device = profile({ adapters: [CARD], micro: { gpuMemoryMiB: 1000 } });
    expect(await rig.measure({ device })).toMatchObject({
      error: { code: 'out-of-memory', details: { neededBytes: 2e9 } },
    });
    rig.able = (bytes) => (bytes === null ? ok(null) : err(failure('feature-missing')));
    expect(await rig.measure()).toEqual(err(failure('feature-missing')));
    expect(rig.loads).toEqual([]);
    expectNothingLeft();
  });

  it.each(['engine-incompatible', 'out-of-memory', 'device-lost'] as const)(
    'does not load: %s',
    async (code) => {
      rig.loaded = [() => Promise.resolve(err(failure(code)))];
      expect(await rig.measure()).toEqual(err(failure(code)));
      expect(rig.calls.filter((call) => call.startsWith('library'))).toHaveLength(1);
      expectNothingLeft();
    },
  );

  it('fails amid its answers, and keeps nothing', async () => {
    let answers = 0;
    rig.answer = () => {
      answers += 1;
      return answers === 4 ? err(failure('device-lost')) : ok({});
    };
    expect(await rig.measure()).toEqual(err(failure('device-lost')));
    expect(await rig.store.list()).toEqual(ok([]));
    expectNothingLeft();
  });

  it.each(['fetched', 'built', 'loaded', 'run'])('is stopped while it is %s', async (when) => {
    const stop = new AbortController();
    const never = <T>(): Promise<T> => {
      queueMicrotask(() => {
        stop.abort();
      });
      return new Promise<T>(() => undefined);
    };
    if (when === 'fetched') {
      rig.library = (signal) =>
        new Promise((resolve) => {
          signal.addEventListener('abort', () => {
            resolve(err(failure('cancelled')));
          });
          void turn().then(() => {
            stop.abort();
          });
        });
    } else if (when === 'built') rig.twin = never;
    else if (when === 'loaded') rig.loaded = [never];
    else
      rig.answer = () => {
        stop.abort();
        return ok({});
      };
    expect(await rig.measure({ signal: stop.signal })).toMatchObject({
      ok: false,
      error: { code: 'cancelled' },
    });
    expectNothingLeft();
  });
});
