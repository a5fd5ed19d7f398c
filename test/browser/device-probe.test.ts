import * as v from 'valibot';
import { expect, test } from 'vitest';
import { systemClock } from '#kernel/clock';
import { HardwareProfileSchema } from '#contracts/hardware';
import { readHardwareProfile } from '../../src/hardware/probe.ts';
import { classifyTier } from '../../src/hardware/tier.ts';
import { browserProbeEnvironment } from '../../src/platform/probe-environment.ts';

test('reads the real machine', async () => {
  const profile = await readHardwareProfile(browserProbeEnvironment(systemClock, () => 16.7));
  expect(v.parse(HardwareProfileSchema, profile)).toEqual(profile);
  expect(profile).toMatchObject({
    cores: navigator.hardwareConcurrency,
    isolated: crossOriginIsolated,
    refreshIntervalMs: 16.7,
    userAgent: navigator.userAgent,
    features: { wasmSimd: true, sharedArrayBuffer: true },
    storage: { opfs: true, indexedDb: true },
  });
  // Chromium gives an isolated page steps of 5 µs.
  expect(profile.clockStepUs).toBeCloseTo(5, 1);
  expect(profile.storage.quotaBytes).toBeGreaterThan(0);
  const { reasons } = classifyTier(profile);
  expect(reasons.find(({ input }) => input === 'cores')?.value).toContain(
    String(navigator.hardwareConcurrency),
  );
});

test('leaves nothing behind', async () => {
  await readHardwareProfile(browserProbeEnvironment(systemClock, () => null));
  const root = await navigator.storage.getDirectory();
  const names: string[] = [];
  for await (const name of root.keys()) names.push(name);
  expect(names).not.toContain('witan-probe');
  const databases = await indexedDB.databases();
  expect(databases.map(({ name }) => name)).not.toContain('witan-probe');
});
