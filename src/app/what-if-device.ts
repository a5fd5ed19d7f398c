import type { SpeedMeasurement } from '#contracts/capacity';
import type { HardwareProfile, ProbeReport } from '#contracts/hardware';
import type { PlanInput, WhatIf } from '#contracts/plan';
import { scalingAt } from '../capacity/scalability/amdahl.ts';

const GIB = 2 ** 30;
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
  const { gpuMemoryMiB = null, gpuReadGBps = null } = here === 0 ? {} : profile.micro;
  return {
    cards,
    bytes: gpuMemoryMiB === null ? null : gpuMemoryMiB * MIB,
    readGBps: gpuReadGBps === null ? null : gpuReadGBps * graphicsFactor,
  };
}

/** How much faster all threads are than one, as measured with these, and reckoned by Amdahl's law for others. */
function scalingOf({ micro }: HardwareProfile, measured: number, threads: number): number | null {
  const { wasmReadGBps1: one, wasmReadGBpsAll: all } = micro;
  if (one === undefined || all === undefined || one === 0) return null;
  return threads === measured ? all / one : scalingAt(measured, all / one, threads);
}

/** @param threads that engines were given here, as measured or else as granted */
export function deviceFigures(
  probe: Pick<ProbeReport, 'profile' | 'reasons'>,
  threads: number,
  whatIf: WhatIf,
): DeviceFigures {
  const { profile } = probe;
  const told = profile.deviceMemoryGiB === null ? null : profile.deviceMemoryGiB * GIB;
  const typed = whatIf.memoryGiB === undefined ? null : whatIf.memoryGiB * GIB;
  // Without isolation there is one thread, however many cores.
  const supposedThreads =
    whatIf.cores === undefined ? threads : profile.isolated ? Math.max(1, whatIf.cores) : 1;
  return {
    supposed: Object.values(whatIf).some((value) => value !== undefined),
    threads: supposedThreads,
    cores: whatIf.cores ?? profile.cores,
    coresFactor:
      whatIf.cores === undefined || !profile.isolated
        ? 1
        : whatIf.cores / Math.max(1, profile.cores ?? threads),
    threadScaling: scalingOf(profile, threads, supposedThreads),
    memory: {
      bytes: typed ?? told,
      floor: typed === null && told !== null && isFloor(probe),
      typed: typed !== null,
    },
    graphics: graphicsOf(profile, whatIf),
    graphicsFactor: whatIf.graphicsFactor ?? 1,
    remoteServers: whatIf.remoteServers ?? 0,
  };
}

/** Threads of the measurement that times rest on; those that are granted before there is one. */
export const threadsUsed = (threads: number, measurement: SpeedMeasurement | null): number =>
  measurement?.threads ?? threads;
