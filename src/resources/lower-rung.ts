import { plannedBackend, type MemberRung } from './member-spec.ts';

/** True for a rung that would do instead of `from`. */
type Wanted = (rung: MemberRung, from: MemberRung) => boolean;

const sameModel: Wanted = (rung, from) => rung.model === from.model;
const sameWeights: Wanted = (rung, from) => sameModel(rung, from) && rung.sizeBytes === from.sizeBytes;
const smallerContext: Wanted = (rung, from) =>
  sameWeights(rung, from) && rung.load.contextTokens < from.load.contextTokens;
const smallerWeights: Wanted = (rung, from) => rung.sizeBytes < from.sizeBytes;
const smallerQuantization: Wanted = (rung, from) => sameModel(rung, from) && smallerWeights(rung, from);
const smallerModel: Wanted = (rung, from) => !sameModel(rung, from) && rung.parameters < from.parameters;
const offTheGpu: Wanted = (rung) => plannedBackend(rung) !== 'webgpu';
const otherEngine: Wanted = (rung, from) =>
  rung.engine !== from.engine || plannedBackend(rung) !== plannedBackend(from);

const both =
  (...all: readonly Wanted[]): Wanted =>
  (rung, from) =>
    all.every((wanted) => wanted(rung, from));

/**
 * Which lower rung to take after which fault: the first wish that any lower rung fulfils, and of those the highest.
 * device: the GPU is gone · memory: it did not fit · died: its tab died while loading it · engine: the engine cannot run
 * here · any: whatever comes next.
 */
const WISHES = {
  device: [both(sameModel, offTheGpu), offTheGpu, smallerModel],
  memory: [smallerContext, smallerQuantization, smallerModel, otherEngine],
  died: [smallerWeights, smallerContext],
  engine: [both(sameModel, otherEngine), otherEngine],
  any: [() => true],
} as const satisfies Record<string, readonly Wanted[]>;

export type Wish = keyof typeof WISHES;

function firstBelow(rungs: readonly MemberRung[], at: number, wanted: Wanted): number | null {
  const from = rungs[at];
  if (from === undefined) return null;
  const found = rungs.findIndex((rung, index) => index > at && wanted(rung, from));
  return found < 0 ? null : found;
}

/** The index of the rung to go on with below `at`; null when there is none of that kind. */
export function lowerRung(rungs: readonly MemberRung[], at: number, wish: Wish): number | null {
  for (const wanted of WISHES[wish]) {
    const found = firstBelow(rungs, at, wanted);
    if (found !== null) return found;
  }
  return null;
}

/**
 * The twin that does without a GPU feature: the same model first (f32 in place of f16), then any other.
 * @param feature null when the engine did not say which one is missing: any of the rung's
 */
export function rungWithout(rungs: readonly MemberRung[], at: number, feature: string | null): number | null {
  const lacks: Wanted = (rung, from) =>
    feature === null
      ? from.features.some((needed) => !rung.features.includes(needed)) || rung.features.length === 0
      : !rung.features.includes(feature);
  return firstBelow(rungs, at, both(sameModel, lacks)) ?? firstBelow(rungs, at, lacks);
}
