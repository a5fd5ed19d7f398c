import { expect, test } from 'vitest';

test('browser tests run cross-origin isolated, as the app does', () => {
  expect(globalThis.crossOriginIsolated).toBe(true);
  expect(new SharedArrayBuffer(4).byteLength).toBe(4);
});
