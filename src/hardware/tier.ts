import type { HardwareProfile, ProbeReport, Tier, TierReason, TierVerdict } from '#contracts/hardware';
import {
  scoreCores,
  scoreGpu,
  scoreMemory,
  type HardwareOverrides,
  type ScoredInput,
} from './tier-inputs.ts';

/** The tier itself, or single readings, as a person or a test sets them. */
export interface TierOverrides extends HardwareOverrides {
  readonly tier?: Tier;
}

/**
 * Shares of the verdict. The GPU decides most about speed (10 to 50 times the processor's on the same model); cores
 * and memory bound what runs beside it.
 */
const WEIGHTS = { gpu: 0.4, cores: 0.3, memory: 0.3 } as const;

/** The verdict is the level (0, 0.5, 1) nearest to the weighted score, so the cuts lie half way. */
const CUTS = { mid: 0.25, high: 0.75 } as const;

/** Within this of a cut one reading more could tip the verdict; confidence falls. */
const NEAR_CUT = 0.05;
const NEAR_CUT_FACTOR = 0.75;

const LEVEL: Readonly<Record<Tier, number>> = { low: 0, mid: 0.5, high: 1 };

/** Without the noise that sums of decimal weights leave in the last digits. */
function tidy(share: number): number {
  return Math.round(share * 1e4) / 1e4;
}

function tierOf(score: number): Tier {
  if (score >= CUTS.high) return 'high';
  return score >= CUTS.mid ? 'mid' : 'low';
}

function reasonOf(input: TierReason['input'], weight: number, scored: ScoredInput): TierReason {
  return { input, value: scored.value, score: scored.score, weight, explanation: scored.explanation };
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
 * (several GPUs or a large one, > 12 cores, > 24 GiB). score = Σ weight·level / Σ weight over the inputs the browser
 * tells; confidence = Σ weight·certainty over all inputs, × 0.75 when the score lies within 0.05 of a cut.
 */
export function classifyTier(profile: HardwareProfile, overrides: TierOverrides = {}): TierVerdict {
  const inputs = [
    { input: 'gpu', weight: WEIGHTS.gpu, scored: scoreGpu(profile, overrides) },
    { input: 'cores', weight: WEIGHTS.cores, scored: scoreCores(profile, overrides) },
    { input: 'memory', weight: WEIGHTS.memory, scored: scoreMemory(profile, overrides) },
  ] as const;
  const reasons = inputs.map(({ input, weight, scored }) => reasonOf(input, weight, scored));
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
  return { tier: tierOf(score), score, confidence, reasons };
}

/** The document of `witan probe` and of the Device page. */
export function probeReport(profile: HardwareProfile, verdict: TierVerdict): ProbeReport {
  const { tier, reasons, confidence } = verdict;
  return { schema: 'witan.probe', version: 1, profile, tier, reasons, confidence, measured: null, override: null };
}
