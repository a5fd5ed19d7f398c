import { ok, err } from '#kernel/result';
import { failure, WitanError, type Outcome } from '#contracts/errors';
import type { MicroReport } from '#contracts/micro-bench';
import { isSoftwareAdapter } from '../../src/hardware/adapters.ts';

/** WebGPU's flags by their values in the standard: workers of older browsers lack some of the names. */
export const BUFFER_USAGE = { mapRead: 1, copySource: 4, copyTarget: 8, uniform: 64, storage: 128 } as const;
export const MAP_READ = 1;

type SkipReason = MicroReport['skipped'][number]['reason'];

export interface FoundAdapter {
  readonly adapter: GPUAdapter;
  /** As it names itself. */
  readonly name: string;
  readonly fallback: boolean;
}

/** The adapter that models would run on, or why there is none to measure. */
export async function findAdapter(
  gpu: GPU | undefined,
  allowFallback: boolean,
): Promise<
  FoundAdapter | { readonly missing: SkipReason; readonly name: string; readonly fallback: boolean }
> {
  const adapter = await gpu?.requestAdapter({ powerPreference: 'high-performance' });
  if (adapter === undefined || adapter === null) return { missing: 'no-webgpu', name: '', fallback: false };
  const info = adapter.info as GPUAdapterInfo | undefined;
  const names = [info?.vendor, info?.architecture, info?.device, info?.description]
    .filter((each) => each !== undefined && each !== '')
    .join(' ');
  const fallback = isSoftwareAdapter(adapter, info, names);
  if (fallback && !allowFallback) return { missing: 'software-adapter', name: names, fallback };
  return { adapter, name: names, fallback };
}

/** A device that remembers its loss, and whose errors are failures. */
export class MicroDevice {
  readonly device: GPUDevice;
  #lost = false;
  #ended = false;

  private constructor(device: GPUDevice) {
    this.device = device;
    void device.lost.then(() => {
      this.#lost = !this.#ended;
    });
  }

  static async of(adapter: GPUAdapter, descriptor: GPUDeviceDescriptor): Promise<MicroDevice> {
    return new MicroDevice(await adapter.requestDevice(descriptor));
  }

  /**
   * What `work` gives, once the device has looked at all that it did.
   * Errors: device-lost, out-of-memory, internal (invalid work, or whatever `work` threw).
   */
  async guarded<T>(work: () => T | Promise<T>): Promise<Outcome<T>> {
    const scopes = ['validation', 'out-of-memory', 'internal'] as const;
    for (const scope of scopes) this.device.pushErrorScope(scope);
    let outcome: Outcome<T>;
    try {
      outcome = ok(await work());
    } catch (thrown) {
      outcome = err(thrown instanceof WitanError ? thrown.failure : failure('internal', {}, thrown));
    }
    for (const scope of [...scopes].reverse()) {
      // Rejects only where the device is lost.
      const error = await this.device.popErrorScope().catch(() => null);
      if (error === null) continue;
      const code = scope === 'out-of-memory' ? 'out-of-memory' : 'internal';
      outcome = err(failure(code, { scope }, error.message));
    }
    // What failed because the device went is no fault of the work; word of the loss may come a little later.
    if (!outcome.ok) await new Promise((resolve) => setTimeout(resolve));
    return this.#lost ? err(failure('device-lost')) : outcome;
  }

  /** Gives back everything that was made on it. */
  end(): void {
    this.#ended = true;
    this.device.destroy();
  }
}
