import type { HardwareProfile, Tier, TierReason } from '#contracts/hardware';
import { realGpus } from './tier-gpu.ts';
import { CUTS, LEVEL, tidy, tierOf } from './tier-levels.ts';

/** What the last visit found; kept by whoever asks. */
export interface LastVisit {
  readonly tier: Tier;
  /** `machineOf` at that time. */
  readonly machine: string;
}

/**
 * How far beyond a cut a score must lie before the tier of the last visit gives way. Two measurements that agree within
 * 5 %, as stable ones do, differ by less than 0.01 in score, and one that was disturbed to half its speed by 0.05.
 */
const DEAD_BAND = 0.05;

/**
 * The machine as this browser shows it: its graphics cards and its cores. A browser that disguises the cores anew each day
 * (Brave) shows a new machine each day; then the last visit is forgotten, which costs no more than a first visit.
 */
export function machineOf(profile: HardwareProfile): string {
  const gpus = realGpus(profile).map(({ vendor, architecture, device, description }) =>
    [vendor, architecture, device, description].join('/'),
  );
  return JSON.stringify({ cores: profile.cores, gpus: [...new Set(gpus)].sort() });
}

/** The engine decides how fast a page computes, and may change with each version: families whose name others borrow last. */
const BROWSERS = [/Edg\/(\d+)/, /OPR\/(\d+)/, /Firefox\/(\d+)/, /Chrome\/(\d+)/, /Version\/(\d+)/] as const;

/**
 * The machine and the browser's version: what was measured holds for no other. Minor versions do not count, they change
 * every week and no engine with them.
 */
export function measuredMachineOf(profile: HardwareProfile): string {
  const browser = BROWSERS.map((name) => name.exec(profile.userAgent)?.[0]).find(
    (found) => found !== undefined,
  );
  return `${browser ?? ''} ${machineOf(profile)}`;
}

/** How far a score lies beyond the nearest cut out of `tier`; below 0 within it. */
const BEYOND: Readonly<Record<Tier, (score: number) => number>> = {
  low: (score) => score - CUTS.mid,
  mid: (score) => Math.max(score - CUTS.high, CUTS.mid - score),
  high: (score) => CUTS.high - score,
};

/** The tier that holds, and the reason to show where the last visit decided it. */
export interface HeldTier {
  readonly tier: Tier;
  readonly reason: TierReason | null;
}

/** Pure: the same score, machine and visit give the same tier. */
export function heldTier(score: number, machine: string, visit: LastVisit | undefined): HeldTier {
  const fresh = tierOf(score);
  if (visit === undefined || visit.machine !== machine || visit.tier === fresh) {
    return { tier: fresh, reason: null };
  }
  if (tidy(BEYOND[visit.tier](score)) >= DEAD_BAND) return { tier: fresh, reason: null };
  return {
    tier: visit.tier,
    reason: {
      input: 'last-visit',
      value: visit.tier,
      score: LEVEL[visit.tier],
      weight: 0,
      explanation: `Today's readings alone say ${fresh}, but so narrowly that the tier of your last visit stays.`,
    },
  };
}
