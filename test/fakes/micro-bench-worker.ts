import { err, ok } from '#kernel/result';
import { failure, type Outcome } from '#contracts/errors';
import type {
  MicroBenchWorkerApi,
  MicroName,
  MicroPart,
  MicroPrepared,
  MicroSample,
} from '#contracts/micro-bench';
import { FakeWorkerHandle } from './fake-worker-handle.ts';
import type { VirtualClock } from './virtual-clock.ts';

const NAMES = {
  wasm: ['wasmReadGBps1', 'wasmGflops1'],
  gpu: ['gpuReadGBps', 'gpuF32Gflops', 'gpuF16Gflops', 'gpuDispatchUs', 'gpuReadbackMs'],
  'gpu-memory': ['gpuMemoryMiB'],
  storage: ['storageWriteMBps', 'storageReadMBps'],
} as const satisfies Record<MicroPart['kind'], readonly MicroName[]>;

const SAMPLE_MS = 30;

/** A worker that takes virtual time for each repetition. */
export class FakeMicroWorker implements MicroBenchWorkerApi {
  readonly name: string;
  readonly handle: FakeWorkerHandle<MicroBenchWorkerApi>;
  readonly samples: MicroName[] = [];
  part: MicroPart | null = null;
  ended = false;
  /** Of `prepare`, before it gives this in place of what it usually does. */
  prepares: ((usual: MicroPrepared) => Outcome<MicroPrepared>) | null = null;
  /** Called when a repetition has begun. */
  onSample: (name: MicroName, run: number) => void = () => undefined;
  value: (name: MicroName, run: number) => number = () => 10;
  readonly #clock: VirtualClock;

  constructor(name: string, clock: VirtualClock) {
    this.name = name;
    this.#clock = clock;
    this.handle = new FakeWorkerHandle<MicroBenchWorkerApi>(this);
  }

  prepare(part: MicroPart): Promise<Outcome<MicroPrepared>> {
    this.part = part;
    const together = part.kind === 'wasm' && part.threads > 1;
    const usual: MicroPrepared = {
      names: [...NAMES[part.kind], ...(together ? (['wasmReadGBpsAll', 'wasmGflopsAll'] as const) : [])],
      skipped: [],
      clockStepUs: 5,
      adapter: part.kind.startsWith('gpu') ? 'a card' : '',
      fallback: false,
      memory: together ? new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true }) : null,
    };
    return Promise.resolve(this.prepares?.(usual) ?? ok(usual));
  }

  sample(name: MicroName, _blocks: number): Promise<Outcome<MicroSample>> {
    const run = this.samples.push(name) - 1;
    this.onSample(name, run);
    return new Promise((resolve) => {
      this.#clock.after(SAMPLE_MS, () => {
        const value = this.value(name, run);
        resolve(
          Number.isFinite(value)
            ? ok({ value, elapsedMs: SAMPLE_MS })
            : err(failure('internal', { reason: 'scripted' })),
        );
      });
    });
  }

  end(): Promise<Outcome<null>> {
    this.ended = true;
    return Promise.resolve(ok(null));
  }
}
