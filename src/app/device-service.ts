import type { Clock } from '#kernel/clock';
import { err, ok } from '#kernel/result';
import { failure, type Outcome } from '#contracts/errors';
import type { ProbeReport, Tier } from '#contracts/hardware';
import type { MicroProgress, MicroReport } from '#contracts/micro-bench';
import type { DevicePort } from '#contracts/ports';
import type { DeviceStore } from '../storage/device-store.ts';

export interface DeviceServicePorts {
  readonly clock: Clock;
  /** The measured refresh interval, null before it is known. */
  readonly refreshIntervalMs: () => number | null;
  /** Its code comes with the first call; may reject, and everything but keeping works on. */
  readonly store: () => Promise<DeviceStore>;
  /** Measures the device; its code comes with the first call. Errors: those of `DevicePort.measure`. */
  readonly microBench: (
    signal: AbortSignal,
    onProgress: (progress: MicroProgress) => void,
  ) => Promise<Outcome<MicroReport>>;
}

/** Reads and measures the device on demand, and keeps what was found; the code comes with the first call. */
export class DeviceService implements DevicePort {
  readonly #ports: DeviceServicePorts;
  #probing: Promise<ProbeReport> | null = null;
  #tier: Tier | null = null;
  #measuring = false;

  constructor(ports: DeviceServicePorts) {
    this.#ports = ports;
  }

  /** As it was judged last; null before that. */
  get tier(): Tier | null {
    return this.#tier;
  }

  async probe(signal: AbortSignal): Promise<Outcome<ProbeReport>> {
    this.#probing ??= this.#probe().finally(() => {
      this.#probing = null;
    });
    const report = await this.#probing;
    return signal.aborted ? err(failure('cancelled')) : ok(report);
  }

  async measure(
    signal: AbortSignal,
    onProgress: (progress: MicroProgress) => void,
  ): Promise<Outcome<ProbeReport>> {
    if (this.#measuring) return err(failure('queue-full', { queue: 'measurements' }));
    this.#measuring = true;
    try {
      return await this.#measure(signal, onProgress);
    } catch (thrown) {
      // Code that could not be fetched.
      return err(failure('engine-unavailable', { engine: 'micro-bench' }, thrown));
    } finally {
      this.#measuring = false;
    }
  }

  async setTier(tier: Tier | null): Promise<Outcome<null>> {
    const store = await this.#store();
    return store === null ? err(failure('storage-failed', { store: 'settings' })) : store.keepTier(tier);
  }

  async #measure(
    signal: AbortSignal,
    onProgress: (progress: MicroProgress) => void,
  ): Promise<Outcome<ProbeReport>> {
    const [{ readProfile }, { measuredMachineOf }] = await Promise.all([
      import('./device-report.ts'),
      import('../hardware/tier-visit.ts'),
    ]);
    // Before, while nothing is busy: it names the machine that the figures hold for.
    const profile = await readProfile(this.#ports.clock, this.#ports.refreshIntervalMs);
    if (signal.aborted) return err(failure('cancelled'));
    const measured = await this.#ports.microBench(signal, onProgress);
    if (!measured.ok) return measured;
    const store = await this.#store();
    // Where it cannot be kept it holds in this tab.
    await store?.keepMeasurement({ machine: measuredMachineOf(profile), report: measured.value });
    // One that began before this measurement was kept knows nothing of it.
    await this.#probing;
    return this.probe(signal);
  }

  async #probe(): Promise<ProbeReport> {
    const [{ judge, readProfile }, store] = await Promise.all([import('./device-report.ts'), this.#store()]);
    const report = await judge(await readProfile(this.#ports.clock, this.#ports.refreshIntervalMs), store);
    this.#tier = report.tier;
    return report;
  }

  async #store(): Promise<DeviceStore | null> {
    try {
      return await this.#ports.store();
    } catch {
      return null;
    }
  }
}
