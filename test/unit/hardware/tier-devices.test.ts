import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { HardwareProfileSchema, TierVerdictSchema } from '#contracts/hardware';
import { classifyTier } from '../../../src/hardware/tier.ts';
import { profile } from '../../fakes/hardware-profiles.ts';
import { RECORDED_DEVICES } from '../../fixtures/device-profiles/all.ts';

/** Words that a person may meet on the Device page; any other name of a program's would be jargon. */
const KNOWN_NAMES = /\b(WebGPU|GiB|GB\/s|GFLOP\/s|GPUs?)\b/g;

describe('recorded devices', () => {
  // `why` in the data argues for each.
  it.each(RECORDED_DEVICES.map((device) => [device.name, device] as const))('%s', (_name, device) => {
    const read = profile(device.readings);
    expect(v.parse(HardwareProfileSchema, read)).toEqual(read);
    const verdict = classifyTier(read);
    expect(v.parse(TierVerdictSchema, verdict)).toEqual(verdict);
    expect(verdict.tier, device.why).toBe(device.expected);
    expect(verdict.reasons.reduce((sum, { weight }) => sum + weight, 0)).toBeCloseTo(1, 12);
    for (const { value, explanation } of verdict.reasons) {
      expect(value).not.toBe('');
      expect(explanation).toMatch(/^[A-Z].*\.$/);
      expect(explanation.length).toBeLessThan(180);
      expect(explanation.replace(KNOWN_NAMES, '')).not.toMatch(/[a-z][A-Z]|_|\bnull\b|NaN/);
    }
  });

  it('are many, each from a public report, a third of them with figures', () => {
    expect(RECORDED_DEVICES.length).toBeGreaterThanOrEqual(30);
    expect(new Set(RECORDED_DEVICES.map(({ name }) => name)).size).toBe(RECORDED_DEVICES.length);
    for (const { source, told, why } of RECORDED_DEVICES) {
      expect(source).toMatch(/^https:\/\/\S+$/);
      expect(told).not.toBe('');
      expect(why).toMatch(/\.$/);
    }
    const measured = RECORDED_DEVICES.filter(({ readings }) => readings.micro !== undefined);
    expect(measured.length).toBeGreaterThanOrEqual(RECORDED_DEVICES.length / 3);
  });

  it('a card that was measured is never lifted by a name, nor sunk by the lack of one', () => {
    for (const { name, readings } of RECORDED_DEVICES) {
      const verdict = classifyTier(profile(readings));
      const [hint, measured] = verdict.reasons;
      if (measured?.input !== 'measured-gpu' || hint === undefined) continue;
      expect(measured.weight, name).toBeGreaterThan(5 * hint.weight);
    }
  });
});
