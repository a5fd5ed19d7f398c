import fc from 'fast-check';
import { expect, it } from 'vitest';
import {
  finish,
  sharedOut,
  type Job,
  type Units,
} from '../../../../src/capacity/scalability/council-time.ts';
import { member } from '../../../fakes/scalability-inputs.ts';

const ONCE = { low: 1, median: 1, high: 1 };
const ONE = { cpu: 1, webgpu: 1, remote: 1, browser: 1 };
const job = (ms: number, backend: 'cpu' | 'webgpu' = 'cpu'): Job => ({
  member: member({ id: `${ms}`, backend }),
  todayMs: ms,
  ms: { low: ms, median: ms, high: ms },
});
const units = (count: Partial<typeof ONE>, added = ONCE): Units => ({
  count: { ...ONE, ...count },
  today: ONE,
  added: { cpu: added, webgpu: added, remote: added, browser: added },
});

it('gives the longest first to the one that is done soonest', () => {
  // 9 | 7 | 6, then 5 to the third (11), 4 to the second (11), 3 to the first (12).
  expect(sharedOut([3, 9, 5, 7, 4, 6], 3)).toEqual([0, 0, 2, 1, 1, 2]);
  expect(sharedOut([1, 2], 0)).toEqual([0, 0]);
});

it('adds up what shares a place, and takes the longest of the places', () => {
  const jobs = [job(30), job(50), job(60, 'webgpu')];
  const { ms, last } = finish(jobs, units({}));
  expect(ms.median).toBe(80);
  expect(last.map(({ id }) => id)).toEqual(['30', '50']);
  const two = finish(jobs, units({ cpu: 2 }));
  expect(two.ms.median).toBe(60);
  expect(two.last.map(({ backend }) => backend)).toEqual(['webgpu']);
  expect(finish([], units({}))).toEqual({ ms: { low: 0, median: 0, high: 0 }, last: [] });
});

it('is less sure of what is added, and only of that', () => {
  const jobs = [job(30), job(50)];
  // The 30 goes to the added one: half or twice that.
  expect(finish(jobs, units({ cpu: 2 }, { low: 0.5, median: 1, high: 2 })).ms).toEqual({
    low: 50,
    median: 50,
    high: 60,
  });
});

it('is never later with more to share it out over', () => {
  fc.assert(
    fc.property(
      fc.array(fc.double({ min: 0, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 9 }),
      fc.integer({ min: 1, max: 8 }),
      (lengths, count) => {
        const at = (cpu: number): number =>
          finish(
            lengths.map((ms) => job(ms)),
            units({ cpu }),
          ).ms.median;
        expect(at(count + 1)).toBeLessThanOrEqual(at(count) * (1 + 1e-12));
        expect(at(count)).toBeGreaterThanOrEqual(Math.max(...lengths));
      },
    ),
  );
});
