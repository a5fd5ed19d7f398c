import { expect, it } from 'vitest';
import { leadConfidence, STOP_RULES } from '../../../../src/council/evaluation/stop-rules.ts';

/** The tail of Beta(a + 1, b + 1) above ½ by adding up its density. */
function betaTail(a: number, b: number): number {
  const steps = 20_000;
  const density = (x: number): number => x ** a * (1 - x) ** b;
  let above = 0;
  let all = 0;
  for (let step = 0; step < steps; step += 1) {
    const x = (step + 0.5) / steps;
    all += density(x);
    if (x > 0.5) above += density(x);
  }
  return above / all;
}

it.each([
  [0, 0],
  [1, 0],
  [3, 0],
  [4, 0],
  [4, 2],
  [9, 3],
])('the confidence in a lead of %d to %d is the tail of the Beta distribution', (a, b) => {
  expect(leadConfidence(a, b)).toBeCloseTo(betaTail(a, b), 5);
});

it.each([
  // first, second, outstanding: exact, adaptive-consistency, first-two
  [1, 0, 2, false, false, false],
  [2, 0, 1, true, false, true],
  [1, 1, 1, false, false, false],
  [2, 2, 1, false, false, false],
  [2, 1, 2, false, false, true],
  [3, 0, 3, false, false, true],
  // Three of three are 0.9375: it never stops a council of three.
  [3, 0, 0, true, false, true],
  [4, 0, 5, false, true, true],
] as const)('%d to %d with %d to come', (first, second, outstanding, exact, adaptive, two) => {
  const standing = { first, second, outstanding };
  expect(STOP_RULES.exact(standing)).toBe(exact);
  expect(STOP_RULES['adaptive-consistency'](standing)).toBe(adaptive);
  expect(STOP_RULES['first-two'](standing)).toBe(two);
});
