import { afterEach, expect, it, vi } from 'vitest';
import { browserFeatures, chooseBuild } from '../../../../workers/inference/wllama-browser.ts';

const CHROMIUM = { memory64: true, promiseIntegration: true, webgpu: true };

it.each([
  ['Chromium', CHROMIUM, true, { build: 'default', gpu: true }],
  ['Chromium, asked for the CPU', CHROMIUM, false, { build: 'default', gpu: false }],
  ['no WebGPU', { ...CHROMIUM, webgpu: false }, true, { build: 'default', gpu: false }],
  ['Firefox', { ...CHROMIUM, promiseIntegration: false }, true, { build: 'default', gpu: false }],
  [
    'Safari',
    { memory64: false, promiseIntegration: false, webgpu: true },
    true,
    { build: 'compat', gpu: true },
  ],
] as const)('%s', (_browser, features, wantsGpu, choice) => {
  expect(chooseBuild(features, wantsGpu)).toEqual(choice);
});

afterEach(() => {
  vi.unstubAllGlobals();
});

it('asks for features, not for names', () => {
  class Memory {
    constructor(descriptor: { address?: string }) {
      if (descriptor.address === 'i64') throw new TypeError('not here');
    }
  }
  vi.stubGlobal('WebAssembly', { Memory, Suspending: class {} });
  vi.stubGlobal('navigator', { gpu: {} });
  expect(browserFeatures()).toEqual({ memory64: false, promiseIntegration: true, webgpu: true });
  vi.stubGlobal('WebAssembly', { Memory: class {} });
  vi.stubGlobal('navigator', {});
  expect(browserFeatures()).toEqual({ memory64: true, promiseIntegration: false, webgpu: false });
});
