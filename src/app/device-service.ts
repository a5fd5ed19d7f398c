import type { Clock } from '#kernel/clock';
import { err, ok } from '#kernel/result';
import { failure, type Outcome } from '#contracts/errors';
import type { ProbeReport } from '#contracts/hardware';
import type { DevicePort } from '#contracts/ports';

/** Reads the device on demand; the code comes with the first call. */
export class DeviceService implements DevicePort {
  readonly #clock: Clock;
  readonly #refreshIntervalMs: () => number | null;
  #probing: Promise<ProbeReport> | null = null;

  /** @param refreshIntervalMs the measured refresh interval, null before it is known */
  constructor(clock: Clock, refreshIntervalMs: () => number | null) {
    this.#clock = clock;
    this.#refreshIntervalMs = refreshIntervalMs;
  }

  async probe(signal: AbortSignal): Promise<Outcome<ProbeReport>> {
    this.#probing ??= this.#probe().finally(() => {
      this.#probing = null;
    });
    const report = await this.#probing;
    return signal.aborted ? err(failure('cancelled')) : ok(report);
  }

  measure(): Promise<Outcome<ProbeReport>> {
    return Promise.resolve(err(failure('engine-unavailable')));
  }

  setTier(): Promise<Outcome<null>> {
    return Promise.resolve(err(failure('storage-failed')));
  }

  async #probe(): Promise<ProbeReport> {
    const [{ readHardwareProfile }, { classifyTier, probeReport }, { browserProbeEnvironment }] =
      await Promise.all([
        import('../hardware/probe.ts'),
        import('../hardware/tier.ts'),
        import('../platform/probe-environment.ts'),
      ]);
    const environment = browserProbeEnvironment(this.#clock, this.#refreshIntervalMs);
    const profile = await readHardwareProfile(environment);
    return probeReport(profile, classifyTier(profile));
  }
}
