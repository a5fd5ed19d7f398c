import type { Clock } from '#kernel/clock';
import { err, ok } from '#kernel/result';
import type {
  ModelPrediction,
  PredictionRecord,
  PredictionVerdict,
  PredictReport,
  SpeedMeasurement,
  SpeedProgress,
} from '#contracts/capacity';
import type { MemberView } from '#contracts/council';
import type { Deliberation } from '#contracts/deliberation';
import type { LoadedModel } from '#contracts/engine';
import { failure, failureOf, type Outcome } from '#contracts/errors';
import type { ProbeReport } from '#contracts/hardware';
import type { ModelMeasurement, ModelMeasureProgress } from '#contracts/model-measurement';
import type { CapacityPlan, Goal, WhatIf } from '#contracts/plan';
import type { CalibrationPort, CapacityPort, ProbePort } from '#contracts/ports';
import type { ScalabilityReport } from '#contracts/scalability';
import { TELLING_QUESTIONS } from '#contracts/telling-questions';
import { isOfThisDevice, measuredSpeed } from '../capacity/measured-speed.ts';
import { memoryFit } from '../capacity/memory-fit.ts';
import { isKept } from '../capacity/mlc-source.ts';
import { planCapacity } from '../capacity/plan/plan-capacity.ts';
import { byFit, demandOfKnown, predictModel } from '../capacity/predict-model.ts';
import type { Device, PredictionQuestion } from '../capacity/predict-speed.ts';
import { predictWebLlm } from '../capacity/predict-web-llm.ts';
import { correctionOf, recordOf } from '../capacity/prediction-record.ts';
import { projectScalability } from '../capacity/scalability/project-scalability.ts';
import type { KnownModel } from '../capacity/known-model.ts';
import { measuredMachineOf } from '../hardware/tier-visit.ts';
import type { PredictionStore } from '../storage/prediction-store.ts';
import type { SpeedMeasurementStore } from '../storage/speed-measurement-store.ts';
import { fitReason } from '../ui/models/fit-words.ts';
import { measureSpeed, speedBackend, type CapacityMeasurePorts } from './capacity-measure.ts';
import { planInput, scalabilityInput, type PlanSources, type PredictedModel } from './capacity-view.ts';
import type { CatalogueSource } from './catalogue-source.ts';
import { keptWeights } from './kept-weights.ts';
import { modelAnswers } from './model-answers.ts';
import { knownModels, type KnownModelPorts } from './known-models.ts';
import type { ModelsService } from './models-service.ts';
import { outcomeOf } from './outcome-of.ts';
import { hasUnscored, roundVerdicts, type RoundCircumstances } from './round-verdicts.ts';
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
  readonly calibration: () => Pick<CalibrationPort, 'latest'>;
  /** The members that have a seat now. */
  readonly seated: () => readonly MemberView[];
  /** Runs a task while no member is asked anything. */
  readonly exclusively: <T>(signal: AbortSignal, task: () => Promise<Outcome<T>>) => Promise<Outcome<T>>;
}

const NEVER = new AbortController().signal;

/** A question of a few sentences, and an answer of a few paragraphs. */
export const QUESTION: PredictionQuestion = { promptTokens: 256, answerTokens: 256 };

/** One where the browser tells of none. */
const wholeThreads = (told: number): number => (told >= 1 && Number.isFinite(told) ? Math.floor(told) : 1);

/** What is looked at for every prediction. */
interface Look {
  readonly probe: ProbeReport;
  readonly device: Device;
  readonly measurement: SpeedMeasurement | null;
}

/** What this device can run, how fast, and the council that fits it. */
export class CapacityService implements CapacityPort {
  readonly #ports: CapacityServicePorts;
  /** Loads whose memory was compared with what was predicted. */
  readonly #scored = new WeakSet<LoadedModel>();
  #measuring = false;

  constructor(ports: CapacityServicePorts) {
    this.#ports = ports;
  }

