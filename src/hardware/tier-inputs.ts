import type { HardwareProfile } from '#contracts/hardware';
import { CERTAIN, DOUBTFUL, levelOf, type ScoredInput, type Thresholds } from './tier-levels.ts';

/** What a person may say about the machine; what is left out is read from the profile. */
export interface HardwareOverrides {
  readonly gpu?: 'none' | 'one' | 'several-or-large';
  readonly cores?: number;
  /** GiB. */
  readonly memoryGiB?: number;
}

/** Thresholds of mission.md W2. */
const CORES = { low: 6, high: 12 } as const;
const MEMORY_GIB = { low: 12, high: 24 } as const;

/** A reading this close to a threshold may belong to the neighbour. */
const NEAR_CORES = 1;
const NEAR_MEMORY_GIB = 1;

/**
 * Chromium rounds the memory to a power of two and reports at most 8, on desktops at most 32 from version 147 on
 * (mdn/browser-compat-data, http/headers/Sec-CH-Device-Memory.json, notes).
 */
const OLD_CAP_GIB = 8;
const WIDER_CAP_SINCE = 147;

/** A reading that says little more than what such devices have in general. */
const DISGUISED = 0.4;

const MIB_PER_GIB = 1024;

/**
 * What Firefox says of any machine while it resists fingerprinting (bugzilla 1360039); hardly a machine that runs a
 * current Firefox has no more.
 */
const FIREFOX_DISGUISE_CORES = 2;

/**
 * `navigator.cpuPerformance` 1..4 as Chromium gives it where it goes by cores alone: 1–2, 3–4, 5–12, 13 and more
 * (content/browser/cpu_performance/cpu_performance.cc).
 */
const CPU_CLASS_SCORES: readonly (number | null)[] = [null, 0, 0, 0.5, 1];

/** True within `near` of the two readings between which a level changes. */
function isNear(value: number, { low, high }: Thresholds, near: number): boolean {
  return Math.abs(value - low) <= near || Math.abs(value - high) <= near;
}

/** Safari itself and every browser on an iPhone or iPad; others name WebKit too, and their own engine. */
function isWebKit(userAgent: string): boolean {
  return userAgent.includes('AppleWebKit/') && !/Chrome\/|Chromium\/|Edg\//.test(userAgent);
}

/** What a count of cores means that the browser bounds or changes to hide which machine this is; null where it does not. */
function disguisedCores(cores: number, userAgent: string): ScoredInput | null {
  const value = `${String(cores)} cores or more`;
  if (userAgent.includes('Firefox/') && cores === FIREFOX_DISGUISE_CORES) {
    return {
      value,
      score: null,
      certainty: 0,
      explanation: `Firefox says ${String(cores)} of any machine while it protects your privacy, so it does not count.`,
    };
  }
  // WebKit reports no more than a bound of its own (Navigator.cpp, `maxCoresToReport`: 2 on iOS for years), and what runs
  // its current version has 6 and more: the iPhone since 2017, the Mac since 2020.
  if (isWebKit(userAgent) && cores < CORES.low) {
    return {
      value,
      score: 0.5,
      certainty: DISGUISED,
      explanation: 'Safari does not tell more; devices that run a current one have 6 cores and more.',
    };
  }
  return null;
}

function untoldCores(profile: HardwareProfile): ScoredInput {
  const level = CPU_CLASS_SCORES[profile.cpuPerformance ?? 0] ?? null;
  if (level === null) {
    return {
      value: 'not told',
      score: null,
      certainty: 0,
      explanation: 'The browser does not tell the number of cores.',
    };
  }
  return {
    value: `speed class ${String(profile.cpuPerformance)} of 4`,
    score: level,
    certainty: DOUBTFUL,
    explanation: 'The browser does not tell the number of cores, only a rough class of the processor.',
  };
}

export function scoreCores(profile: HardwareProfile, overrides: HardwareOverrides): ScoredInput {
  const cores = overrides.cores ?? profile.cores;
  if (cores === null) return untoldCores(profile);
  const typed = overrides.cores !== undefined;
  const count = cores === 1 ? '1 core' : `${String(cores)} cores`;
  const disguised = typed ? null : disguisedCores(cores, profile.userAgent);
  if (disguised !== null) return disguised;
  const near = !typed && isNear(cores, CORES, NEAR_CORES);
  return {
    value: count,
    score: levelOf(cores, CORES),
    certainty: near ? DOUBTFUL : CERTAIN,
    explanation:
      `Fewer than ${String(CORES.low)} is low, more than ${String(CORES.high)} is high.` +
      (typed
        ? ' You said so.'
        : near
          ? ' This is close to a limit.'
          : ' Logical cores, as the browser counts them.'),
  };
}

/** True when 8 GiB may stand for any amount above it. */
function isCapped(memoryGiB: number, userAgent: string): boolean {
  const version = Number(/Chrome\/(\d+)/.exec(userAgent)?.[1] ?? 0);
  const wider = version >= WIDER_CAP_SINCE && !userAgent.includes('Android');
  return memoryGiB === OLD_CAP_GIB && !wider;
}

const LIMITS = `Less than ${String(MEMORY_GIB.low)} GiB is low, more than ${String(MEMORY_GIB.high)} GiB is high.`;

/** What the browser tells, not yet held against anything else. */
function hintedMemory(profile: HardwareProfile): ScoredInput {
  const hint = profile.deviceMemoryGiB;
  if (hint === null) {
    return {
      value: 'not told',
      score: null,
      certainty: 0,
      explanation: 'The browser does not tell how much memory there is.',
    };
  }
  if (isCapped(hint, profile.userAgent)) {
    return {
      value: `${String(hint)} GiB or more`,
      score: null,
      certainty: 0,
      explanation: `This browser never reports more than ${String(OLD_CAP_GIB)} GiB, so it may be any amount above.`,
    };
  }
  const near = isNear(hint, MEMORY_GIB, NEAR_MEMORY_GIB);
  return {
    value: `about ${String(hint)} GiB`,
    score: levelOf(hint, MEMORY_GIB),
    certainty: DOUBTFUL,
    explanation: `${LIMITS} A hint that the browser rounds to a power of two.${near ? ' It is close to a limit.' : ''}`,
  };
}

/**
 * @param takenMiB graphics memory that could be taken: no hint counts that tells of less. Null where it was not measured
 */
export function scoreMemory(
  profile: HardwareProfile,
  overrides: HardwareOverrides,
  takenMiB: number | null = null,
): ScoredInput {
  const typed = overrides.memoryGiB;
  if (typed !== undefined) {
    return {
      value: `${String(typed)} GiB`,
      score: levelOf(typed, MEMORY_GIB),
      certainty: CERTAIN,
      explanation: `${LIMITS} You said so.`,
    };
  }
  const hinted = hintedMemory(profile);
  const takenGiB = Math.floor((takenMiB ?? 0) / MIB_PER_GIB);
  const floor = levelOf(takenGiB, MEMORY_GIB);
  // Below the first threshold it says nothing: the measurement stops early, and there may be any amount above.
  if (floor === 0 || floor <= (hinted.score ?? 0)) return hinted;
  return {
    value: `at least ${String(takenGiB)} GiB`,
    score: floor,
    certainty: DOUBTFUL,
    explanation: `So much could be taken when it was measured, which is more than the browser tells. ${LIMITS}`,
  };
}
