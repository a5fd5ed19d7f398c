import type { Adapter, HardwareProfile } from '#contracts/hardware';

/** What a person may say about the machine; what is left out is read from the profile. */
export interface HardwareOverrides {
  readonly gpu?: 'none' | 'one' | 'several-or-large';
  readonly cores?: number;
  /** GiB. */
  readonly memoryGiB?: number;
}

/** One input of the tier, scored: 0 low, 0.5 mid, 1 high, null when the browser does not tell. */
export interface ScoredInput {
  readonly value: string;
  readonly score: 0 | 0.5 | 1 | null;
  /** How far the reading can be trusted to be on the right side of the thresholds, 0..1. */
  readonly certainty: number;
  readonly explanation: string;
}

/** Thresholds of mission.md W2: low below the first, high above the second, mid from one to the other. */
const CORES = { low: 6, high: 12 } as const;
const MEMORY_GIB = { low: 12, high: 24 } as const;

/** A reading this close to a threshold may belong to the neighbour. */
const NEAR_CORES = 1;
const NEAR_MEMORY_GIB = 1;

const CERTAIN = 1;
/** A rounded or guessed reading, or one beside a threshold. */
const DOUBTFUL = 0.7;

/**
 * Chromium rounds the memory to a power of two and reports at most 8, on desktops at most 32 from version 147 on
 * (blink-dev, "Update Device Memory API limits", 2026).
 */
const OLD_CAP_GIB = 8;
const WIDER_CAP_SINCE = 147;

/** Apple's larger chips (Max, Ultra, newer Pro) have more cores than this, and GPUs to match. */
const LARGE_APPLE_CORES = 12;

function levelOf(value: number, { low, high }: { readonly low: number; readonly high: number }): 0 | 0.5 | 1 {
  if (value < low) return 0;
  return value > high ? 1 : 0.5;
}

/** True within `near` of the two readings between which a level changes. */
function isNear(
  value: number,
  { low, high }: { readonly low: number; readonly high: number },
  near: number,
): boolean {
  return Math.abs(value - low) <= near || Math.abs(value - high) <= near;
}

export function scoreCores(profile: HardwareProfile, overrides: HardwareOverrides): ScoredInput {
  const cores = overrides.cores ?? profile.cores;
  if (cores === null) {
    return {
      value: 'not told',
      score: null,
      certainty: 0,
      explanation: 'The browser does not tell the number of cores.',
    };
  }
  const typed = overrides.cores !== undefined;
  const near = !typed && isNear(cores, CORES, NEAR_CORES);
  return {
    value: cores === 1 ? '1 core' : `${String(cores)} cores`,
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

export function scoreMemory(profile: HardwareProfile, overrides: HardwareOverrides): ScoredInput {
  const limits = `Less than ${String(MEMORY_GIB.low)} GiB is low, more than ${String(MEMORY_GIB.high)} GiB is high.`;
  const typed = overrides.memoryGiB;
  if (typed !== undefined) {
    return {
      value: `${String(typed)} GiB`,
      score: levelOf(typed, MEMORY_GIB),
      certainty: CERTAIN,
      explanation: `${limits} You said so.`,
    };
  }
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
    explanation: `${limits} A hint that the browser rounds to a power of two.${near ? ' It is close to a limit.' : ''}`,
  };
}

/** The same adapter answers both power preferences on most machines: it is one GPU, not two. */
function identity({ vendor, architecture, device, description, limits }: Adapter): string {
  return JSON.stringify([vendor, architecture, device, description, limits]);
}

function label({ vendor, architecture, description }: Adapter): string {
  if (description !== '') return description;
  const name = [vendor, architecture].filter((part) => part !== '').join(' ');
  return name === '' ? 'a GPU that is not named' : name;
}

/**
 * Guesses a large GPU from the maker, since browsers tell neither memory nor model: NVIDIA sells dedicated cards only
 * (Tegra aside), Apple's GPU grows with the cores. AMD and Intel make both kinds under one architecture name.
 */
function looksLarge({ vendor, architecture }: Adapter, cores: number | null): boolean {
  const maker = vendor.toLowerCase();
  if (maker === 'nvidia') return !/tegra/i.test(architecture);
  return maker === 'apple' && (cores ?? 0) > LARGE_APPLE_CORES;
}

const TYPED_GPU = {
  none: { value: 'none', score: 0 },
  one: { value: 'one GPU', score: 0.5 },
  'several-or-large': { value: 'several GPUs or a large one', score: 1 },
} as const;

const WITHOUT_GPU: Readonly<Record<HardwareProfile['webgpu'], string>> = {
  unsupported: 'This browser offers no WebGPU, so only the processor can be used.',
  'no-adapter': 'The browser has WebGPU but gives no GPU to this page, so only the processor can be used.',
  available: 'Only a software adapter, which computes on the processor: it does not count as a GPU.',
};

export function scoreGpu(profile: HardwareProfile, overrides: HardwareOverrides): ScoredInput {
  if (overrides.gpu !== undefined) {
    return { ...TYPED_GPU[overrides.gpu], certainty: CERTAIN, explanation: 'You said so.' };
  }
  const real = profile.adapters.filter((adapter) => !adapter.fallback);
  const distinct = [...new Map(real.map((adapter) => [identity(adapter), adapter])).values()];
  const value = distinct.map(label).join(' and ');
  const [first] = distinct;
  if (first === undefined) {
    const [software] = profile.adapters;
    return {
      value: software === undefined ? 'none' : `${label(software)} (software)`,
      score: 0,
      certainty: CERTAIN,
      explanation: WITHOUT_GPU[profile.webgpu],
    };
  }
  if (distinct.length > 1) {
    return {
      value,
      score: 1,
      certainty: CERTAIN,
      explanation: 'Two power preferences gave two different GPUs.',
    };
  }
  if (looksLarge(first, profile.cores)) {
    return {
      value,
      score: 1,
      certainty: DOUBTFUL,
      explanation: 'Probably a large GPU, judged by its maker: browsers do not tell how much memory it has.',
    };
  }
  return {
    value,
    score: 0.5,
    certainty: DOUBTFUL,
    explanation: 'One GPU. Browsers do not tell how much memory it has.',
  };
}
