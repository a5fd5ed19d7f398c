import { err, ok } from '#kernel/result';
import { failure, failureOf, type Outcome } from '#contracts/errors';
import type {
  MicroBenchWorkerApi,
  MicroName,
  MicroPart,
  MicroPrepared,
  MicroReport,
  MicroSample,
} from '#contracts/micro-bench';
import { measureClockStepUs } from '../../src/hardware/clock-step.ts';
import { findAdapter } from './micro-gpu-device.ts';
import { MicroGpuMemory } from './micro-gpu-memory.ts';
import { MicroGpu } from './micro-gpu.ts';
import { nothingPrepared, type MicroRig, type NowMs } from './micro-rig.ts';
import { MicroStorage } from './micro-storage.ts';
import { MicroWasm } from './micro-wasm.ts';

export interface MicroBenchHostPorts {
  readonly nowMs: NowMs;
  readonly gpu: GPU | undefined;
  readonly storage: Partial<StorageManager> | undefined;
  readonly deviceMemoryGiB: unknown;
  /** Asks the supervisor not to mind silence for so long; null: as usual again. */
  readonly askPatience: (silenceAllowedMs: number | null) => void;
}

/** A slow disk may take seconds to keep a few megabytes, and a driver to compile: neither is a worker that hangs. */
const PATIENCE_MS = 10_000;

const GPU_NAMES = ['gpuReadGBps', 'gpuF32Gflops', 'gpuF16Gflops', 'gpuDispatchUs', 'gpuReadbackMs'] as const;

function skipping(
  prepared: MicroPrepared,
  names: readonly MicroName[],
  reason: MicroReport['skipped'][number]['reason'],
): MicroRig {
  return {
    prepared: { ...prepared, skipped: names.map((name) => ({ name, reason })) },
    sample: (name) => err(failure('internal', { reason: 'not-prepared', name })),
    end: () => undefined,
  };
}

/** One part of the measurement, in a worker of its own. */
export class MicroBenchHost implements MicroBenchWorkerApi {
  readonly #ports: MicroBenchHostPorts;
  #opening: Promise<MicroRig> | null = null;

  constructor(ports: MicroBenchHostPorts) {
    this.#ports = ports;
  }

  async prepare(part: MicroPart): Promise<Outcome<MicroPrepared>> {
    // Threads meet within a second: of them, a longer silence is a hang.
    if (part.kind !== 'wasm') this.#ports.askPatience(PATIENCE_MS);
    try {
      this.#opening = this.#open(part);
      return ok((await this.#opening).prepared);
    } catch (thrown) {
      return err(failureOf(thrown));
    }
  }

  async sample(name: MicroName, blocks: number): Promise<Outcome<MicroSample>> {
    if (this.#opening === null) return err(failure('internal', { reason: 'not-prepared', name }));
    try {
      const rig = await this.#opening;
      return await rig.sample(name, blocks);
    } catch (thrown) {
      return err(failureOf(thrown));
    }
  }

  async end(): Promise<Outcome<null>> {
    const opening = this.#opening;
    this.#opening = null;
    try {
      // It may come while a part is being made ready: what that takes is given back, too.
      const rig = await opening;
      await rig?.end();
      return ok(null);
    } catch (thrown) {
      return err(failureOf(thrown));
    }
  }

  async #open(part: MicroPart): Promise<MicroRig> {
    const { nowMs, gpu, storage, deviceMemoryGiB } = this.#ports;
    const clockStepUs = measureClockStepUs(nowMs);
    const ports = { nowMs, clockStepUs, deviceMemoryGiB };
    const nothing = nothingPrepared(clockStepUs);
    if (part.kind === 'wasm') return MicroWasm.open(part, ports);
    if (part.kind === 'storage') {
      const kept = await MicroStorage.open(storage, nowMs, clockStepUs);
      return kept ?? skipping(nothing, ['storageWriteMBps', 'storageReadMBps'], 'no-storage');
    }
    const names = part.kind === 'gpu' ? GPU_NAMES : (['gpuMemoryMiB'] as const);
    const found = await findAdapter(gpu, part.allowFallback);
    if ('missing' in found) {
      const { name: adapter, fallback, missing } = found;
      return skipping({ ...nothing, adapter, fallback }, names, missing);
    }
    return part.kind === 'gpu' ? MicroGpu.open(found, ports) : MicroGpuMemory.open(found, ports);
  }
}
