import type { HardwareProfile, Tier, TierReason } from '#contracts/hardware';
import { count, frameTime, memorySize, plain } from '../quantities.ts';

export const UNTOLD = 'This browser does not tell';

export interface Reading {
  readonly label: string;
  readonly value: string;
  /** What it means for the council. */
  readonly note?: string;
}

export const TIER_WORDS: Readonly<Record<Tier, { readonly title: string; readonly meaning: string }>> = {
  low: { title: 'Low', meaning: 'Small models on the processor. The starter council runs well.' },
  mid: { title: 'Mid', meaning: 'Room for small to medium models, some of them on the graphics card.' },
  high: { title: 'High', meaning: 'Room for several larger models on the graphics card.' },
};

export const INPUT_WORDS: Readonly<Record<TierReason['input'], string>> = {
  gpu: 'Graphics card',
  cores: 'Processor cores',
  memory: 'Memory',
  'measured-gpu': 'Graphics card, measured',
  'measured-cpu': 'Processor, measured',
  override: 'Your choice',
  'last-visit': 'Last visit',
};

/** 0 low, 0.5 mid, 1 high. */
export function scoreWords(score: number | null): string {
  if (score === null) return 'not told';
  const word = score >= 0.75 ? 'high' : score >= 0.25 ? 'mid' : 'low';
  return `${plain(score)} (${word})`;
}

function orUntold<T>(value: T | null, words: (value: T) => string): string {
  return value === null ? UNTOLD : words(value);
}

const yesNo = (value: boolean): string => (value ? 'Yes' : 'No');

export function machineReadings(profile: HardwareProfile): readonly Reading[] {
  return [
    {
      label: 'Processor cores',
      value: orUntold(profile.cores, count),
      note: 'Logical cores the browser admits to.',
    },
    {
      label: 'Memory',
      value: orUntold(profile.deviceMemoryGiB, (gib) => `${plain(gib)}\u00a0GiB`),
      note: 'A rounded hint, not the real size.',
    },
    {
      label: 'Processor class',
      value: orUntold(profile.cpuPerformance, (value) => `${count(value)} of 4`),
    },
    {
      label: 'Refresh interval',
      value: orUntold(profile.refreshIntervalMs, (ms) => `${frameTime(ms)} (${count(1000 / ms)}\u00a0Hz)`),
      note: 'Time between two frames of this screen.',
    },
    {
      label: 'Clock step',
      value: `${plain(profile.clockStepUs)}\u00a0µs`,
      note: 'The smallest time this page can tell apart.',
    },
    { label: 'Platform', value: profile.platform === '' ? UNTOLD : profile.platform },
  ];
}

export function storageReadings(profile: HardwareProfile): readonly Reading[] {
  const { storage } = profile;
  return [
    {
      label: 'Used by Witan',
      value: orUntold(storage.usageBytes, memorySize),
    },
    {
      label: 'Room, at most',
      value: orUntold(storage.quotaBytes, memorySize),
      note: 'The browser’s estimate: an upper bound, not a promise.',
    },
    {
      label: 'Kept for good',
      value: orUntold(storage.persisted, yesNo),
      note:
        storage.persisted === true
          ? 'The browser will not clear it by itself.'
          : 'The browser may clear it when space runs short.',
    },
    {
      label: 'Records (IndexedDB)',
      value: yesNo(storage.indexedDb),
      note: storage.indexedDb ? 'The history is kept.' : 'The history ends with this tab.',
    },
    { label: 'Private file system (OPFS)', value: yesNo(storage.opfs) },
  ];
}

export function featureReadings(profile: HardwareProfile): readonly Reading[] {
  const { features } = profile;
  return [
    {
      label: 'Cross-origin isolated',
      value: yesNo(profile.isolated),
      note: profile.isolated
        ? 'Members may use several threads, and clocks are fine-grained.'
        : 'Members run on one thread each, and clocks are coarse.',
    },
    {
      label: 'Shared memory',
      value: yesNo(features.sharedArrayBuffer),
      note: 'What threads need (SharedArrayBuffer).',
    },
    {
      label: 'WebAssembly SIMD',
      value: yesNo(features.wasmSimd),
      note: 'Several numbers at once; faster models.',
    },
    { label: 'WebAssembly promise integration', value: yesNo(features.jspi) },
    { label: 'Service worker', value: yesNo(features.serviceWorker), note: 'What makes Witan work offline.' },
  ];
}

export const WEBGPU_WORDS: Readonly<Record<HardwareProfile['webgpu'], string>> = {
  available: 'This browser gives pages a graphics card.',
  'no-adapter': 'This browser knows WebGPU but offers no graphics card. Members run on the processor.',
  unsupported: 'This browser has no WebGPU. Members run on the processor.',
};
