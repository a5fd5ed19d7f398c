import { expect, it, vi } from 'vitest';
import { badgeOf } from '../../../src/platform/app-badge.ts';

it('shows a number, a dot for nothing, and goes', () => {
  const setAppBadge = vi.fn(() => Promise.resolve());
  const clearAppBadge = vi.fn(() => Promise.resolve());
  const badge = badgeOf({ setAppBadge, clearAppBadge });
  badge?.show(42);
  badge?.show(0);
  badge?.clear();
  expect(setAppBadge.mock.calls).toEqual([[42], []]);
  expect(clearAppBadge).toHaveBeenCalledOnce();
});

it('harms nobody where the browser refuses', async () => {
  const refuse = (): Promise<never> => Promise.reject(new DOMException('no icon', 'NotAllowedError'));
  const badge = badgeOf({ setAppBadge: refuse, clearAppBadge: refuse });
  badge?.show(1);
  badge?.clear();
  // A rejection that nobody took would end this test run.
  await Promise.resolve();
});

it('is not there where the browser has none', () => {
  expect(badgeOf({})).toBeNull();
});
