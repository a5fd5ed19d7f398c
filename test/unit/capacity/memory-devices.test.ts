import { readFileSync } from 'node:fs';
import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { seededRandom } from '#kernel/random';
import { GgufCatalogueSchema } from '#contracts/gguf-catalogue';
import { contextUsed, type FitVerdict, type ModelDemand } from '#contracts/model-fit';
import { kvCacheBytes } from '#contracts/model-shape';
import { memoryFit } from '../../../src/capacity/memory-fit.ts';
import { predictMemory } from '../../../src/capacity/memory-model.ts';
import { scoreMemory } from '../../../src/hardware/tier-inputs.ts';
import { AGENTS, profile } from '../../fakes/hardware-profiles.ts';

/**
 * Simulated devices, and an oracle that knows of each how much memory there is and how much of it other programs use.
 * Assumed, and no more: half of the memory that the system reports is free or can be made so; browsers that tell nothing
 * run on devices of 3 GiB or more; no desktop has less than 2 GiB; what is told was rounded as Chromium does it, or is
 * less than that (a privacy setting). What is told too large on purpose nobody can see through: that is counted apart.
 */
const GIB = 2 ** 30;
const random = seededRandom(11);
const between = (low: number, high: number): number => low + (high - low) * random();
const one = <T>(of: readonly [T, ...T[]]): T => of[Math.floor(random() * of.length)] ?? of[0];

/** Chromium's `ApproximatedDeviceMemory`: the nearer power of two, the lower of equals; then within its limits. */
function approximated(memoryGiB: number, least: number, most: number): number {
  const lower = 2 ** Math.floor(Math.log2(memoryGiB));
  const nearer = memoryGiB - lower <= 2 * lower - memoryGiB ? lower : 2 * lower;
  return Math.min(most, Math.max(least, nearer));
}

interface Device {
  readonly memoryBytes: number;
  readonly freeBytes: number;
  readonly toldGiB: number | null;
  readonly userAgent: string;
}

interface Browser {
  readonly userAgent: string;
  /** Built-in memory of devices that it runs on. */
  readonly sizesGiB: readonly [number, ...number[]];
  /** The least and the most that it tells; null where it tells nothing. */
  readonly tells: readonly [number, number] | null;
}

const BROWSERS: readonly [Browser, ...Browser[]] = [
  { userAgent: AGENTS.chromeWindows, sizesGiB: [2, 4, 6, 8, 12, 16, 24, 32, 64, 128], tells: [2, 32] },
  { userAgent: AGENTS.oldChromeWindows, sizesGiB: [2, 4, 6, 8, 12, 16, 24, 32, 64], tells: [0.25, 8] },
  { userAgent: AGENTS.chromeAndroid, sizesGiB: [1, 2, 3, 4, 6, 8, 12, 16, 24], tells: [0.25, 8] },
  { userAgent: AGENTS.safariIphone, sizesGiB: [4, 6, 8, 12], tells: null },
  { userAgent: AGENTS.firefoxLinux, sizesGiB: [4, 8, 12, 16, 32], tells: null },
];

function device(lie: number): Device {
  const { userAgent, sizesGiB, tells } = one(BROWSERS);
  // Firmware and graphics keep some of what is built in.
  const memoryGiB = one(sizesGiB) * between(0.88, 0.99);
  const toldGiB = tells === null ? null : lie * approximated(memoryGiB, ...tells);
  const memoryBytes = memoryGiB * GIB;
  return { memoryBytes, freeBytes: memoryBytes * between(0.5, 0.9), toldGiB, userAgent };
}

const demands = v
  .parse(GgufCatalogueSchema, JSON.parse(readFileSync('public/catalogue/gguf.json', 'utf8')))
  .models.map(({ shape, files, contextTokens: trained }): ModelDemand & { shape: typeof shape } => {
    const weightsBytes = files.find(({ role }) => role === 'weights')?.bytes ?? 0;
    const contextTokens = contextUsed(trained);
    const cacheBytes = kvCacheBytes(shape, contextTokens);
    return { weightsBytes, largestFileBytes: weightsBytes, contextTokens, cacheBytes, shape };
  });

interface Trial {
  readonly verdict: FitVerdict;
  readonly neededBytes: number;
  readonly device: Device;
}

function trials(devices: readonly Device[]): readonly Trial[] {
  return devices.flatMap((each) => {
    const of = profile({
      deviceMemoryGiB: each.toldGiB,
      userAgent: each.userAgent,
      features: { ...profile({}).features, jspi: true },
    });
    const isFloor = scoreMemory(of, {}).score === null;
    return demands.map((demand) => {
      const { low, high } = predictMemory({
        shape: demand.shape,
        fileBytes: demand.weightsBytes,
        contextTokens: demand.contextTokens,
        backend: 'cpu',
        threads: 4,
      }).total;
      const { verdict } = memoryFit(of, demand, isFloor);
      return { verdict, neededBytes: between(low, high), device: each };
    });
  });
}

const count = (of: readonly Trial[], which: (trial: Trial) => boolean): number => of.filter(which).length;
const promisedTooMuch = ({ verdict, neededBytes, device: { freeBytes } }: Trial): boolean =>
  verdict === 'runs-well' && neededBytes > freeBytes;
const refusedWrongly = ({ verdict, neededBytes, device: { freeBytes } }: Trial): boolean =>
  verdict === 'will-not-fit' && neededBytes <= freeBytes && neededBytes < 4 * GIB;

const HONEST = Array.from({ length: 300 }, () => device(1));
const MODEST = Array.from({ length: 100 }, () => device(0.5));
const BOASTFUL = Array.from({ length: 100 }, () => device(2));

describe('on simulated devices, with every model of the catalogue', () => {
  it.each([
    ['that tell what Chromium rounds', HONEST],
    ['that tell less than that', MODEST],
  ] as const)('%s nothing is said to run well that has no room', (_what, devices) => {
    const found = trials(devices);
    expect(found.length).toBe(devices.length * demands.length);
    expect(found.filter(promisedTooMuch)).toEqual([]);
    // Something is promised, and something refused: silence would be no proof.
    expect(count(found, ({ verdict }) => verdict === 'runs-well')).toBeGreaterThan(0.2 * found.length);
    expect(count(found, ({ verdict }) => verdict === 'will-not-fit')).toBeGreaterThan(10);
  });

  it('what is refused on an honest device had seldom room', () => {
    const found = trials(HONEST);
    expect(count(found, refusedWrongly) / found.length).toBeLessThan(0.01);
  });

  it('the assumption bears: of devices that tell twice what they have some are promised too much', () => {
    expect(count(trials(BOASTFUL), promisedTooMuch)).toBeGreaterThan(0);
  });
});
