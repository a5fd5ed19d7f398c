import { beforeEach, describe, expect, it } from 'vitest';
import { err, ok } from '#kernel/result';
import type {
  SpeedMeasurement,
  SpeedProgress,
  SyntheticRequest,
  SyntheticWorkerApi,
} from '#contracts/capacity';
import type { Generation } from '#contracts/engine';
import { failure, type Outcome } from '#contracts/errors';
import type { InferenceWorkerApi } from '#contracts/worker-api';
import { measureSpeed, speedBackend } from '../../../src/app/capacity-measure.ts';
import { CALIBRATION, calibrationContext } from '../../../src/capacity/calibration.ts';
import { FakeWorkerHandle } from '../../fakes/fake-worker-handle.ts';
import { adapter, profile } from '../../fakes/hardware-profiles.ts';
import { FakeInferenceWorker } from '../../fakes/inference-worker.ts';
import { VirtualClock } from '../../fakes/virtual-clock.ts';

const NEVER = new AbortController().signal;

describe('speedBackend', () => {
  it.each([
    { fallback: false, f16: true, jspi: true, backend: 'webgpu' },
    { fallback: false, f16: true, jspi: false, backend: 'cpu' },
    { fallback: false, f16: false, jspi: true, backend: 'cpu' },
    { fallback: false, f16: false, jspi: false, backend: 'cpu' },
    { fallback: true, f16: true, jspi: true, backend: 'cpu' },
    { fallback: true, f16: true, jspi: false, backend: 'cpu' },
    { fallback: true, f16: false, jspi: true, backend: 'cpu' },
    { fallback: true, f16: false, jspi: false, backend: 'cpu' },
  ])(
    'is $backend: software $fallback, half precision $f16, can wait $jspi',
    ({ fallback, f16, jspi, backend }) => {
      const { features } = profile({});
      const here = profile({
        adapters: [
          adapter({ fallback, features: f16 ? ['shader-f16', 'timestamp-query'] : ['timestamp-query'] }),
        ],
        features: { ...features, jspi },
      });
      expect(speedBackend(here)).toBe(backend);
    },
  );

  it('is the CPU without any card', () => {
    const { features } = profile({});
    expect(speedBackend(profile({ features: { ...features, jspi: true } }))).toBe('cpu');
  });
});

/** Answers at the speed of its script, as the engine's own figures have it. */
class AnsweringWorker extends FakeInferenceWorker {
  readonly #answer: (promptTokens: number) => Outcome<Generation>;

  constructor(answer: (promptTokens: number) => Outcome<Generation>) {
    super();
    this.#answer = answer;
  }

  override generate(
    ...[{ prompt }]: Parameters<FakeInferenceWorker['generate']>
  ): Promise<Outcome<Generation>> {
    return Promise.resolve(this.#answer(prompt.length));
  }
}

class Rig {
  readonly clock = new VirtualClock();
  readonly requests: SyntheticRequest[] = [];
  readonly workers: { readonly alive: boolean }[] = [];
  readonly hosts: FakeInferenceWorker[] = [];
  readonly listeners = new Set<(visible: boolean) => void>();
  readonly progress: SpeedProgress[] = [];
  visible = true;
  answers = 0;
  onAnswer: () => void = () => undefined;
  fails = false;

  show(now: boolean): void {
    for (const listener of [...this.listeners]) listener(now);
  }

  #answer(promptTokens: number): Outcome<Generation> {
    this.answers += 1;
    this.clock.advance(100);
    this.onAnswer();
    if (this.fails) return err(failure('engine-failed', { reason: 'scripted' }));
    return ok({
      text: 'x',
      finish: 'length',
      promptTokens,
      completionTokens: 16,
      timeToFirstTokenMs: 40,
      prefillTokensPerSecond: 2000,
      decodeTokensPerSecond: 60,
      durationMs: 100,
    });
  }

