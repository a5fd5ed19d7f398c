import fc from 'fast-check';
import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import {
  ProbeReportSchema,
  TIERS,
  TierVerdictSchema,
  type HardwareProfile,
  type Tier,
} from '#contracts/hardware';
import { classifyTier, probeReport } from '../../../src/hardware/tier.ts';
import { AGENTS, adapter, onlyGpu, profile } from '../../fakes/hardware-profiles.ts';

const NVIDIA = onlyGpu({ vendor: 'nvidia', architecture: 'lovelace' });
const APPLE = onlyGpu({ vendor: 'apple', architecture: 'metal-3' });
const ARM = onlyGpu({ vendor: 'arm', architecture: 'valhall' });
const INTEL = onlyGpu({ vendor: 'intel', architecture: 'gen-12lp' });
const SWIFTSHADER = onlyGpu({ vendor: 'google', architecture: 'swiftshader', fallback: true });

/** What these machines' browsers tell, and what should follow. */
const MACHINES: readonly (readonly [string, Partial<HardwareProfile>, Tier])[] = [
  [
    'MacBook Pro M3 Max, 16 cores',
    { adapters: APPLE, cores: 16, deviceMemoryGiB: 32, userAgent: AGENTS.chromeMac },
    'high',
  ],
  [
    'MacBook Air M2, 8 cores, 16 GB',
    { adapters: APPLE, cores: 8, deviceMemoryGiB: 16, userAgent: AGENTS.chromeMac },
    'mid',
  ],
  [
    'desktop with an RTX 4090',
    { adapters: NVIDIA, cores: 32, deviceMemoryGiB: 32, userAgent: AGENTS.chromeWindows },
    'high',
  ],
  [
    'the same in a browser that caps at 8 GiB',
    { adapters: NVIDIA, cores: 32, deviceMemoryGiB: 8, userAgent: AGENTS.oldChromeWindows },
    'high',
  ],
  [
    'office laptop, Intel graphics, 8 GB',
    { adapters: INTEL, cores: 8, deviceMemoryGiB: 8, userAgent: AGENTS.chromeWindows },
    'mid',
  ],
  [
    'old laptop, Intel graphics, 4 cores, 4 GB',
    { adapters: INTEL, cores: 4, deviceMemoryGiB: 4, userAgent: AGENTS.chromeWindows },
    'low',
  ],
  ['iPhone', { adapters: APPLE, cores: 4, userAgent: AGENTS.safariIphone }, 'mid'],
  ['Pixel 9', { adapters: ARM, cores: 8, deviceMemoryGiB: 8, userAgent: AGENTS.chromeAndroid }, 'mid'],
  ['cheap phone', { adapters: ARM, cores: 4, deviceMemoryGiB: 2, userAgent: AGENTS.chromeAndroid }, 'low'],
  [
    '2-core machine with SwiftShader',
    { adapters: SWIFTSHADER, cores: 2, deviceMemoryGiB: 16, userAgent: AGENTS.headless },
    'low',
  ],
  [
    '2-core machine without WebGPU',
    { webgpu: 'no-adapter', cores: 2, deviceMemoryGiB: 4, userAgent: AGENTS.headless },
    'low',
  ],
  ['Firefox without WebGPU, 8 cores', { cores: 8, userAgent: AGENTS.firefoxLinux }, 'low'],
  ['Firefox without WebGPU, 16 cores', { cores: 16, userAgent: AGENTS.firefoxLinux }, 'mid'],
  ['a browser that tells nothing', {}, 'low'],
];