  async measurement(): Promise<Outcome<SpeedMeasurement | null>> {
    const look = await outcomeOf(NEVER, () => this.#look(NEVER));
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
      if (measured.ok) await outcomeOf(NEVER, async () => (await this.#ports.speeds).write(measured.value));
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
      const probed = await outcomeOf(signal, () => this.#ports.device.probe(signal));
      return probed.ok ? await measure(probed.value) : probed;
    } catch (thrown) {
      return err(failureOf(thrown));
    } finally {
      this.#measuring = false;
    }
  }

  predict(signal: AbortSignal, modelIds: readonly string[] | null): Promise<Outcome<PredictReport>> {
    return outcomeOf(signal, () => this.#predict(signal, modelIds));
  }

  async #predict(signal: AbortSignal, modelIds: readonly string[] | null): Promise<Outcome<PredictReport>> {
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
    const sources = await outcomeOf(signal, () => this.#planSources(signal));
    if (!sources.ok) return sources;
    const plan = planCapacity(planInput(sources.value, goal, whatIf));
    return ok({ ...plan, wall: this.#ports.clock.nowMs() - startedMs });
  }

  async scalability(signal: AbortSignal, goal: Goal, whatIf?: WhatIf): Promise<Outcome<ScalabilityReport>> {
    const sources = await outcomeOf(signal, () => this.#planSources(signal));
    if (!sources.ok) return sources;
    const plan = planCapacity(planInput(sources.value, goal, whatIf));
    return ok(projectScalability(scalabilityInput(sources.value, plan, sources.value.measurement, whatIf)));
  }

  async record(): Promise<Outcome<PredictionRecord>> {
    const verdicts = await this.#verdicts();
    return verdicts.ok ? ok(recordOf(verdicts.value)) : verdicts;
  }

  /**
   * Compares a round with what was predicted of its members: the speed of those that had this device to themselves, and
   * the memory of those that were loaded since. Whatever goes wrong with it, the round is none the worse.
   */
  async note(record: Deliberation, circumstances: RoundCircumstances): Promise<void> {
    const look = await this.#look(NEVER);
    if (!look.ok) return;
    const { device } = look.value;
    if (device.measured === null && !hasUnscored(circumstances, this.#scored)) return;
    const known = await knownModels(this.#ports, NEVER);
    if (!known.ok) return;
    const verdicts = roundVerdicts(record, circumstances, device, known.value, this.#scored);
    if (verdicts.length > 0) await (await this.#ports.predictions).add(verdicts);
  }

  async #look(signal: AbortSignal): Promise<Outcome<Look>> {
    const probed = await this.#ports.device.probe(signal);
    if (!probed.ok) return probed;
    const wanted = speedBackend(probed.value.profile);
    const threads = wholeThreads(this.#ports.threads());
    // An engine that finds the card of no use stays on the processor, and its measurement says so.
    const measurement =
      (await this.#kept(wanted, threads)) ?? (wanted === 'cpu' ? null : await this.#kept('cpu', threads));
    const backend = measurement?.backend ?? wanted;
    const measured = measurement === null ? null : measuredSpeed(measurement);
    const device = { backend, threads, measured, stable: measurement?.stable ?? false };
    return ok({ probe: probed.value, device, measurement });
  }

  /** A store that cannot be opened is one that fails. */
  #verdicts(): Promise<Outcome<readonly PredictionVerdict[]>> {
    return outcomeOf(NEVER, async () => (await this.#ports.predictions).list());
  }

  /** The newest measurement with a backend, where it still holds for this device. */
  async #kept(backend: 'cpu' | 'webgpu', threads: number): Promise<SpeedMeasurement | null> {
    const stored = await outcomeOf(NEVER, async () => (await this.#ports.speeds).read(backend));
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
        ({ fitBecause, misses, takenBytes, ...prediction }): PredictedModel => ({
          prediction: {
            ...prediction,
            engine: 'web-llm',
            fitReason: webLlmFitReason({ ...prediction, fitBecause, misses, takenBytes }),
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
    const [models, councils, starter, verdicts, calibration] = await Promise.all([
      this.#predicted(signal, look.value, null),
      this.#ports.catalogue.councils(signal),
      this.#ports.starter(signal),
      this.#verdicts(),
      // What cannot be looked up counts as not measured.
      outcomeOf(signal, () => this.#ports.calibration().latest(undefined, TELLING_QUESTIONS)),
    ]);
    if (!models.ok) return models;
    const { probe, device, measurement } = look.value;
    const measured = calibration.ok ? calibration.value : null;
    return ok({
      probe,
      models: models.value,
      councils: councils.ok ? councils.value : null,
      starter: starter.ok ? starter.value : null,
      answers: modelAnswers(
        measured,
        models.value.map(({ prediction }) => prediction),
        this.#ports.seated(),
        measuredMachineOf(probe.profile),
      ),
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
