import type { PredictionVerdict } from '#contracts/capacity';
import type { Deliberation, MemberOutcome } from '#contracts/deliberation';
import type { LoadedModel } from '#contracts/engine';
import type { KnownModel } from '../capacity/known-model.ts';
import { accountedMemory, predictModel } from '../capacity/predict-model.ts';
import type { Device } from '../capacity/predict-speed.ts';
import { verdictsOf, type RealRun } from '../capacity/prediction-record.ts';

/** What a round's record does not tell. */
export interface RoundCircumstances {
  /** Something else took the device meanwhile, or slowed the members down: see `Disturbances`. */
  readonly disturbed: boolean;
  /** What is in memory now, by member; bundled models left out. */
  readonly loaded: ReadonlyMap<string, LoadedModel>;
}

/**
 * Part of a member's time that others may have worked in without its speed being off by more than repeated runs differ
 * anyway (`STEADY_SPREAD` of src/bench): were it half as fast meanwhile, that is 2.5 %.
 */
const SHARED_PART = 0.05;

/**
 * Whether what another did may have slowed a member down. On this device all do, whatever runs them: two on the processor
 * take each other's threads. One on the card needs the processor for each of the some 300 computations of a token, whose
 * starts are most of its time (benchmarks, §4: 24 to 71 µs each), while one on the processor has a thread on every core.
 * Cards in the processor's package read the same memory, which binds both; browsers do not tell which cards these are. A
 * member that wrote nothing has read the question all the same.
 */
const slows = (other: MemberOutcome, member: MemberOutcome): boolean =>
  other !== member && other.backend !== 'remote' && other.durationMs > SHARED_PART * member.durationMs;

/** A run of which nothing is known but what is added. */
const RUN: Omit<RealRun, 'atMs' | 'backend' | 'promptTokens'> = {
  completionTokens: 0,
  timeToFirstTokenMs: null,
  decodeTokensPerSecond: null,
  memoryBytes: null,
  // What a conversation has in common with the one before need not be read again: nobody says how much it was.
  promptReused: true,
  disturbed: false,
};

/** What became of the speed that was predicted of the members that had this device to themselves. */
function speedVerdicts(
  { askedAt, members }: Deliberation,
  { disturbed, loaded }: RoundCircumstances,
  device: Device,
  models: readonly KnownModel[],
): readonly PredictionVerdict[] {
  if (disturbed || device.measured === null) return [];
  return members.flatMap((member) => {
    const { backend, promptTokens } = member;
    if (member.engine !== 'wllama' || backend !== device.backend || promptTokens === undefined) return [];
    if (member.tokens === 0 || members.some((other) => slows(other, member))) return [];
    const now = loaded.get(member.id);
    // Fewer threads than were measured: another device, as it were.
    if (now !== undefined && backend === 'cpu' && now.threads !== device.threads) return [];
    // After a fault a smaller model may have taken its seat. The bundled ones have threads of their own number.
    const id = now?.modelId ?? member.id;
    const model = models.find((known) => known.id === id && known.engine === 'wllama');
    if (model === undefined) return [];
    const foretold = predictModel(model, device, { promptTokens, answerTokens: member.tokens });
    return verdictsOf(foretold, {
      ...RUN,
      atMs: askedAt,
      backend,
      promptTokens,
      completionTokens: member.tokens,
      timeToFirstTokenMs: member.ttftMs,
      decodeTokensPerSecond: member.tokensPerSecond,
      disturbed: (member.restarts ?? 0) > 0,
    });
  });
}

/**
 * What became of the memory that was predicted of models that were in use, by the engine's own account. Of each load once:
 * a model that is asked a hundred times was loaded once, and would be the record alone.
 * @param scored loads that were compared; those compared now are added
 */
function memoryVerdicts(
  { askedAt, members }: Deliberation,
  { loaded }: RoundCircumstances,
  models: readonly KnownModel[],
  scored: WeakSet<LoadedModel>,
): readonly PredictionVerdict[] {
  return members.flatMap(({ id, engine, promptTokens = 0 }) => {
    const now = loaded.get(id);
    if (now?.memory === undefined || engine !== 'wllama' || scored.has(now)) return [];
    const model = models.find((known) => known.id === now.modelId && known.engine === 'wllama');
    if (model === undefined) return [];
    scored.add(now);
    const { weightsBytes, kvBytes, computeBytes } = now.memory;
    const { name } = model;
    return verdictsOf(
      {
        ...{ id: model.id, name, backend: now.backend, promptTokens, tokensPerSecond: null, ttft: null },
        memory: accountedMemory(model, now),
      },
      {
        ...{ ...RUN, atMs: askedAt, backend: now.backend, promptTokens },
        memoryBytes: weightsBytes + kvBytes + computeBytes,
      },
    );
  });
}

/** Whether there is any load that was not compared yet. */
export const hasUnscored = ({ loaded }: RoundCircumstances, scored: WeakSet<LoadedModel>): boolean =>
  [...loaded.values()].some((now) => now.memory !== undefined && !scored.has(now));

/** What became of all that was predicted of the members of a round. */
export function roundVerdicts(
  record: Deliberation,
  circumstances: RoundCircumstances,
  device: Device,
  models: readonly KnownModel[],
  scored: WeakSet<LoadedModel>,
): readonly PredictionVerdict[] {
  return [
    ...speedVerdicts(record, circumstances, device, models),
    ...memoryVerdicts(record, circumstances, models, scored),
  ];
}
