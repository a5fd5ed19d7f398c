import { failureOf, type Outcome, type WitanFailure } from '#contracts/errors';
import type { PredictionRecord, PredictReport, SpeedProgress } from '#contracts/capacity';
import type { ModelMeasureProgress } from '#contracts/model-measurement';
import type { CapacityPort, WitanPorts } from '#contracts/ports';
import { MeasureRun } from './measure-run.svelte.ts';

/** What this device can run and how fast, as far as it was measured. A measurement goes on while another page is open. */
export class CapacityModel {
  report = $state.raw<PredictReport | null>(null);
  problem = $state.raw<WitanFailure | null>(null);
  /** How right the predictions were. */
  record = $state.raw<PredictionRecord | null>(null);
  recordProblem = $state.raw<WitanFailure | null>(null);
  predicting = $state(false);
  readonly run = new MeasureRun<SpeedProgress>();
  /** Of one model of web-llm, without its weights. */
  readonly modelRun = new MeasureRun<ModelMeasureProgress>();
  /** The model that `modelRun` is, or was last, about. */
  modelMeasured = $state<string | null>(null);
  readonly #port: WitanPorts['capacity'];

  constructor(port: WitanPorts['capacity']) {
    this.#port = port;
  }

  async load(signal: AbortSignal): Promise<void> {
    this.predicting = true;
    this.problem = null;
    this.recordProblem = null;
    const [predicted, record] = await Promise.all([
      this.#ask((port) => port.predict(signal, null)),
      this.#ask((port) => port.record()),
    ]);
    if (signal.aborted) return;
    if (predicted.ok) this.report = predicted.value;
    else this.problem = predicted.error;
    if (record.ok) this.record = record.value;
    else this.recordProblem = record.error;
    this.predicting = false;
  }

  async measure(): Promise<void> {
    const measured = await this.run.run(async (signal, onProgress) =>
      (await this.#port()).measure(signal, onProgress),
    );
    if (measured !== null) await this.load(new AbortController().signal);
  }

  /** With the user's yes to the download of its library. */
  async measureModel(modelId: string): Promise<void> {
    if (this.modelRun.running || this.run.running) return;
    this.modelMeasured = modelId;
    const measured = await this.modelRun.run(async (signal, onProgress) =>
      (await this.#port()).measureModel(signal, modelId, onProgress),
    );
    if (measured !== null) await this.load(new AbortController().signal);
  }

  async #ask<T>(task: (port: CapacityPort) => Promise<Outcome<T>>): Promise<Outcome<T>> {
    try {
      return await task(await this.#port());
    } catch (thrown) {
      return { ok: false, error: failureOf(thrown) };
    }
  }
}

const models = new WeakMap<WitanPorts, CapacityModel>();

export function capacityModel(ports: WitanPorts): CapacityModel {
  const known = models.get(ports) ?? new CapacityModel(ports.capacity);
  models.set(ports, known);
  return known;
}
