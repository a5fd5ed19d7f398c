import { expect, it } from 'vitest';
import { pairsNeeded } from '#kernel/statistics-power';

/** The table of research/council.md §3. */
it.each([
  [0.2, 0.1, 155],
  [0.2, 0.05, 626],
  [0.2, 0.03, 1742],
  [0.2, 0.02, 3923],
  [0.1, 0.1, 77],
  [0.1, 0.05, 312],
  [0.1, 0.03, 870],
  [0.1, 0.02, 1960],
])('with %d discordant a difference of %d takes %d pairs', (discordant, difference, pairs) => {
  expect(Math.abs(pairsNeeded(discordant, difference) - pairs)).toBeLessThanOrEqual(1);
});

it('has no answer for a difference larger than what differs', () => {
  expect(() => pairsNeeded(0.05, 0.1)).toThrow();
});
