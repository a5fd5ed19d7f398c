import fc from 'fast-check';
import { expect, it } from 'vitest';
import { retryAfterMs } from '../../../src/kernel/retry-after.ts';

const NOW = Date.UTC(2026, 10, 21, 12, 0, 0);

it.each([
  ['0', 0],
  ['7', 7_000],
  ['1.5', 1_500],
  [' 20 ', 20_000],
  ['Sat, 21 Nov 2026 12:00:30 GMT', 30_000],
  ['Saturday, 21-Nov-26 12:00:30 GMT', 30_000], // RFC 850, which RFC 9110 still lets in
  ['Sat, 21 Nov 2026 11:00:00 GMT', 0], // past
])('%j is %i ms', (header, expected) => {
  expect(retryAfterMs(header, NOW)).toBe(expected);
});

it.each([
  null,
  '',
  'soon',
  '-3',
  '5 apples',
  '1e9',
  'Infinity',
  '2026-11-21',
  'Sat, 99 Nov 2026 12:00:00 GMT',
])('%j says nothing', (header) => {
  expect(retryAfterMs(header, NOW)).toBeNull();
});

it('is an hour at most', () => {
  expect(retryAfterMs('999999999', NOW)).toBe(3_600_000);
  expect(retryAfterMs('Sat, 21 Nov 2099 12:00:00 GMT', NOW)).toBe(3_600_000);
});

it('reads every date that a server can write', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 3_600 }), (seconds) => {
      expect(retryAfterMs(new Date(NOW + seconds * 1_000).toUTCString(), NOW)).toBe(seconds * 1_000);
    }),
  );
});