  run(signal = NEVER, backend: 'cpu' | 'webgpu' = 'cpu'): Promise<Outcome<SpeedMeasurement>> {
    return measureSpeed(
      {
        clock: this.clock,
        startBuilder: () => {
          const handle = new FakeWorkerHandle<SyntheticWorkerApi>({
            build: (request) => {
              this.requests.push(request);
              return Promise.resolve(ok({ file: new Blob(['GGUF']), parameters: 1 }));
            },
          });
          this.workers.push(handle);
          return handle;
        },
        startEngine: () => {
          const host = new AnsweringWorker((promptTokens) => this.#answer(promptTokens));
          host.loadOutcome = Promise.resolve(
            ok({
              modelId: 'synthetic',
              backend,
              threads: 2,
              contextTokens: 128,
              vocabularySize: 4096,
              weightBytes: 4,
              loadMs: 5,
              memory: { weightsBytes: 4, kvBytes: 2, computeBytes: 1 },
            }),
          );
          this.hosts.push(host);
          const handle = new FakeWorkerHandle<InferenceWorkerApi>(host);
          this.workers.push(handle);
          return handle;
        },
        visible: () => this.visible,
        onVisibility: (listener) => {
          this.listeners.add(listener);
          return () => this.listeners.delete(listener);
        },
        threads: () => 2,
        userAgent: 'a browser',
      },
      backend,
      signal,
      (step) => this.progress.push(step),
    );
  }
}

describe('measureSpeed', () => {
  let rig: Rig;
  beforeEach(() => {
    rig = new Rig();
  });

  it('runs every calibration model with the context it needs, and leaves no worker and no listener', async () => {
    const measured = await rig.run();
    expect(measured).toMatchObject({
      ok: true,
      value: { backend: 'cpu', threads: 2, userAgent: 'a browser', voided: 0 },
    });
    expect(rig.requests.map(({ quantization, contextTokens }) => [quantization, contextTokens])).toEqual(
      CALIBRATION.map((model) => [model.quantization, calibrationContext(model)]),
    );
    expect(rig.workers).toHaveLength(2 * CALIBRATION.length);
    expect(rig.workers.some(({ alive }) => alive)).toBe(false);
    expect(rig.listeners.size).toBe(0);
    expect(rig.progress[0]).toMatchObject({ phase: 'build', fraction: 0 });
  });

  it('loads on the backend that it is told', async () => {
    expect(await rig.run(NEVER, 'webgpu')).toMatchObject({ ok: true, value: { backend: 'webgpu' } });
    for (const { loads } of rig.hosts) expect(loads).toMatchObject([{ backend: 'webgpu', threads: 2 }]);
  });

  it('repeats what was asked while the page was hidden', async () => {
    rig.onAnswer = () => {
      if (rig.answers !== 3) return;
      rig.show(false);
      rig.show(true);
    };
    expect(await rig.run()).toMatchObject({ ok: true, value: { voided: 1 } });
  });

  it('measures nothing in a page that is hidden from the beginning, and forgets its listener', async () => {
    rig.visible = false;
    expect(await rig.run()).toMatchObject({ ok: false, error: { code: 'benchmark-void' } });
    expect(rig.listeners.size).toBe(0);
    expect(rig.workers.some(({ alive }) => alive)).toBe(false);
  });

  it.each(['fails', 'is stopped'])('leaves no worker and no listener when it %s', async (how) => {
    const stop = new AbortController();
    rig.onAnswer = () => {
      expect(rig.listeners.size).toBe(1);
      if (rig.answers < 4) return;
      if (how === 'fails') rig.fails = true;
      else stop.abort();
    };
    const code = how === 'fails' ? 'engine-failed' : 'cancelled';
    expect(await rig.run(stop.signal)).toMatchObject({ ok: false, error: { code } });
    expect(rig.answers).toBe(4);
    expect(rig.listeners.size).toBe(0);
    expect(rig.workers.some(({ alive }) => alive)).toBe(false);
  });
});
