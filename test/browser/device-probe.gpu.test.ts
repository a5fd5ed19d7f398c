import * as v from 'valibot';
import { expect, test } from 'vitest';
import { systemClock } from '#kernel/clock';
import { HardwareProfileSchema } from '#contracts/hardware';
import { readHardwareProfile } from '../../src/hardware/probe.ts';
import { browserProbeEnvironment } from '../../src/platform/probe-environment.ts';

test('reads a real WebGPU adapter: its features and limits are those of WebGPU itself', async () => {
  const profile = await readHardwareProfile(browserProbeEnvironment(systemClock, () => null));
  expect(v.parse(HardwareProfileSchema, profile)).toEqual(profile);
  expect(profile.webgpu).toBe('available');
  const [adapter] = profile.adapters;
  expect(adapter?.features).toContain('shader-f16');
  // The smallest values that the standard lets any adapter have.
  expect(adapter?.limits['maxBufferSize']).toBeGreaterThanOrEqual(268_435_456);
  expect(adapter?.limits['maxComputeInvocationsPerWorkgroup']).toBeGreaterThanOrEqual(256);
});
