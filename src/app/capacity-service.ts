import type { Clock } from '#kernel/clock';
import { err, ok } from '#kernel/result';
import type {
  ModelPrediction,
  PredictionRecord,
  PredictReport,
  SpeedMeasurement,
  SpeedProgress,
} from '#contracts/capacity';
import type { Deliberation } from '#contracts/deliberation';
import { failure, type Outcome } from '#contracts/errors';
import type { ProbeReport } from '#contracts/hardware';
import type { ModelMeasurement, ModelMeasureProgress } from '#contracts/model-measurement';
import type { CapacityPlan, Goal, WhatIf } from '#contracts/plan';
import type { CapacityPort, ProbePort } from '#contracts/ports';
import type { ScalabilityReport } from '#contracts/scalability';
import { isOfThisDevice, measuredSpeed } from '../capacity/measured-speed.ts';
import { memoryFit } from '../capacity/memory-fit.ts';
import { isKept } from '../capacity/mlc-source.ts';
import { planCapacity } from '../capacity/plan/plan-capacity.ts';
import { byFit, demandOfKnown, predictModel } from '../capacity/predict-model.ts';
import type { Device, PredictionQuestion } from '../capacity/predict-speed.ts';
import { predictWebLlm } from '../capacity/predict-web-llm.ts';
import { correctionOf, recordOf, verdictsOf } from '../capacity/prediction-record.ts';
import { projectScalability } from '../capacity/scalability/project-scalability.ts';
import type { KnownModel } from '../capacity/known-model.ts';
import type { PredictionStore } from '../storage/prediction-store.ts';
import type { SpeedMeasurementStore } from '../storage/speed-measurement-store.ts';
import { fitReason } from '../ui/models/fit-words.ts';
import { measureSpeed, speedBackend, type CapacityMeasurePorts } from './capacity-measure.ts';
import { planInput, scalabilityInput, type PlanSources, type PredictedModel } from './capacity-view.ts';
import type { CatalogueSource } from './catalogue-source.ts';
import { keptWeights } from './kept-weights.ts';
import { knownModels, type KnownModelPorts } from './known-models.ts';
import type { ModelsService } from './models-service.ts';
import { webLlmFitReason } from './web-llm-fit-words.ts';
import type { WebLlmSpeeds } from './web-llm-speeds.ts';

export interface CapacityServicePorts extends CapacityMeasurePorts, KnownModelPorts {
  readonly clock: Clock;
  readonly device: ProbePort;
  readonly catalogue: Pick<CatalogueSource, 'gguf' | 'webLlm' | 'councils'>;
  readonly models: () => Promise<Pick<ModelsService, 'list' | 'inspect'>>;
  readonly speeds: Promise<SpeedMeasurementStore>;
  readonly predictions: Promise<PredictionStore>;
  readonly webLlmSpeeds: Pick<WebLlmSpeeds, 'held' | 'measure'>;
  /** Runs a task while no member is asked anything. */
  readonly exclusively: <T>(signal: AbortSignal, task: () => Promise<Outcome<T>>) => Promise<Outcome<T>>;
}

/** A question of a few sentences, and an answer of a few paragraphs. */
export const QUESTION: PredictionQuestion = { promptTokens: 256, answerTokens: 256 };

/** What is looked at for every prediction. */
interface Look {
  readonly probe: ProbeReport;
  readonly device: Device;
  readonly measurement: SpeedMeasurement | null;
}

/** What this device can run, how fast, and the council that fits it. */
export class CapacityService implements CapacityPort {
  readonly #ports: CapacityServicePorts;
  #measuring = false;

  constructor(ports: CapacityServicePorts) {
    this.#ports = ports;
  }

  async measurement(): Promise<Outcome<SpeedMeasurement | null>> {
    const look = await this.#look(new AbortController().signal);
    return look.ok ? ok(look.value.measurement) : look;
  }

