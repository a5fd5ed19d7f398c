import type { HardwareProfile, ProbeReport, Tier, TierReason, TierVerdict } from '#contracts/hardware';
import { scoreGpu } from './tier-gpu.ts';
import { scoreCores, scoreMemory, type HardwareOverrides } from './tier-inputs.ts';
import { CUTS, LEVEL, tidy, type ScoredInput } from './tier-levels.ts';
import { scoreMeasuredCpu, scoreMeasuredGpu, takenMemoryMiB } from './tier-measured.ts';
import { heldTier, machineOf, type LastVisit } from './tier-visit.ts';

/** The tier itself, or single readings, as a person or a test sets them. */
export interface TierOverrides extends HardwareOverrides {
  readonly tier?: Tier;
}

/**
 * Shares of the verdict. The GPU decides most about speed (10 to 50 times the processor's on the same model); cores
 * and memory bound what runs beside it.
 */
const WEIGHTS = { gpu: 0.4, cores: 0.3, memory: 0.3 } as const;

/**
 * Of a part's weight, once it was measured: makers and counts hardly tell the speed (a formula on memory speed alone is
 * wrong by 29–125 %, on two measured points by 3 %: research/benchmarks.md §0). The rest stays with what no measurement of
 * one card sees: a second one, and cores that other work needs.
 */
const MEASURED_SHARE = 0.85;

/** Within this of a cut one reading more could tip the verdict; confidence falls. */
const NEAR_CUT = 0.05;
const NEAR_CUT_FACTOR = 0.75;

interface WeightedInput {
  readonly input: TierReason['input'];
  readonly weight: number;
  readonly scored: ScoredInput;
}

/** A part by what is told, or by what is told and what was measured, which counts more. */
function part(
  weight: number,
  [hint, hinted]: readonly [TierReason['input'], ScoredInput],
  [measurement, measured]: readonly [TierReason['input'], ScoredInput | null],
): readonly WeightedInput[] {
  if (measured === null) return [{ input: hint, weight, scored: hinted }];
  const most = tidy(weight * MEASURED_SHARE);
  return [
    { input: hint, weight: tidy(weight - most), scored: hinted },
    { input: measurement, weight: most, scored: measured },
  ];
}

function reasonOf({ input, weight, scored }: WeightedInput): TierReason {
  const score = scored.score === null ? null : tidy(scored.score);
  return { input, value: scored.value, score, weight, explanation: scored.explanation };
}

function overridden(tier: Tier, reasons: readonly TierReason[]): TierVerdict {
  const override: TierReason = {
    input: 'override',
    value: tier,
    score: LEVEL[tier],
    weight: 1,
    explanation: 'You set the tier yourself; the readings below do not count.',
  };
  return {
    tier,
    score: LEVEL[tier],
    confidence: 1,
    reasons: [override, ...reasons.map((reason) => ({ ...reason, weight: 0 }))],
  };
}

/**
 * Classifies by mission.md W2: low (processor only, < 6 cores, < 12 GiB), mid (a GPU, 6–12 cores, 12–24 GiB), high
 * (several GPUs or a large one, > 12 cores, > 24 GiB). score = Σ weight·level / Σ weight over the inputs that are known;
 * what was measured takes most of the weight of what the browser tells of the same part. confidence = Σ weight·certainty
 * over all inputs, × 0.75 when the score lies within 0.05 of a cut.
 * @param visit what the last visit found: it stays where the score is beyond a cut by less than a dead band
 * @param unstable names of figures in `profile.micro` whose repetitions did not agree
 */
export function classifyTier(
  profile: HardwareProfile,
  overrides: TierOverrides = {},
  visit?: LastVisit,
  unstable: readonly string[] = [],
): TierVerdict {
  // What a person says of the graphics card says that of another one than the measured.
  const gpuMeasured = overrides.gpu === undefined ? scoreMeasuredGpu(profile, unstable) : null;
  const cpuMeasured = overrides.cores === undefined ? scoreMeasuredCpu(profile, unstable) : null;
  const memory = scoreMemory(profile, overrides, takenMemoryMiB(profile));
  const inputs: readonly WeightedInput[] = [
    ...part(WEIGHTS.gpu, ['gpu', scoreGpu(profile, overrides)], ['measured-gpu', gpuMeasured]),
    ...part(WEIGHTS.cores, ['cores', scoreCores(profile, overrides)], ['measured-cpu', cpuMeasured]),
    { input: 'memory', weight: WEIGHTS.memory, scored: memory },
  ];
  const reasons = inputs.map(reasonOf);
  if (overrides.tier !== undefined) return overridden(overrides.tier, reasons);
  let known = 0;
  let points = 0;
  let certainty = 0;
  for (const { weight, scored } of inputs) {
    if (scored.score === null) continue;
    known += weight;
    points += weight * scored.score;
    certainty += weight * scored.certainty;
  }
  // The GPU is always known (none is a reading too), so `known` is never 0.
  const score = tidy(points / known);
  const near = Math.min(Math.abs(score - CUTS.mid), Math.abs(score - CUTS.high)) <= NEAR_CUT;
  const confidence = tidy(near ? certainty * NEAR_CUT_FACTOR : certainty);
  const { tier, reason } = heldTier(score, machineOf(profile), visit);
  return { tier, score, confidence, reasons: reason === null ? reasons : [...reasons, reason] };
}

/** What is known of the device besides its profile. */
export type ProbeExtras = Partial<Pick<ProbeReport, 'measured' | 'override'>>;

/** The document of `witan probe` and of the Device page. */
export function probeReport(
  profile: HardwareProfile,
  { tier, reasons, confidence }: TierVerdict,
  { measured = null, override = null }: ProbeExtras = {},
): ProbeReport {
  return { schema: 'witan.probe', version: 1, profile, tier, reasons, confidence, measured, override };
}
