import { beforeEach, expect, it } from 'vitest';
import { err, ok } from '#kernel/result';
import { failure } from '#contracts/errors';
import { MicroGpuMemory } from '../../../../workers/bench/micro-gpu-memory.ts';
import { VirtualClock } from '../../../fakes/virtual-clock.ts';

const MIB = 2 ** 20;

let clock: VirtualClock;
beforeEach(() => {
  clock = new VirtualClock();
});

/** A device with so much memory; clearing a buffer takes virtual time. */
class FakeMemoryDevice {
  heldBytes = 0;
  mostBytes = 0;
  destroyed = false;
  onTake: () => void = () => undefined;
  resolveLost: () => void = () => undefined;
  readonly lost: Promise<void>;
  readonly #hasBytes: number;
  readonly #clearMs: number;
  #failed: GPUError | null = null;

  constructor(hasBytes: number, clearMs: number) {
    this.#hasBytes = hasBytes;
    this.#clearMs = clearMs;
    this.lost = new Promise((resolve) => {
      this.resolveLost = resolve;
    });
  }

  readonly queue = {
    submit: (): void => {
      clock.block(this.#clearMs);
    },
    onSubmittedWorkDone: (): Promise<void> => Promise.resolve(),
  };

  createBuffer({ size }: { size: number }): { destroy: () => void } {
    this.onTake();
    if (this.heldBytes + size > this.#hasBytes) {
      this.#failed = { message: 'no memory' };
      return { destroy: () => undefined };
    }
    this.heldBytes += size;
    this.mostBytes = Math.max(this.mostBytes, this.heldBytes);
    return {
      destroy: () => {
        this.heldBytes -= size;
      },
    };
  }

  createCommandEncoder(): object {
    return { clearBuffer: () => undefined, finish: () => ({}) };
  }

  readonly #scopes: string[] = [];
  pushErrorScope(scope: string): void {
    this.#scopes.push(scope);
  }
  popErrorScope(): Promise<GPUError | null> {
    if (this.#scopes.pop() !== 'out-of-memory') return Promise.resolve(null);
    const error = this.#failed;
    this.#failed = null;
    return Promise.resolve(error);
  }

  destroy(): void {
    this.destroyed = true;
    this.resolveLost();
  }
}

async function probe(
  device: FakeMemoryDevice,
  deviceMemoryGiB: unknown = undefined,
): Promise<MicroGpuMemory> {
  const adapter = {
    limits: { maxBufferSize: 1024 * MIB },
    requestDevice: () => Promise.resolve(device),
  };
  const found = { adapter: adapter as unknown as GPUAdapter, name: 'a card', fallback: false };
  return MicroGpuMemory.open(found, { nowMs: () => clock.nowMs(), clockStepUs: 5, deviceMemoryGiB });
}

it('takes memory until there is no more, and gives all of it back', async () => {
  const device = new FakeMemoryDevice(3000 * MIB, 5);
  const rig = await probe(device);
  for (let run = 0; run < 2; run += 1) {
    const taken = await rig.sample('gpuMemoryMiB', 1);
    expect(taken).toMatchObject({ ok: true, value: { value: device.mostBytes / MIB } });
    expect(device.heldBytes).toBe(0);
  }
  expect(device.mostBytes / MIB).toBeGreaterThan(3000 - 256);
  rig.end();
  expect(device.destroyed).toBe(true);
});

it('never takes more than its share of the memory that the browser tells of', async () => {
  const device = new FakeMemoryDevice(64 * 1024 * MIB, 1);
  const taken = await (await probe(device, 4)).sample('gpuMemoryMiB', 1);
  expect(taken.ok && taken.value.value).toBeLessThanOrEqual(0.6 * 4096);
  expect(taken.ok && taken.value.value).toBeGreaterThan(0.6 * 4096 - 16);
});

it('stops in time where memory comes slowly', async () => {
  const device = new FakeMemoryDevice(64 * 1024 * MIB, 400);
  const taken = await (await probe(device)).sample('gpuMemoryMiB', 1);
  expect(taken).toEqual(ok({ value: 192, elapsedMs: 1200 }));
  expect(device.heldBytes).toBe(0);
});

it('is nothing where there is no memory at all', async () => {
  const taken = await (await probe(new FakeMemoryDevice(0, 1))).sample('gpuMemoryMiB', 1);
  expect(taken).toEqual(ok({ value: 0, elapsedMs: 1 }));
});

it('gives back what it took when the device is lost meanwhile', async () => {
  const device = new FakeMemoryDevice(3000 * MIB, 5);
  const rig = await probe(device);
  device.onTake = () => {
    if (device.heldBytes > 500 * MIB) device.resolveLost();
  };
  expect(await rig.sample('gpuMemoryMiB', 1)).toEqual(err(failure('device-lost')));
  expect(device.heldBytes).toBe(0);
});
