import { failureOf, type WitanFailure } from '#contracts/errors';
import type { ProbeReport } from '#contracts/hardware';
import type { DevicePort } from '#contracts/ports';

/** What the Device page shows. */
export class DeviceModel {
  report = $state.raw<ProbeReport | null>(null);
  problem = $state.raw<WitanFailure | null>(null);
  probing = $state(false);
  readonly #device: DevicePort;

  constructor(device: DevicePort) {
    this.#device = device;
  }

  async probe(signal: AbortSignal): Promise<void> {
    this.probing = true;
    this.problem = null;
    try {
      const probed = await this.#device.probe(signal);
      if (signal.aborted) return;
      if (probed.ok) this.report = probed.value;
      else this.problem = probed.error;
    } catch (thrown) {
      this.problem = failureOf(thrown);
    } finally {
      this.probing = false;
    }
  }
}
