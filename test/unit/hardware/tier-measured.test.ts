import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TIERS, type HardwareProfile, type TierReason, type TierVerdict } from '#contracts/hardware';
import { classifyTier } from '../../../src/hardware/tier.ts';
import { AGENTS, adapter, onlyGpu, profile } from '../../fakes/hardware-profiles.ts';

const NVIDIA = onlyGpu({ vendor: 'nvidia', architecture: 'lovelace' });
const INTEL = onlyGpu({ vendor: 'intel', architecture: 'gen-12lp' });
const SWIFTSHADER = onlyGpu({ vendor: 'google', architecture: 'swiftshader', fallback: true });
const MACHINE = { cores: 8, deviceMemoryGiB: 16, userAgent: AGENTS.chromeWindows };

function reason(verdict: TierVerdict, input: TierReason['input']): TierReason | undefined {
  return verdict.reasons.find((given) => given.input === input);
}
const measured = (change: Partial<HardwareProfile>, micro: Record<string, number>): TierVerdict =>
  classifyTier(profile({ ...MACHINE, ...change, micro }));

describe('what was measured', () => {
  it.each([
    [20, 0.25],
    [250, 0.75],
    [Math.sqrt(20 * 250), 0.5],
    [1, 0],
    [0, 0],
    [5_000, 1],
  ])('a graphics card that reads %f GB/s scores %f', (gpuReadGBps, score) => {
    expect(reason(measured({ adapters: INTEL }, { gpuReadGBps }), 'measured-gpu')?.score).toBe(score);
  });

  it('wins over the name of the maker, both ways', () => {
    const slowLarge = measured({ adapters: NVIDIA }, { gpuReadGBps: 15 });
    const fastSmall = measured({ adapters: INTEL }, { gpuReadGBps: 400 });
    expect(fastSmall.score).toBeGreaterThan(slowLarge.score);
    expect(slowLarge.score).toBeLessThan(classifyTier(profile({ ...MACHINE, adapters: INTEL })).score);
    expect(fastSmall.score).toBeGreaterThan(classifyTier(profile({ ...MACHINE, adapters: INTEL })).score);
  });

  it('wins over the count of cores, both ways', () => {
    const many = { cores: 32, deviceMemoryGiB: 4 };
    expect(classifyTier(profile({ ...MACHINE, ...many })).tier).toBe('mid');
    expect(measured(many, { wasmReadGBpsAll: 4, wasmGflopsAll: 20 }).tier).toBe('low');
    const few = { cores: 2 };
    expect(classifyTier(profile({ ...MACHINE, ...few })).tier).toBe('low');
    expect(measured(few, { wasmReadGBpsAll: 60, wasmGflopsAll: 300 }).tier).toBe('mid');
  });

  it('never counts what a software adapter computed, nor memory that it took', () => {
    const figures = { gpuReadGBps: 900, gpuF16Gflops: 9_000, gpuMemoryMiB: 65_536 };
    expect(measured({ adapters: SWIFTSHADER }, figures)).toEqual(
      classifyTier(profile({ ...MACHINE, adapters: SWIFTSHADER })),
    );
    expect(measured({ adapters: [] }, figures).reasons.map(({ input }) => input)).not.toContain(
      'measured-gpu',
    );
    const beside = measured({ adapters: [...SWIFTSHADER, adapter({ vendor: 'intel' })] }, figures);
    expect(reason(beside, 'measured-gpu')).toBeDefined();
  });

  it('says so where something disturbed it, and is less sure', () => {
    const read = profile({ ...MACHINE, adapters: INTEL, micro: { gpuReadGBps: 70 } });
    const shaky = classifyTier(read, {}, undefined, ['gpuReadGBps']);
    expect(reason(shaky, 'measured-gpu')?.explanation).toContain('disturbed');
    expect(shaky.confidence).toBeLessThan(classifyTier(read).confidence);
    expect(shaky.tier).toBe(classifyTier(read).tier);
  });

  it('takes one thread where the page had no more', () => {
    const single = measured({}, { wasmReadGBps1: 9, wasmGflops1: 12 });
    expect(reason(single, 'measured-cpu')?.value).toBe('9 GB/s, 12 GFLOP/s');
    const both = measured({}, { wasmReadGBps1: 9, wasmReadGBpsAll: 22 });
    expect(reason(both, 'measured-cpu')?.value).toBe('22 GB/s');
  });

  it('does not count where a person says what there is', () => {
    const read = profile({ ...MACHINE, adapters: INTEL, micro: { gpuReadGBps: 10, wasmReadGBpsAll: 3 } });
    const typed = classifyTier(read, { gpu: 'several-or-large', cores: 32, memoryGiB: 64 });
    expect(typed).toMatchObject({ tier: 'high', score: 1 });
    expect(typed.reasons.map(({ input }) => input)).toEqual(['gpu', 'cores', 'memory']);
  });
});

