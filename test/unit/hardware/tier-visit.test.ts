import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TIERS, type Tier } from '#contracts/hardware';
import { classifyTier } from '../../../src/hardware/tier.ts';
import { CUTS, tierOf } from '../../../src/hardware/tier-levels.ts';
import { heldTier, machineOf, measuredMachineOf } from '../../../src/hardware/tier-visit.ts';
import { AGENTS, adapter, onlyGpu, profile } from '../../fakes/hardware-profiles.ts';

const visit = (tier: Tier, machine = 'same'): { tier: Tier; machine: string } => ({ tier, machine });

describe('heldTier', () => {
  it.each([
    ['mid', 0.74, 'high', 'high'],
    ['mid', 0.701, 'high', 'high'],
    ['mid', 0.7, 'high', 'mid'],
    ['high', 0.76, 'mid', 'mid'],
    ['high', 0.799, 'mid', 'mid'],
    ['high', 0.8, 'mid', 'high'],
    ['mid', 0.27, 'low', 'low'],
    ['low', 0.23, 'mid', 'mid'],
    ['low', 0.2, 'mid', 'low'],
    ['high', 0.751, 'low', 'high'],
    ['low', 0.249, 'high', 'low'],
  ] as const)('fresh %s at %f after a visit of %s: %s', (fresh, score, before, held) => {
    expect(tierOf(score)).toBe(fresh);
    const { tier, reason } = heldTier(score, 'same', visit(before));
    expect(tier).toBe(held);
    if (held === fresh) expect(reason).toBeNull();
    else expect(reason).toMatchObject({ input: 'last-visit', value: before, weight: 0 });
  });

  it('forgets the visit of another machine, and needs none', () => {
    expect(heldTier(0.74, 'same', visit('high', 'other'))).toEqual({ tier: 'mid', reason: null });
    expect(heldTier(0.74, 'same', undefined)).toEqual({ tier: 'mid', reason: null });
  });

  it('does not flap: scores that swing by less than the band change the tier once at most', () => {
    const swing = fc.array(fc.double({ min: -0.0249, max: 0.0249, noNaN: true }), { maxLength: 40 });
    fc.assert(
      fc.property(
        fc.double({ min: 0, max: 1, noNaN: true }),
        swing,
        fc.constantFrom(...TIERS),
        (centre, swings, first) => {
          let tier: Tier = first;
          let changes = 0;
          for (const off of swings) {
            const score = Math.min(1, Math.max(0, centre + off));
            const next = heldTier(score, 'same', visit(tier)).tier;
            if (next !== tier) changes += 1;
            tier = next;
          }
          expect(changes).toBeLessThanOrEqual(1);
        },
      ),
      { numRuns: 500 },
    );
  });

  it('gives way to a score that lies clearly elsewhere, in one step', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1, noNaN: true }), fc.constantFrom(...TIERS), (score, before) => {
        const { tier } = heldTier(score, 'same', visit(before));
        const clear = [CUTS.mid, CUTS.high].every((cut) => Math.abs(score - cut) > 0.051);
        if (clear) expect(tier).toBe(tierOf(score));
      }),
    );
  });
});

describe('classifyTier with a last visit', () => {
  const near = profile({
    adapters: [adapter({ vendor: 'amd' }), adapter({ vendor: 'intel', powerPreference: 'low-power' })],
    cores: 8,
    deviceMemoryGiB: 16,
    micro: { gpuReadGBps: 380, wasmReadGBpsAll: 38 },
    userAgent: AGENTS.chromeWindows,
  });

  it('keeps it near a cut and says so, replayably', () => {
    const alone = classifyTier(near);
    expect(alone.tier).toBe('mid');
    expect(CUTS.high - alone.score).toBeLessThan(0.05);
    const after = classifyTier(near, {}, visit('high', machineOf(near)));
    expect(after.tier).toBe('high');
    expect(after.reasons.at(-1)).toMatchObject({ input: 'last-visit', value: 'high' });
    expect(after.reasons.reduce((sum, { weight }) => sum + weight, 0)).toBeCloseTo(1, 12);
    expect(classifyTier(near, {}, visit('high', machineOf(near)))).toEqual(after);
    expect(classifyTier(near, {}, visit('mid', machineOf(near)))).toEqual(alone);
  });

  it.each([
    ['cores', { ...near, cores: 10 }],
    ['graphics card', { ...near, adapters: [adapter({ vendor: 'amd' })] }],
  ])('forgets it when the %s changed', (_what, changed) => {
    expect(machineOf(changed)).not.toBe(machineOf(near));
    expect(classifyTier(changed, {}, visit('high', machineOf(near)))).toEqual(classifyTier(changed));
  });

  it('lets the user override all of it', () => {
    expect(classifyTier(near, { tier: 'low' }, visit('high', machineOf(near)))).toMatchObject({
      tier: 'low',
      confidence: 1,
    });
  });
});

describe('the machine that a measurement holds for', () => {
  const machine = profile({
    adapters: onlyGpu({ vendor: 'intel' }),
    cores: 8,
    userAgent: AGENTS.chromeWindows,
  });
  const agent = (userAgent: string): string => measuredMachineOf({ ...machine, userAgent });

  it('changes with the major version and the family of the browser, not with a minor one', () => {
    expect(agent(AGENTS.chromeWindows.replace('147.0.0.0', '147.0.1.2'))).toBe(measuredMachineOf(machine));
    expect(agent(AGENTS.oldChromeWindows)).not.toBe(measuredMachineOf(machine));
    const families = [AGENTS.edge, AGENTS.oldChromeWindows, AGENTS.firefoxLinux, AGENTS.safariIphone].map(
      agent,
    );
    expect(families.map((key) => key.split(' ')[0])).toEqual([
      'Edg/141',
      'Chrome/130',
      'Firefox/145',
      'Version/26',
    ]);
  });

  it('is the same whichever of two preferences answered first, and whatever a software adapter says', () => {
    const [first, second] = [adapter({ vendor: 'amd' }), adapter({ vendor: 'intel' })];
    const software = adapter({ vendor: 'google', fallback: true });
    expect(machineOf({ ...machine, adapters: [first, second] })).toBe(
      machineOf({ ...machine, adapters: [second, software, first] }),
    );
  });
});
