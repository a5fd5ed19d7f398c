import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { present } from '#kernel/assert';
import { err, ok } from '#kernel/result';
import type { SpeedProgress, SyntheticFile, SyntheticRequest, SyntheticWorkerApi } from '#contracts/capacity';
import { failure, type Outcome } from '#contracts/errors';
import type { InferenceWorkerApi } from '#contracts/worker-api';
import { openSpeedModel } from '../../../src/app/speed-models.ts';
import type { OpenSpeedModel, SpeedTask } from '../../../src/bench/speed-suite.ts';
import { FakeWorkerHandle } from '../../fakes/fake-worker-handle.ts';
import { FakeInferenceWorker } from '../../fakes/inference-worker.ts';
import { LLAMA_3_2_1B } from '../../fakes/model-shapes.ts';
import { turn } from '../../fakes/turn.ts';
import { VirtualClock } from '../../fakes/virtual-clock.ts';

const NEVER = new AbortController().signal;
const TASK: SpeedTask = {
  shape: LLAMA_3_2_1B,
  quantization: 'Q4_0',
  promptBatchTokens: 24,
  prompts: [8],
  longPrompt: null,
};
const FILE = new Blob(['GGUF and what follows']);
const CANCELLED = { ok: false, error: { code: 'cancelled' } };

/** Both workers, driven by the test. */
class Rig {
  readonly clock = new VirtualClock();
  readonly requests: SyntheticRequest[] = [];
  readonly host = new FakeInferenceWorker();
  readonly phases: SpeedProgress['phase'][] = [];
  builder: FakeWorkerHandle<SyntheticWorkerApi> | null = null;
  engine: FakeWorkerHandle<InferenceWorkerApi> | null = null;
  /** Whether the builder lived when the engine's worker was started. */
  builderAlive: boolean | null = null;
  built: Promise<Outcome<SyntheticFile>> = Promise.resolve(ok({ file: FILE, parameters: 9 }));

  open(signal = NEVER): Promise<Outcome<OpenSpeedModel>> {
    return openSpeedModel(
      {
        clock: this.clock,
        startBuilder: () => {
          const build = (request: SyntheticRequest): Promise<Outcome<SyntheticFile>> => {
            this.requests.push(request);
            return this.built;
          };
          this.builder = new FakeWorkerHandle<SyntheticWorkerApi>({ build });
          return this.builder;
        },
        startEngine: () => {
          this.builderAlive = present(this.builder, 'a builder').alive;
          this.engine = new FakeWorkerHandle<InferenceWorkerApi>(this.host);
          return this.engine;
        },
      },
      { backend: 'cpu', threads: 3, contextTokens: () => 352 },
      signal,
      TASK,
      (phase) => this.phases.push(phase),
    );
  }

  alive(): boolean[] {
    return [this.builder, this.engine].flatMap((handle) => (handle === null ? [] : [handle.alive]));
  }
}

let rig: Rig;
beforeEach(() => {
  rig = new Rig();
});
afterEach(() => {
  // A limit that is still watched would end a worker that is long done.
  rig.engine?.terminate(failure('cancelled'));
  expect(rig.clock.pending).toBe(0);
});

describe('openSpeedModel', () => {
  it('builds what the task says, ends the builder, and loads the file as it is', async () => {
    const opened = await rig.open();
    expect(rig.requests).toEqual([
      { shape: TASK.shape, quantization: 'Q4_0', contextTokens: 352, seed: expect.any(Number) as number },
    ]);
    expect(rig.builderAlive).toBe(false);
    expect(rig.phases).toEqual(['load']);
    expect(rig.host.loads).toMatchObject([
      {
        backend: 'cpu',
        threads: 3,
        contextTokens: 352,
        slots: 1,
        model: { format: 'stored', sizeBytes: FILE.size, files: [FILE] },
      },
    ]);
    expect(opened).toMatchObject({
      ok: true,
      value: { fileBytes: FILE.size, loaded: { threads: 3, loadMs: 5 } },
    });
    expect(rig.alive()).toEqual([false, true]);
  });

  it('asks for the same bytes each time', async () => {
    await rig.open();
    await rig.open();
    expect(rig.requests[1]).toEqual(rig.requests[0]);
  });

  it('ends the engine’s worker when the model is closed, and twice does no harm', async () => {
    const opened = await rig.open();
    if (!opened.ok) throw new Error(opened.error.code);
    await opened.value.close();
    await opened.value.close();
    expect(rig.alive()).toEqual([false, false]);
  });

  it('sets the builder a limit of time', async () => {
    await rig.open();
    expect(rig.builder?.deadlines).toEqual([60_000]);
  });
});

describe('what goes wrong while a model is opened', () => {
  it('a refusal of the builder ends it, and no engine is started', async () => {
    const refusal = err(failure('request-unsupported', { reason: 'heads' }));
    rig.built = Promise.resolve(refusal);
    expect(await rig.open()).toEqual(refusal);
    expect(rig.engine).toBeNull();
    expect(rig.alive()).toEqual([false]);
    expect(rig.phases).toEqual([]);
  });

  it('a builder that dies is named', async () => {
    rig.built = new Promise(() => undefined);
    const opening = rig.open();
    await turn();
    present(rig.builder, 'a builder').terminate(failure('worker-lost', { member: 'model builder' }));
    expect(await opening).toEqual(err(failure('worker-lost', { member: 'model builder' })));
    expect(rig.engine).toBeNull();
  });

  it('a stop while it is built ends the builder at once', async () => {
    rig.built = new Promise(() => undefined);
    const stop = new AbortController();
    const opening = rig.open(stop.signal);
    await turn();
    expect(rig.alive()).toEqual([true]);
    stop.abort();
    expect(rig.alive()).toEqual([false]);
    expect(await opening).toMatchObject(CANCELLED);
    expect(rig.engine).toBeNull();
  });

  it('a stop before leaves nothing alive and asks for nothing', async () => {
    expect(await rig.open(AbortSignal.abort())).toMatchObject(CANCELLED);
    expect(rig.requests).toEqual([]);
    expect(rig.alive()).toEqual([false]);
  });

  it('a stop just when it is built leaves no engine alive', async () => {
    const stop = new AbortController();
    rig.built = Promise.resolve().then(() => {
      queueMicrotask(() => {
        stop.abort();
      });
      return ok({ file: FILE, parameters: 9 });
    });
    expect(await rig.open(stop.signal)).toMatchObject(CANCELLED);
    expect(rig.alive()).not.toContain(true);
  });

  it('a stop while it loads ends its worker', async () => {
    rig.host.loadOutcome = new Promise(() => undefined);
    const stop = new AbortController();
    const opening = rig.open(stop.signal);
    await turn();
    expect(rig.alive()).toEqual([false, true]);
    stop.abort();
    expect(await opening).toMatchObject(CANCELLED);
    expect(rig.alive()).toEqual([false, false]);
  });

  it('a model that does not load is unloaded', async () => {
    const refusal = err(failure('model-load-failed', { model: 'synthetic' }));
    rig.host.loadOutcome = Promise.resolve(refusal);
    expect(await rig.open()).toEqual(refusal);
    expect(rig.alive()).toEqual([false, false]);
  });

  it('a stop later does not end the builder that is already gone, nor the model that is in use', async () => {
    const stop = new AbortController();
    await rig.open(stop.signal);
    const reason = present(rig.engine, 'an engine').lost;
    stop.abort();
    expect(present(rig.engine, 'an engine').lost).toBe(reason);
    expect(rig.alive()).toEqual([false, true]);
  });
});
