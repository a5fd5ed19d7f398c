import { describe, expect, it } from 'vitest';
import type { HardwareProfile } from '#contracts/hardware';
import {
  benchEnvironment,
  browserName,
  councilFingerprint,
  gpuName,
  systemName,
} from '../../../src/bench/bench-environment.ts';
import { AGENTS, adapter, profile } from '../../fakes/hardware-profiles.ts';

describe('names from the user agent', () => {
  it.each([
    ['chromeWindows', 'Chrome 147', 'Windows'],
    ['chromeMac', 'Chrome 147', 'macOS'],
    ['edge', 'Edge 141', 'Windows'],
    ['firefoxLinux', 'Firefox 145', 'Linux'],
    ['safariIphone', 'Safari 26.0', 'iOS'],
    ['chromeAndroid', 'Chrome 147', 'Android'],
    ['headless', 'Headless Chrome 147', 'Linux'],
  ] as const)('%s is %s on %s', (key, browser, system) => {
    expect(browserName(AGENTS[key])).toBe(browser);
    expect(systemName(AGENTS[key])).toBe(system);
  });

  it('says unknown rather than guess', () => {
    expect(browserName('curl/8')).toBe('unknown browser');
    expect(systemName('')).toBe('unknown system');
  });
});

describe('benchEnvironment', () => {
  it('says what was measured on, to the day', () => {
    const machine: HardwareProfile = profile({
      userAgent: AGENTS.headless,
      cores: 2,
      refreshIntervalMs: null,
    });
    expect(
      benchEnvironment({
        app: '0.1.0',
        epochMs: 86_400_000 * 20_000 + 5,
        profile: machine,
        tier: 'low',
        threads: 2,
        council: 'c0ffee00',
      }),
    ).toMatchObject({
      app: '0.1.0',
      day: 20_000,
      browser: 'Headless Chrome 147',
      os: 'Linux',
      cores: 2,
      gpu: 'none',
      refreshIntervalMs: 0,
      council: 'c0ffee00',
    });
  });

  it('names the real adapter, and a software one as such', () => {
    const soft = adapter({ vendor: 'google', architecture: 'swiftshader', fallback: true });
    const real = adapter({ vendor: 'apple', architecture: 'metal-3' });
    expect(gpuName(profile({ adapters: [soft, real] }))).toBe('apple metal-3');
    expect(gpuName(profile({ adapters: [soft] }))).toBe('google swiftshader (software)');
    expect(gpuName(profile({ adapters: [adapter({ description: 'NVIDIA H200' })] }))).toBe('NVIDIA H200');
    expect(gpuName(profile({ adapters: [adapter({})] }))).toBe('unnamed adapter');
  });
});

describe('councilFingerprint', () => {
  it('depends on the models, not on their order', async () => {
    const one = await councilFingerprint(['aa', 'bb']);
    expect(one).toMatch(/^[0-9a-f]{8}$/);
    expect(await councilFingerprint(['bb', 'aa'])).toBe(one);
    expect(await councilFingerprint(['bb', 'ab'])).not.toBe(one);
  });

  it('is the start of the SHA-256 of the sorted hashes', async () => {
    // printf 'aa\nbb' | sha256sum
    expect(await councilFingerprint(['bb', 'aa'])).toBe('80c0d5c7');
  });
});
