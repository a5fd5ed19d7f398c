import { expect, it } from 'vitest';
import { dayDate, whenShort } from '../../../src/ui/days.ts';

it('reads a day as the date in UTC', () => {
  expect(dayDate(0)).toBe('1 Jan 1970');
});

it('tells the time today, and the day before that', () => {
  const now = new Date(2026, 10, 22, 12, 0).getTime();
  expect(whenShort(new Date(2026, 10, 22, 9, 5).getTime(), now)).toBe('09:05');
  expect(whenShort(new Date(2026, 10, 21, 9, 5).getTime(), now)).toBe('21 Nov, 09:05');
});
