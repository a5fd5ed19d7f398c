import { assert, present } from '#kernel/assert';
import { WitanError, type Outcome } from '#contracts/errors';
import type { MicroName, MicroPrepared, MicroReport, MicroSample } from '#contracts/micro-bench';
import {
  COUNT,
  expectedMultiply,
  expectedRead,
  FILL,
  FLOPS_PER_TURN,
  multiplyKernel,
  PROOF_TOLERANCE,
  PROOF_TURNS,
  READ,
  READ_ALIGN_BYTES,
  READ_UNROLLED,
  readBufferBytes,
  smallerReadBuffer,
  STEP_BYTES,
  THREADS,
  WORKGROUPS,
} from '../../src/hardware/micro/gpu-kernels.ts';
import { BUFFER_USAGE, MicroDevice, type FoundAdapter } from './micro-gpu-device.ts';
import { MicroGpuBench, type Dispatches, type ReadyKernel } from './micro-gpu-kernel.ts';
import { nothingPrepared, type MicroRig, type NowMs } from './micro-rig.ts';

export interface MicroGpuPorts {
  readonly nowMs: NowMs;
  readonly clockStepUs: number;
  readonly deviceMemoryGiB: unknown;
}

/** Dispatches of one block. */
const DISPATCHES_PER_BLOCK = 16;
/** A quarter as much is taken off again: what a submission costs by itself is then in neither figure. */
const SMALL_SHARE = 4;
const PROOF_DISPATCHES = 10;

/** What is handed in for so many blocks, and what one block is worth. */
interface Work {
  readonly dispatches: (blocks: number) => readonly Dispatches[];
  readonly passEach: boolean;
  /** The figure, from the milliseconds of one block. */
  readonly value: (blockMs: number) => number;
}

type WorkName = Exclude<MicroName & `gpu${string}`, 'gpuMemoryMiB' | 'gpuReadbackMs'>;

/** Takes the largest buffer that is to be had. Errors: out-of-memory, device-lost. */
async function takeBuffer(device: MicroDevice, wantedBytes: number): Promise<GPUBuffer> {
  for (let size: number | null = wantedBytes; ;) {
    const bytes: number = size;
    const taken = await device.guarded(() =>
      device.device.createBuffer({ size: bytes, usage: BUFFER_USAGE.storage }),
    );
    if (taken.ok) return taken.value;
    size = taken.error.code === 'out-of-memory' ? smallerReadBuffer(bytes) : null;
    if (size === null) throw new WitanError(taken.error);
  }
}

/** Measures the graphics card; each kernel is proved before it counts. */
export class MicroGpu implements MicroRig {
  readonly #device: MicroDevice;
  readonly #bench: MicroGpuBench;
  readonly #bufferBytes: number;
  readonly #nowMs: NowMs;
  readonly #works = new Map<MicroName, Work>();
  readonly #skipped: MicroReport['skipped'] = [];
  readonly #about: MicroPrepared;

  private constructor(device: MicroDevice, memory: GPUBuffer, found: FoundAdapter, ports: MicroGpuPorts) {
    this.#device = device;
    this.#bench = new MicroGpuBench(device.device, memory, 4 * THREADS);
    this.#bufferBytes = memory.size;
    this.#nowMs = ports.nowMs;
    const { name: adapter, fallback } = found;
    this.#about = { ...nothingPrepared(ports.clockStepUs), adapter, fallback };
  }

  get prepared(): MicroPrepared {
    return { ...this.#about, names: [...this.#works.keys(), 'gpuReadbackMs'], skipped: this.#skipped };
  }

  static async open(found: FoundAdapter, ports: MicroGpuPorts): Promise<MicroGpu> {
    const { adapter, fallback } = found;
    const hasF16 = adapter.features.has('shader-f16');
    const { maxBufferSize, maxStorageBufferBindingSize } = adapter.limits;
    const device = await MicroDevice.of(adapter, {
      requiredFeatures: hasF16 ? ['shader-f16'] : [],
      requiredLimits: { maxBufferSize, maxStorageBufferBindingSize },
    });
    try {
      const largestBytes = Math.min(maxBufferSize, maxStorageBufferBindingSize);
      const { deviceMemoryGiB } = ports;
      const memory = await takeBuffer(device, readBufferBytes({ largestBytes, deviceMemoryGiB, fallback }));
      const rig = new MicroGpu(device, memory, found, ports);
      await rig.#make('gpuReadGBps', () => rig.#reading());
      await rig.#make('gpuF32Gflops', () => rig.#multiplying('f32'));
      if (hasF16) await rig.#make('gpuF16Gflops', () => rig.#multiplying('f16'));
      else rig.#skipped.push({ name: 'gpuF16Gflops', reason: 'no-f16' });
      await rig.#make('gpuDispatchUs', () => rig.#dispatching());
      return rig;
    } catch (thrown) {
      device.end();
      throw thrown;
    }
  }

  sample(name: MicroName, blocks: number): Promise<Outcome<MicroSample>> {
    return this.#device.guarded(() =>
      name === 'gpuReadbackMs' ? this.#readback(blocks) : this.#slope(this.#work(name), blocks),
    );
  }