describe('classifyTier', () => {
  it.each(MACHINES)('%s', (_, readings, tier) => {
    const verdict = classifyTier(profile(readings));
    expect(verdict.tier).toBe(tier);
    expect(v.parse(TierVerdictSchema, verdict)).toEqual(verdict);
    expect(verdict.reasons.map(({ input }) => input)).toEqual(['gpu', 'cores', 'memory']);
    expect(verdict.reasons.reduce((sum, { weight }) => sum + weight, 0)).toBeCloseTo(1, 12);
    for (const { value, explanation } of verdict.reasons) {
      expect(value).not.toBe('');
      expect(explanation).toMatch(/^[A-Z].*\.$/);
    }
  });

  it.each([
    [5, 0],
    [6, 0.5],
    [12, 0.5],
    [13, 1],
  ])('%i cores score %f', (cores, score) => {
    expect(classifyTier(profile({ cores })).reasons[1]).toMatchObject({
      value: `${String(cores)} cores`,
      score,
    });
  });

  it.each([
    [11, 0],
    [12, 0.5],
    [24, 0.5],
    [25, 1],
  ])('%i GiB score %f', (memoryGiB, score) => {
    expect(classifyTier(profile({}), { memoryGiB }).reasons[2]?.score).toBe(score);
  });

  it('takes 8 GiB for "8 or more" where the browser reports no more, and for 8 where it would', () => {
    const capped = classifyTier(profile({ deviceMemoryGiB: 8, userAgent: AGENTS.chromeAndroid })).reasons[2];
    expect(capped).toMatchObject({ value: '8 GiB or more', score: null });
    const plain = classifyTier(profile({ deviceMemoryGiB: 8, userAgent: AGENTS.chromeWindows })).reasons[2];
    expect(plain).toMatchObject({ value: 'about 8 GiB', score: 0 });
    expect(plain?.explanation).toContain('rounds');
  });

  it('never counts a software adapter as a GPU', () => {
    const [gpu] = classifyTier(profile({ adapters: SWIFTSHADER })).reasons;
    expect(gpu).toMatchObject({ value: 'google swiftshader (software)', score: 0 });
    const mixed = classifyTier(profile({ adapters: [...SWIFTSHADER, adapter({ vendor: 'intel' })] }))
      .reasons[0];
    expect(mixed).toMatchObject({ value: 'intel', score: 0.5 });
  });

  it('takes no card of NVIDIA for large that cannot compute in 16 bits', () => {
    const score = (features: string[]): number | null | undefined =>
      classifyTier(profile({ adapters: onlyGpu({ vendor: 'nvidia', architecture: 'pascal', features }) }))
        .reasons[0]?.score;
    expect([score(['timestamp-query']), score(['shader-f16'])]).toEqual([0.5, 1]);
  });

  it('counts one GPU once and two GPUs as several', () => {
    expect(classifyTier(profile({ adapters: INTEL })).reasons[0]?.score).toBe(0.5);
    const two = [
      adapter({ vendor: 'amd', architecture: 'rdna-3' }),
      adapter({ vendor: 'intel', powerPreference: 'low-power' }),
    ];
    expect(classifyTier(profile({ adapters: two })).reasons[0]).toMatchObject({
      value: 'amd rdna-3 and intel',
      score: 1,
    });
  });

  it('says that no WebGPU and no adapter are different things', () => {
    const explanation = (webgpu: HardwareProfile['webgpu']): string | undefined =>
      classifyTier(profile({ webgpu })).reasons[0]?.explanation;
    expect(explanation('unsupported')).not.toBe(explanation('no-adapter'));
  });

  it('is less confident the less it knows and the nearer it is to a limit', () => {
    const confidence = (readings: Partial<HardwareProfile>): number =>
      classifyTier(profile(readings)).confidence;
    const full = { adapters: INTEL, cores: 9, deviceMemoryGiB: 16, userAgent: AGENTS.chromeWindows };
    expect(confidence(full)).toBeGreaterThan(confidence({ ...full, deviceMemoryGiB: null }));
    expect(confidence(full)).toBeGreaterThan(confidence({ ...full, cores: null }));
    expect(confidence(full)).toBeGreaterThan(confidence({ ...full, cores: 12 }));
    expect(confidence({})).toBeLessThanOrEqual(0.4);
  });

  it('gives bounded figures and keeps the order of machines for any readings', () => {
    const readings = fc.record({
      cores: fc.option(fc.integer({ min: 1, max: 256 })),
      deviceMemoryGiB: fc.option(fc.constantFrom(0.25, 1, 2, 4, 8, 16, 32)),
      adapters: fc.constantFrom([], NVIDIA, APPLE, ARM, INTEL, SWIFTSHADER),
      userAgent: fc.constantFrom(...Object.values(AGENTS)),
    });
    fc.assert(
      fc.property(readings, fc.integer({ min: 1, max: 64 }), (machine, more) => {
        const verdict = classifyTier(profile(machine));
        expect(verdict.score).toBeGreaterThanOrEqual(0);
        expect(verdict.score).toBeLessThanOrEqual(1);
        expect(verdict.confidence).toBeGreaterThan(0);
        expect(verdict.confidence).toBeLessThanOrEqual(1);
        // A count that is taken for untold says nothing of a larger one.
        if (machine.cores === null || verdict.reasons[1]?.score === null) return;
        const larger = classifyTier(profile({ ...machine, cores: machine.cores + more }));
        expect(larger.score).toBeGreaterThanOrEqual(verdict.score);
        expect(TIERS.indexOf(larger.tier)).toBeGreaterThanOrEqual(TIERS.indexOf(verdict.tier));
      }),
    );
  });
});

describe('overrides', () => {
  const small = profile({ adapters: SWIFTSHADER, cores: 2, deviceMemoryGiB: 4, userAgent: AGENTS.headless });

  it.each(TIERS)('takes %s from the user, and still shows the readings', (tier) => {
    const verdict = classifyTier(small, { tier });
    expect(verdict).toMatchObject({ tier, confidence: 1 });
    expect(verdict.reasons[0]).toMatchObject({ input: 'override', value: tier, weight: 1 });
    expect(verdict.reasons.slice(1).map(({ weight }) => weight)).toEqual([0, 0, 0]);
    expect(classifyTier(profile({ cores: 64 }), { tier }).score).toBe(verdict.score);
  });

  it('takes single readings from the user as certain', () => {
    const verdict = classifyTier(small, { gpu: 'several-or-large', cores: 16, memoryGiB: 64 });
    expect(verdict).toMatchObject({ tier: 'high', score: 1 });
    expect(verdict.confidence).toBeCloseTo(1, 12);
    for (const { explanation } of verdict.reasons) expect(explanation).toContain('You said so');
  });
});

describe('probeReport', () => {
  it('is the document of the headless driver', () => {
    const machine = profile({ cores: 8 });
    const report = probeReport(machine, classifyTier(machine));
    expect(v.parse(ProbeReportSchema, report)).toEqual(report);
  });
});
