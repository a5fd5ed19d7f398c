import { ok } from '#kernel/result';
import type { Outcome } from '#contracts/errors';
import type { ProbeReport } from '#contracts/hardware';
import type { ModelDemand, ModelFit } from '#contracts/model-fit';
import type { ProbePort } from '#contracts/ports';
import { memoryFit } from '../capacity/memory-fit.ts';

/** Judges models by one look at the device: neither its memory nor its graphics card changes while a page lives. */
export class FitJudge {
  readonly #device: ProbePort;
  #report: ProbeReport | null = null;

  constructor(device: ProbePort) {
    this.#device = device;
  }

  /** Errors: those of the probe. */
  async fit(signal: AbortSignal, demand: ModelDemand): Promise<Outcome<ModelFit>> {
    if (this.#report === null) {
      const probed = await this.#device.probe(signal);
      if (!probed.ok) return probed;
      this.#report = probed.value;
    }
    const { profile, reasons } = this.#report;
    // The tier makes nothing of a reading that may stand for any amount above it.
    const memory = reasons.find(({ input }) => input === 'memory');
    return ok(memoryFit(profile, demand, memory?.score === null));
  }
}
