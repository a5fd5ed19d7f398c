import { failureOf, type Outcome, type WitanFailure } from '#contracts/errors';
import type { ProbeReport, Tier } from '#contracts/hardware';
import type { MicroProgress } from '#contracts/micro-bench';
import type { DevicePort, WitanPorts } from '#contracts/ports';
import { MeasureRun } from './measure-run.svelte.ts';

/** What is read and measured of the device itself. A measurement goes on while another page is open. */
export class DeviceModel {
  report = $state.raw<ProbeReport | null>(null);
  problem = $state.raw<WitanFailure | null>(null);
  probing = $state(false);
  readonly run = new MeasureRun<MicroProgress>();
  /** What is being set as the tier; null: nothing is. */
  #wanted = $state.raw<{ readonly tier: Tier | null } | null>(null);
  /** The user's word on the tier, as soon as it is given; null: as measured. */
  readonly override = $derived(this.#wanted === null ? (this.report?.override ?? null) : this.#wanted.tier);
  /** Why the tier could not be set. */
  tierProblem = $state.raw<WitanFailure | null>(null);
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
      if (!signal.aborted) this.problem = failureOf(thrown);
    } finally {
      this.probing = false;
    }
  }

  async measure(): Promise<void> {
    const report = await this.run.run((signal, onProgress) => this.#device.measure(signal, onProgress));
    if (report !== null) this.report = report;
  }

  /** Null: as measured. Of several words in a row the last one holds. */
  async setTier(tier: Tier | null): Promise<void> {
    const busy = this.#wanted !== null;
    const wanted = { tier };
    this.#wanted = wanted;
    if (busy) return;
    for (let next: typeof wanted | null = wanted; next !== null;) {
      const now: typeof wanted = next;
      this.tierProblem = null;
      const set = await this.#attempt(() => this.#device.setTier(now.tier));
      if (set.ok) await this.probe(new AbortController().signal);
      else this.tierProblem = set.error;
      next = this.#wanted === now ? null : this.#wanted;
    }
    this.#wanted = null;
  }

  async #attempt<T>(task: () => Promise<Outcome<T>>): Promise<Outcome<T>> {
    try {
      return await task();
    } catch (thrown) {
      return { ok: false, error: failureOf(thrown) };
    }
  }
}

const models = new WeakMap<WitanPorts, DeviceModel>();

export function deviceModel(ports: WitanPorts): DeviceModel {
  const known = models.get(ports) ?? new DeviceModel(ports.device);
  models.set(ports, known);
  return known;
}