  measure(
    signal: AbortSignal,
    onProgress: (progress: SpeedProgress) => void,
  ): Promise<Outcome<SpeedMeasurement>> {
    return this.#alone(signal, async ({ profile }) => {
      const backend = speedBackend(profile);
      const measured = await this.#ports.exclusively(signal, () =>
        measureSpeed(this.#ports, backend, signal, onProgress),
      );
      // What cannot be kept holds in this tab all the same.
      if (measured.ok) await (await this.#ports.speeds).write(measured.value);
      return measured;
    });
  }

  measureModel(
    signal: AbortSignal,
    modelId: string,
    onProgress: (progress: ModelMeasureProgress) => void,
  ): Promise<Outcome<ModelMeasurement>> {
    return this.#alone(signal, ({ profile }) =>
      this.#ports.webLlmSpeeds.measure(signal, modelId, profile, onProgress),
    );
  }

  /** One measurement at a time. */
  async #alone<T>(
    signal: AbortSignal,
    measure: (report: ProbeReport) => Promise<Outcome<T>>,
  ): Promise<Outcome<T>> {
    if (this.#measuring) return err(failure('queue-full', { limit: 1 }));
    this.#measuring = true;
    try {
      const probed = await this.#ports.device.probe(signal);
      return probed.ok ? await measure(probed.value) : probed;
    } finally {
      this.#measuring = false;
    }
  }

  async predict(signal: AbortSignal, modelIds: readonly string[] | null): Promise<Outcome<PredictReport>> {
    const { clock } = this.#ports;
    const startedMs = clock.nowMs();
    const look = await this.#look(signal);
    if (!look.ok) return look;
    const predicted = await this.#predicted(signal, look.value, modelIds);
    if (!predicted.ok) return predicted;
    // The bundled models are no choice: they are there.
    const rows = predicted.value
      .filter(({ prediction }) => prediction.engine !== 'starter' || modelIds !== null)
      .map(({ prediction }): ModelPrediction => ({
        ...prediction,
        engine: prediction.engine === 'web-llm' ? 'web-llm' : 'wllama',
      }));
    const unknown = modelIds?.find((id) => !rows.some((row) => row.id === id));
    if (unknown !== undefined) return err(failure('member-unknown', { member: unknown }));
    const { measurement, device } = look.value;
    return ok({
      schema: 'witan.predict',
      version: 1,
      models: rows.sort(byFit),
      measuredOn:
        measurement === null
          ? null
          : {
              measuredAtMs: measurement.measuredAtMs,
              wallMs: measurement.wallMs,
              backend: measurement.backend,
              threads: measurement.threads,
              parameters: [...(device.measured?.parameters ?? [])],
              stable: measurement.stable,
              userAgent: measurement.userAgent,
            },
      wall: clock.nowMs() - startedMs,
    });
  }

  async plan(signal: AbortSignal, goal: Goal, whatIf?: WhatIf): Promise<Outcome<CapacityPlan>> {
    const startedMs = this.#ports.clock.nowMs();
    const sources = await this.#planSources(signal);
    if (!sources.ok) return sources;
    const plan = planCapacity(planInput(sources.value, goal, whatIf));
    return ok({ ...plan, wall: this.#ports.clock.nowMs() - startedMs });
  }

  async scalability(signal: AbortSignal, goal: Goal, whatIf?: WhatIf): Promise<Outcome<ScalabilityReport>> {
    const sources = await this.#planSources(signal);
    if (!sources.ok) return sources;
    const plan = planCapacity(planInput(sources.value, goal, whatIf));
    return ok(projectScalability(scalabilityInput(sources.value, plan, sources.value.measurement)));
  }

  async record(): Promise<Outcome<PredictionRecord>> {
    const verdicts = await (await this.#ports.predictions).list();
    return verdicts.ok ? ok(recordOf(verdicts.value)) : verdicts;
  }

  /**
   * Compares a round with what was predicted of its members, where one of them had the processor or the card to itself.
   * Whatever goes wrong with it, the round is none the worse.
   */
  async note({ askedAt, members }: Deliberation): Promise<void> {
    const signal = new AbortController().signal;
    const look = await this.#look(signal);
    if (!look.ok || look.value.measurement === null) return;
    const { device } = look.value;
    const here = members.filter(({ backend, tokens }) => backend === device.backend && tokens > 0);
    const [member, ...others] = here;
    if (member === undefined || others.length > 0 || member.engine !== 'wllama') return;
    const known = await knownModels(this.#ports, signal);
    const model = known.ok ? known.value.find(({ id }) => id === member.id) : undefined;
    const { promptTokens = null } = member;
    // The bundled models have threads of their own number.
    if (model?.engine !== 'wllama' || promptTokens === null) return;
    const foretold = predictModel(model, device, { promptTokens, answerTokens: member.tokens });
    const verdicts = verdictsOf(foretold, {
      atMs: askedAt,
      backend: member.backend,
      promptTokens,
      completionTokens: member.tokens,
      timeToFirstTokenMs: member.ttftMs,
      decodeTokensPerSecond: member.tokensPerSecond,
      memoryBytes: null,
      // What a conversation has in common with the one before need not be read again: nobody says how much it was.
      promptReused: true,
      disturbed: (member.restarts ?? 0) > 0,
    });
    if (verdicts.length > 0) await (await this.#ports.predictions).add(verdicts);
  }

  async #look(signal: AbortSignal): Promise<Outcome<Look>> {
    const probed = await this.#ports.device.probe(signal);
    if (!probed.ok) return probed;
    const wanted = speedBackend(probed.value.profile);
    const threads = this.#ports.threads();
    // An engine that finds the card of no use stays on the processor, and its measurement says so.
    const measurement =
      (await this.#kept(wanted, threads)) ?? (wanted === 'cpu' ? null : await this.#kept('cpu', threads));
    const backend = measurement?.backend ?? wanted;
    const measured = measurement === null ? null : measuredSpeed(measurement);
    const device = { backend, threads, measured, stable: measurement?.stable ?? false };
    return ok({ probe: probed.value, device, measurement });
  }

  /** The newest measurement with a backend, where it still holds for this device. */
  async #kept(backend: 'cpu' | 'webgpu', threads: number): Promise<SpeedMeasurement | null> {
    const stored = await (await this.#ports.speeds).read(backend);
    const kept = stored.ok ? stored.value : null;
    return kept !== null && isOfThisDevice(kept, threads, this.#ports.userAgent) ? kept : null;
  }

  async #predicted(
    signal: AbortSignal,
    { probe, device }: Look,
    modelIds: readonly string[] | null,
  ): Promise<Outcome<readonly PredictedModel[]>> {
    const { catalogue, models } = this.#ports;
    const [known, webLlm, kept, measured] = await Promise.all([
      knownModels(this.#ports, signal),
      catalogue.webLlm(signal),
      keptWeights(models),
      this.#ports.webLlmSpeeds.held(probe.profile),
    ]);
    if (!known.ok) return known;
    if (!webLlm.ok) return webLlm;
    const wanted = known.value.filter(({ id }) => modelIds === null || modelIds.includes(id));
    const list = webLlm.value;
    return ok([
      ...wanted.map((model) => this.#judged(probe, device, model)),
      ...predictWebLlm(list, probe.profile, (model) => isKept(list, model, kept), modelIds, measured).map(
        ({ fitBecause, misses, ...prediction }): PredictedModel => ({
          prediction: {
            ...prediction,
            engine: 'web-llm',
            fitReason: webLlmFitReason(fitBecause, misses, prediction.memory?.median ?? 0),
          },
          known: null,
        }),
      ),
    ]);
  }

  #judged({ profile, reasons }: ProbeReport, device: Device, known: KnownModel): PredictedModel {
    const demand = demandOfKnown(known);
    // The tier makes nothing of a reading that may stand for any amount above it.
    const floor = reasons.find(({ input }) => input === 'memory')?.score === null;
    const fit = memoryFit(profile, demand, floor);
    const prediction = predictModel(known, device, QUESTION);
    const words = fitReason(fit, demand);
    return {
      prediction: { ...prediction, engine: known.engine, fits: fit.verdict, fitReason: words },
      known,
    };
  }

  async #planSources(
    signal: AbortSignal,
  ): Promise<Outcome<PlanSources & { readonly measurement: SpeedMeasurement | null }>> {
    const look = await this.#look(signal);
    if (!look.ok) return look;
    const [models, councils, starter, verdicts] = await Promise.all([
      this.#predicted(signal, look.value, null),
      this.#ports.catalogue.councils(signal),
      this.#ports.starter(signal),
      this.#ports.predictions.then((store) => store.list()),
    ]);
    if (!models.ok) return models;
    const { probe, device, measurement } = look.value;
    return ok({
      probe,
      models: models.value,
      councils: councils.ok ? councils.value : null,
      starter: starter.ok ? starter.value : null,
      threads: device.threads,
      question: QUESTION,
      correction: correctionOf(
        verdicts.ok ? verdicts.value : [],
        device.backend,
        measurement?.measuredAtMs ?? 0,
      ),
      measurement,
    });
  }
}
