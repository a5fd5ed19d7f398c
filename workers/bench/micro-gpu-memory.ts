import { ok } from '#kernel/result';
import type { Outcome } from '#contracts/errors';
import type { MicroName, MicroPrepared, MicroSample } from '#contracts/micro-bench';
import { mostProbedBytes, nextBufferBytes } from '../../src/hardware/micro/memory-growth.ts';
import { BUFFER_USAGE, MicroDevice, type FoundAdapter } from './micro-gpu-device.ts';
import { nothingPrepared, type MicroRig, type NowMs } from './micro-rig.ts';

const MIB = 2 ** 20;
/** The whole is to end within seconds, also where memory comes slowly. */
const LIMIT_MS = 1_000;

export interface MemoryProbePorts {
  readonly nowMs: NowMs;
  readonly clockStepUs: number;
  readonly deviceMemoryGiB: unknown;
}

/**
 * Takes buffer after buffer until there is no more, and gives all back. Each is written by the graphics card, since memory
 * that nobody touched need not be there.
 */
export class MicroGpuMemory implements MicroRig {
  readonly prepared: MicroPrepared;
  readonly #device: MicroDevice;
  readonly #ports: MemoryProbePorts;
  readonly #largestBytes: number;

  private constructor(device: MicroDevice, found: FoundAdapter, ports: MemoryProbePorts) {
    this.#device = device;
    this.#ports = ports;
    this.#largestBytes = found.adapter.limits.maxBufferSize;
    this.prepared = {
      ...nothingPrepared(ports.clockStepUs),
      names: ['gpuMemoryMiB'],
      adapter: found.name,
      fallback: found.fallback,
    };
  }

  static async open(found: FoundAdapter, ports: MemoryProbePorts): Promise<MicroGpuMemory> {
    const { maxBufferSize } = found.adapter.limits;
    const device = await MicroDevice.of(found.adapter, { requiredLimits: { maxBufferSize } });
    return new MicroGpuMemory(device, found, ports);
  }

  /** Only a lost device is an error: that memory ends is what is asked. */
  async sample(_name: MicroName, _blocks: number): Promise<Outcome<MicroSample>> {
    const { nowMs, deviceMemoryGiB } = this.#ports;
    const mostBytes = mostProbedBytes(deviceMemoryGiB);
    const startMs = nowMs();
    const buffers: GPUBuffer[] = [];
    let heldBytes = 0;
    try {
      while (nowMs() - startMs < LIMIT_MS) {
        const size = nextBufferBytes(heldBytes, mostBytes, this.#largestBytes);
        if (size === 0) break;
        const taken = await this.#device.guarded(() => this.#take(size, buffers));
        if (!taken.ok && taken.error.code === 'device-lost') return taken;
        if (!taken.ok) break;
        heldBytes += size;
      }
    } finally {
      for (const buffer of buffers) buffer.destroy();
    }
    return ok({ value: heldBytes / MIB, elapsedMs: nowMs() - startMs });
  }

  end(): void {
    this.#device.end();
  }

  async #take(size: number, buffers: GPUBuffer[]): Promise<void> {
    const { device } = this.#device;
    const buffer = device.createBuffer({ size, usage: BUFFER_USAGE.storage | BUFFER_USAGE.copyTarget });
    buffers.push(buffer);
    const encoder = device.createCommandEncoder();
    encoder.clearBuffer(buffer);
    device.queue.submit([encoder.finish()]);
    await device.queue.onSubmittedWorkDone();
  }
}