describe('a memory that is told wrong', () => {
  it('gives way to memory that could be taken', () => {
    const lied = measured({ adapters: INTEL, deviceMemoryGiB: 2 }, { gpuMemoryMiB: 14_336 });
    expect(reason(lied, 'memory')).toMatchObject({ value: 'at least 14 GiB', score: 0.5 });
    const untold = measured({ adapters: INTEL, deviceMemoryGiB: null }, { gpuMemoryMiB: 40_960 });
    expect(reason(untold, 'memory')).toMatchObject({ value: 'at least 40 GiB', score: 1 });
  });

  it('stays where the measurement stopped early: it is no upper bound', () => {
    const early = measured({ adapters: INTEL, deviceMemoryGiB: 32 }, { gpuMemoryMiB: 14_336 });
    expect(reason(early, 'memory')).toMatchObject({ value: 'about 32 GiB', score: 1 });
  });
});

describe('a count of cores that is told wrong', () => {
  it('does not count two cores of Firefox, but those of others', () => {
    const firefox = classifyTier(profile({ cores: 2, userAgent: AGENTS.firefoxLinux }));
    expect(reason(firefox, 'cores')).toMatchObject({ value: '2 cores or more', score: null });
    expect(reason(classifyTier(profile({ cores: 2, userAgent: AGENTS.chromeWindows })), 'cores')?.score).toBe(
      0,
    );
    expect(reason(classifyTier(profile({ cores: 3, userAgent: AGENTS.firefoxLinux })), 'cores')?.score).toBe(
      0,
    );
  });

  it('takes a low count of Safari for its bound, and a person at their word', () => {
    const safari = profile({ cores: 4, userAgent: AGENTS.safariIphone });
    expect(reason(classifyTier(safari), 'cores')).toMatchObject({ score: 0.5 });
    expect(reason(classifyTier(safari, { cores: 4 }), 'cores')).toMatchObject({ value: '4 cores', score: 0 });
    expect(reason(classifyTier(profile({ cores: 4, userAgent: AGENTS.chromeMac })), 'cores')?.score).toBe(0);
  });

  it('falls back on the class of the processor where no count is told', () => {
    expect(
      [null, 0, 1, 2, 3, 4, 9].map(
        (cpuPerformance) => reason(classifyTier(profile({ cpuPerformance })), 'cores')?.score,
      ),
    ).toEqual([null, null, 0, 0, 0.5, 1, null]);
  });
});

describe('order of machines', () => {
  const figures = [
    'gpuReadGBps',
    'gpuF16Gflops',
    'gpuF32Gflops',
    'wasmReadGBpsAll',
    'wasmGflopsAll',
    'gpuMemoryMiB',
  ] as const;
  const readings = fc.record({
    adapters: fc.constantFrom([], NVIDIA, INTEL, SWIFTSHADER),
    cores: fc.option(fc.integer({ min: 1, max: 64 })),
    deviceMemoryGiB: fc.option(fc.constantFrom(2, 4, 8, 16, 32)),
    userAgent: fc.constantFrom(...Object.values(AGENTS)),
    micro: fc.dictionary(fc.constantFrom(...figures), fc.double({ min: 0, max: 100_000, noNaN: true })),
  });

  it('a higher figure never lowers the tier', () => {
    fc.assert(
      fc.property(
        readings,
        fc.constantFrom(...figures),
        fc.double({ min: 1, max: 10, noNaN: true }),
        (machine, name, by) => {
          const before = machine.micro[name];
          // Memory tells of a lie in another input; a figure that was not there changes which inputs count.
          if (before === undefined) return;
          const slower = classifyTier(profile(machine));
          const faster = classifyTier(
            profile({ ...machine, micro: { ...machine.micro, [name]: before * by } }),
          );
          const memory = (verdict: TierVerdict): number | null => reason(verdict, 'memory')?.score ?? null;
          if (name === 'gpuMemoryMiB' && memory(slower) === null) return;
          expect(faster.score).toBeGreaterThanOrEqual(slower.score);
          expect(TIERS.indexOf(faster.tier)).toBeGreaterThanOrEqual(TIERS.indexOf(slower.tier));
        },
      ),
      { numRuns: 500 },
    );
  });

  it('more memory told never lowers the tier', () => {
    fc.assert(
      fc.property(readings, ({ ...machine }) => {
        const told = [2, 4, 16, 32].map(
          (deviceMemoryGiB) => classifyTier(profile({ ...machine, deviceMemoryGiB })).score,
        );
        expect(told).toEqual([...told].sort((left, right) => left - right));
      }),
    );
  });

  it('no figure, not even a broken one, makes it throw or leave its bounds', () => {
    const broken = fc.dictionary(fc.constantFrom(...figures), fc.double());
    fc.assert(
      fc.property(readings, broken, (machine, micro) => {
        const verdict = classifyTier(profile({ ...machine, micro }));
        expect(verdict.score).toBeGreaterThanOrEqual(0);
        expect(verdict.score).toBeLessThanOrEqual(1);
        expect(verdict.confidence).toBeGreaterThan(0);
        expect(verdict.confidence).toBeLessThanOrEqual(1);
        expect(verdict.reasons.reduce((sum, { weight }) => sum + weight, 0)).toBeCloseTo(1, 9);
      }),
    );
  });
});
