import type { SpeedMeasurement } from '#contracts/capacity';
import type { CouncilCatalogue } from '#contracts/council-catalogue';
import type { ModelPrediction } from '#contracts/capacity';
import type { ProbeReport } from '#contracts/hardware';
import { kvCacheBytes } from '#contracts/model-shape';
import type { CapacityPlan, Goal, PlanCandidate, PlanInput, WhatIf } from '#contracts/plan';
import type { ScalabilityInput } from '#contracts/scalability';
import type { StarterCouncil } from '#contracts/starter';
import type { KnownModel } from '../capacity/known-model.ts';
import { ENGINE_LIMIT_BYTES } from '../capacity/memory-fit.ts';
import type { PredictionQuestion } from '../capacity/predict-speed.ts';
import type { ModelAnswers } from './model-answers.ts';
import { deviceFigures, threadsUsed } from './what-if-device.ts';

/** A model that is known, with what is predicted of it. */
export interface PredictedModel {
  readonly prediction: PlanCandidate['prediction'];
  /** Null for models of web-llm. */
  readonly known: KnownModel | null;
}

export interface PlanSources {
  readonly probe: ProbeReport;
  readonly models: readonly PredictedModel[];
  readonly councils: CouncilCatalogue | null;
  readonly starter: StarterCouncil | null;
  readonly threads: number;
  readonly question: PredictionQuestion;
  readonly correction: number;
  /** What models answered on this device, by their ids. */
  readonly answers: ReadonlyMap<string, ModelAnswers>;
}

/** Of a public ranking, by the model's id in either catalogue. */
function scoresOf(councils: CouncilCatalogue | null): ReadonlyMap<string, number> {
  return new Map(
    (councils?.councils ?? []).flatMap(({ members }) => members.map(({ id, score }) => [id, score] as const)),
  );
}

export function planInput(sources: PlanSources, goal: Goal, whatIf: WhatIf = {}): PlanInput {
  const { probe, models, councils, starter, question, correction, threads, answers } = sources;
  const { profile } = probe;
  const scores = scoresOf(councils);
  const accuracies = new Map(starter?.members.map(({ id, accuracy }) => [id, accuracy.test]) ?? []);
  const device = deviceFigures(probe, threads, whatIf);
  return {
    goal,
    tier: probe.tier,
    threads: device.threads,
    memory: device.memory,
    engineBytes: ENGINE_LIMIT_BYTES,
    graphics:
      device.graphics === null ? null : { cards: device.graphics.cards, bytes: device.graphics.bytes },
    remoteServers: device.remoteServers,
    storageBytes:
      profile.storage.quotaBytes === null
        ? null
        : Math.max(0, profile.storage.quotaBytes - (profile.storage.usageBytes ?? 0)),
    candidates: models.map(({ prediction, known }): PlanCandidate => {
      const factor =
        prediction.backend === 'webgpu' ? device.graphicsFactor : bandwidthBound(device.coresFactor);
      return {
        prediction: faster(prediction, factor),
        accuracy: answers.get(prediction.id)?.accuracy ?? accuracies.get(prediction.id) ?? null,
        ...measuredOf(answers.get(prediction.id)),
        score: scores.get(prediction.id) ?? null,
        cacheBytesPerToken: known === null ? null : (kvCacheBytes(known.shape, 1) ?? known.kvBytesPerToken),
      };
    }),
    promptTokens: question.promptTokens,
    answerTokens: question.answerTokens,
    correction,
  };
}

const measuredOf = (answers: ModelAnswers | undefined): Pick<PlanCandidate, 'measured'> =>
  answers === undefined ? {} : { measured: answers.measured };

/**
 * More cores speed the writing of an answer up by less than their number, for they share one memory: by the square root,
 * which is between nothing and all of it. A what-if, not a prediction.
 */
const bandwidthBound = (factor: number): number => Math.sqrt(factor);

function faster(prediction: PlanCandidate['prediction'], factor: number): PlanCandidate['prediction'] {
  if (factor === 1) return prediction;
  const { tokensPerSecond: speed, ttft } = prediction;
  // What is not measured is less sure the further it is from here.
  const doubt = Math.abs(Math.log(factor)) / 4 + 1;
  return {
    ...prediction,
    tokensPerSecond:
      speed === null
        ? null
        : {
            median: speed.median * factor,
            low: (speed.low * factor) / doubt,
            high: speed.high * factor * doubt,
          },
    ttft:
      ttft === null
        ? null
        : {
            median: ttft.median / factor,
            low: ttft.low / factor / doubt,
            high: (ttft.high / factor) * doubt,
          },
  };
}

/** Questions a minute of one person who asks, reads and asks again. */
const QUESTIONS_PER_MINUTE = 1;

/** @param whatIf that the plan was made with: projections start from the device that is supposed */
export function scalabilityInput(
  { probe, models, threads }: PlanSources,
  plan: CapacityPlan,
  measurement: SpeedMeasurement | null,
  whatIf: WhatIf = {},
): ScalabilityInput {
  const device = deviceFigures(probe, threadsUsed(threads, measurement), whatIf);
  const { graphics, memory } = device;
  const turned = (
    speed: NonNullable<ModelPrediction['tokensPerSecond']>,
  ): { median: number; low: number; high: number } => ({
    median: 1000 / speed.median,
    low: 1000 / speed.high,
    high: 1000 / speed.low,
  });
  return {
    supposed: device.supposed,
    threads: device.threads,
    cores: device.cores,
    threadScaling: device.threadScaling,
    memoryBytes: memory.bytes,
    memoryIsFloor: memory.floor,
    graphics: graphics === null ? null : { cards: graphics.cards, readGBps: graphics.readGBps },
    remoteServers: device.remoteServers,
    isolated: probe.profile.isolated,
    answerTokens: plan.expected.answerTokens,
    promptTokens: plan.expected.promptTokens,
    members: plan.members.map(({ id, name, backend, memoryBytes, tokensPerSecond, ttft }) => ({
      id,
      name,
      backend,
      memoryBytes,
      decodeMs: tokensPerSecond === null ? null : turned(tokensPerSecond),
      bandwidthShare: null,
      prefillMs: ttft,
    })),
    models: models
      .flatMap(({ prediction: { name, memory, parameters, engine } }) =>
        memory === null || (graphics === null && engine === 'web-llm')
          ? []
          : [{ name, memoryBytes: memory.high, parameters }],
      )
      .sort((a, b) => a.memoryBytes - b.memoryBytes),
    questionsPerMinute: QUESTIONS_PER_MINUTE,
  };
}
