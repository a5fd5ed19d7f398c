import type { Adapter, HardwareProfile } from '#contracts/hardware';
import { CERTAIN, DOUBTFUL, type ScoredInput } from './tier-levels.ts';
import type { HardwareOverrides } from './tier-inputs.ts';

/** Apple's larger chips (Max, Ultra, newer Pro) have more cores than this, and GPUs to match. */
const LARGE_APPLE_CORES = 12;

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
 * (Tegra aside; those of before 2018 compute in 32 bits alone and are no longer large), Apple's GPU grows with the cores.
 * AMD and Intel make both kinds under one architecture name.
 */
function looksLarge({ vendor, architecture, features }: Adapter, cores: number | null): boolean {
  const maker = vendor.toLowerCase();
  if (maker === 'nvidia') return !/tegra/i.test(architecture) && features.includes('shader-f16');
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

/** The graphics cards that this browser gives, each once; what computes on the processor is none. */
export function realGpus({ adapters }: HardwareProfile): readonly Adapter[] {
  const real = adapters.filter((adapter) => !adapter.fallback);
  return [...new Map(real.map((adapter) => [identity(adapter), adapter])).values()];
}

export function scoreGpu(profile: HardwareProfile, overrides: HardwareOverrides): ScoredInput {
  if (overrides.gpu !== undefined) {
    return { ...TYPED_GPU[overrides.gpu], certainty: CERTAIN, explanation: 'You said so.' };
  }
  const distinct = realGpus(profile);
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
