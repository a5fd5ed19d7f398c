import { ok } from '#kernel/result';
import type { Outcome } from '#contracts/errors';
import type { HardwareProfile } from '#contracts/hardware';
import type { ModelDemand, ModelFit } from '#contracts/model-fit';
import type { DevicePort } from '#contracts/ports';
import { memoryFit } from '../capacity/memory-fit.ts';
import { isCapped } from '../hardware/tier-inputs.ts';

/** Judges models by one look at the device: neither its memory nor its graphics card changes while a page lives. */
export class FitJudge {
  readonly #device: DevicePort;
  #profile: HardwareProfile | null = null;

  constructor(device: DevicePort) {
    this.#device = device;
  }

  /** Errors: those of the probe. */
  async fit(signal: AbortSignal, demand: ModelDemand): Promise<Outcome<ModelFit>> {
    if (this.#profile === null) {
      const probed = await this.#device.probe(signal);
      if (!probed.ok) return probed;
      this.#profile = probed.value.profile;
    }
    const { deviceMemoryGiB, userAgent } = this.#profile;
    const memoryIsFloor = deviceMemoryGiB !== null && isCapped(deviceMemoryGiB, userAgent);
    return ok(memoryFit(this.#profile, demand, memoryIsFloor));
  }
}