  end(): void {
    this.#device.end();
  }

  /** A kernel that does not compile, or computes something else, costs its own figure alone. */
  async #make(name: WorkName, make: () => Promise<Work>): Promise<void> {
    const made = await this.#device.guarded(make);
    if (made.ok) this.#works.set(name, made.value);
    else if (made.error.code === 'device-lost') throw new WitanError(made.error);
    else this.#skipped.push({ name, reason: 'failed' });
  }

  #work(name: MicroName): Work {
    return present(this.#works.get(name), `the kernel of ${name}`);
  }

  async #reading(): Promise<Work> {
    const [fill, kernel] = [await this.#bench.kernel(FILL), await this.#bench.kernel(READ)];
    const steps = this.#bufferBytes / STEP_BYTES;
    await this.#bench.submit([over(fill, steps)], false);
    for (const start of [0, (steps - READ_UNROLLED) * THREADS]) {
      const sums = await this.#proof(over(kernel, READ_UNROLLED, start));
      const sum = sums.reduce((total, each) => (total + each) >>> 0, 0);
      assert(sum === expectedRead(start, READ_UNROLLED), 'sum of what was read');
    }
    return {
      // Whole readings of the buffer, and a rest.
      dispatches: (blocks) => [
        { ...over(kernel, steps), count: Math.floor((blocks * READ_UNROLLED) / steps) },
        over(kernel, (blocks * READ_UNROLLED) % steps),
      ],
      passEach: false,
      value: (blockMs) => READ_ALIGN_BYTES / blockMs / 1e6,
    };
  }

  async #multiplying(type: 'f32' | 'f16'): Promise<Work> {
    const kernel = await this.#bench.kernel(multiplyKernel(type));
    const sums = new Float32Array((await this.#proof(over(kernel, PROOF_TURNS))).buffer);
    const expected = expectedMultiply(PROOF_TURNS);
    const largest = PROOF_TOLERANCE[type] * expected;
    assert(
      sums.every((sum) => Math.abs(sum - expected) <= largest),
      'product of the chains',
    );
    return {
      dispatches: (blocks) => [over(kernel, blocks)],
      passEach: false,
      value: (blockMs) => FLOPS_PER_TURN / blockMs / 1e6,
    };
  }

  async #dispatching(): Promise<Work> {
    const kernel = await this.#bench.kernel(COUNT);
    const times = (count: number): Dispatches => ({ ...over(kernel, 0), workgroups: 1, count });
    this.#bench.clearCount();
    await this.#bench.submit([times(PROOF_DISPATCHES)], true);
    const [counted] = await this.#bench.results(1);
    assert(counted === PROOF_DISPATCHES, 'count of the dispatches');
    return {
      dispatches: (blocks) => [times(blocks * DISPATCHES_PER_BLOCK)],
      passEach: true,
      value: (blockMs) => (blockMs * 1000) / DISPATCHES_PER_BLOCK,
    };
  }

  async #proof(work: Dispatches): Promise<Uint32Array> {
    await this.#bench.submit([work], false);
    return this.#bench.results(THREADS);
  }

  /** Encoding counts: engines have to do it too. */
  async #timed(work: Work, blocks: number): Promise<number> {
    const startMs = this.#nowMs();
    await this.#bench.submit(work.dispatches(blocks), work.passEach);
    return this.#nowMs() - startMs;
  }

  /**
   * Milliseconds of a block from a large and a small submission, which may be empty: some browsers take 100 ms to tell that
   * nothing is done. The repetition took what is due to its work.
   */
  async #slope(work: Work, blocks: number): Promise<MicroSample> {
    const small = Math.floor(blocks / SMALL_SHARE);
    const smallMs = await this.#timed(work, small);
    const largeMs = await this.#timed(work, blocks);
    const dueMs = Math.max(0, largeMs - smallMs) / (blocks - small);
    // Too little work to tell: it takes less than the whole.
    const blockMs = dueMs > 0 ? dueMs : largeMs / blocks;
    return { value: blockMs > 0 ? work.value(blockMs) : 0, elapsedMs: dueMs * blocks };
  }

  async #readback(blocks: number): Promise<MicroSample> {
    const startMs = this.#nowMs();
    for (let done = 0; done < blocks; done += 1) await this.#bench.results(1);
    const elapsedMs = this.#nowMs() - startMs;
    return { value: elapsedMs / blocks, elapsedMs };
  }
}

function over(kernel: ReadyKernel, amount: number, start = 0): Dispatches {
  return { kernel, run: { amount, start }, workgroups: WORKGROUPS, count: amount === 0 ? 0 : 1 };
}
