import type { SpeedMeasurement } from '#contracts/capacity';
import type { HardwareProfile, ProbeReport } from '#contracts/hardware';
import type { PlanInput, WhatIf } from '#contracts/plan';
import { toldMemoryBytes } from '../capacity/memory-fit.ts';
import { scalingAt } from '../capacity/scalability/amdahl.ts';

const GIB = 2 ** 30;
/** More than any device has: beyond that a script was mistaken. As the plan's own bounds (`plainInput`). */
const MOST = {
  memoryGiB: 2 ** 20,
  graphicsFactor: 1000,
  cores: 1024,
  cards: 64,
  remoteServers: 1024,
} as const;
const LEAST = { memoryGiB: 0, graphicsFactor: 1 / 1000, cores: 1, cards: 0, remoteServers: 0 } as const;
const MIB = 2 ** 20;

/** What plans and projections know of a device: this one, or the one that is supposed. */
export interface DeviceFigures {
  /** Something of it is supposed. */
  readonly supposed: boolean;
  /** Threads that the engines may use together. */
  readonly threads: number;
  readonly cores: number | null;
  /** Cores, times those of this device; 1 where they are of no use. */
  readonly coresFactor: number;
  /** Speed of all threads ÷ that of one; null where it was not measured. */
  readonly threadScaling: number | null;
  readonly memory: PlanInput['memory'];
  /** Null without a real card. bytes: of one card, at least; readGBps: as measured, times what is supposed. */
  readonly graphics: {
    readonly cards: number;
    readonly bytes: number | null;
    readonly readGBps: number | null;
  } | null;
  /** Times as fast at reading as the card of this device. */
  readonly graphicsFactor: number;
  readonly remoteServers: number;
}

/** What can be supposed: what is no such figure is as it is here. */
function plain(whatIf: WhatIf): WhatIf {
  const bounded = (name: keyof WhatIf, step: (value: number) => number): WhatIf => {
    const { [name]: value } = whatIf;
    return value === undefined || !(value >= LEAST[name])
      ? {}
      : { [name]: step(Math.min(MOST[name], value)) };
  };
  const asItIs = (value: number): number => value;
  return {
    ...bounded('memoryGiB', asItIs),
    ...bounded('graphicsFactor', asItIs),
    ...bounded('cores', Math.floor),
    ...bounded('cards', Math.floor),
    ...bounded('remoteServers', Math.floor),
  };
}

/** A count of cores, as far as there can be so many. */
const coresOf = ({ cores }: HardwareProfile): number | null =>
  cores !== null && cores >= LEAST.cores && cores <= MOST.cores ? cores : null;

/** A figure of the micro-benchmarks; null where it was not measured. */
function measured({ micro }: HardwareProfile, name: string): number | null {
  const { [name]: value } = micro;
  return value !== undefined && Number.isFinite(value) && value > 0 ? value : null;
}

/** Real cards: two power preferences that name different ones are two. */
function cardsOf({ adapters }: HardwareProfile): number {
  const names = adapters
    .filter(({ fallback }) => !fallback)
    .map(({ vendor, architecture, device, description }) =>
      [vendor, architecture, device, description].join('|'),
    );
  return new Set(names).size;
}

/** A reading that may stand for any amount above it scores nothing. */
export const isFloor = ({ reasons }: Pick<ProbeReport, 'reasons'>): boolean =>
  reasons.find(({ input }) => input === 'memory')?.score === null;

function graphicsOf(
  profile: HardwareProfile,
  { cards: supposed, graphicsFactor = 1 }: WhatIf,
): DeviceFigures['graphics'] {
  const here = cardsOf(profile);
  const cards = supposed ?? here;
  if (cards === 0) return null;
  // What was measured of a software adapter tells nothing of a card.
  const [gpuMemoryMiB, gpuReadGBps] =
    here === 0 ? [null, null] : [measured(profile, 'gpuMemoryMiB'), measured(profile, 'gpuReadGBps')];
  return {
    cards,
    bytes: gpuMemoryMiB === null ? null : gpuMemoryMiB * MIB,
    readGBps: gpuReadGBps === null ? null : gpuReadGBps * graphicsFactor,
  };
}

/** How much faster all threads are than one, as measured with these, and reckoned by Amdahl's law for others. */
function scalingOf(profile: HardwareProfile, here: number, threads: number): number | null {
  const [one, all] = [measured(profile, 'wasmReadGBps1'), measured(profile, 'wasmReadGBpsAll')];
  if (one === null || all === null) return null;
  return threads === here ? all / one : scalingAt(here, all / one, threads);
}

/** @param threads that engines were given here, as measured or else as granted */
export function deviceFigures(
  probe: Pick<ProbeReport, 'profile' | 'reasons'>,
  threads: number,
  whatIf: WhatIf,
): DeviceFigures {
  const { profile } = probe;
  const supposed = plain(whatIf);
  const { memoryGiB, cores, graphicsFactor = 1, remoteServers = 0 } = supposed;
  const told = toldMemoryBytes(profile);
  const typed = memoryGiB === undefined ? null : memoryGiB * GIB;
  // Without isolation there is one thread, however many cores.
  const supposedThreads = cores === undefined ? threads : profile.isolated ? cores : 1;
  return {
    supposed: Object.keys(supposed).length > 0,
    threads: supposedThreads,
    cores: cores ?? coresOf(profile),
    coresFactor:
      cores === undefined || !profile.isolated ? 1 : cores / Math.max(1, coresOf(profile) ?? threads),
    threadScaling: scalingOf(profile, threads, supposedThreads),
    memory: {
      bytes: typed ?? told,
      floor: typed === null && told !== null && isFloor(probe),
      typed: typed !== null,
    },
    graphics: graphicsOf(profile, supposed),
    graphicsFactor,
    remoteServers,
  };
}

/** Threads of the measurement that times rest on; those that are granted before there is one. */
export const threadsUsed = (threads: number, measurement: SpeedMeasurement | null): number =>
  measurement?.threads ?? threads;
