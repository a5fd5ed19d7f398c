import fc from 'fast-check';
import { expect, it } from 'vitest';
import { nonNegativeLeastSquares } from '#kernel/statistics-nonnegative';

const error = (rows: readonly (readonly number[])[], ys: readonly number[], c: readonly number[]): number =>
  rows.reduce(
    (sum, row, index) =>
      sum + ((ys[index] ?? 0) - row.reduce((dot, x, at) => dot + x * (c[at] ?? 0), 0)) ** 2,
    0,
  );

it('finds the coefficients that made the observations, of whatever size the figures are', () => {
  const rows = [
    [1e8, 12, 1],
    [3e8, 6, 1],
    [2e7, 20, 1],
    [9e7, 30, 1],
  ];
  const truth = [1e-9, 0.1, 2];
  const ys = rows.map((row) => row.reduce((sum, x, index) => sum + x * (truth[index] ?? 0), 0));
  nonNegativeLeastSquares(rows, ys).forEach((value, index) => {
    expect(value / (truth[index] ?? 1)).toBeCloseTo(1, 9);
  });
});

const close = (found: readonly number[], wanted: readonly number[]): void => {
  found.forEach((value, index) => {
    expect(value).toBeCloseTo(wanted[index] ?? NaN, 9);
  });
};

it('gives no coefficient below zero: the others make the best of it', () => {
  const rows = [
    [1, 1],
    [2, 1],
    [3, 1],
  ];
  // The best line without that rule falls.
  close(nonNegativeLeastSquares(rows, [3, 2, 1]), [0, 2]);
});

it('leaves a figure out that says nothing', () => {
  const silent = [
    [2, 0],
    [4, 0],
  ];
  close(nonNegativeLeastSquares(silent, [1, 2]), [0.5, 0]);
  // Two figures that are the same: either may stand for both.
  const [a = 0, b = 0] = nonNegativeLeastSquares(
    [
      [1, 1],
      [2, 2],
    ],
    [3, 6],
  );
  expect(a + b).toBeCloseTo(3, 9);
});

it('is never worse than any other coefficients', () => {
  const figure = fc.double({ min: 0, max: 10, noNaN: true });
  fc.assert(
    fc.property(
      fc.array(fc.tuple(figure, figure, figure), { minLength: 3, maxLength: 6 }),
      fc.array(fc.double({ min: -5, max: 10, noNaN: true }), { minLength: 6, maxLength: 6 }),
      fc.tuple(figure, figure, figure),
      (rows, ys, others) => {
        const found = nonNegativeLeastSquares(rows, ys.slice(0, rows.length));
        expect(found.every((value) => value >= 0)).toBe(true);
        const limit = error(rows, ys.slice(0, rows.length), others);
        expect(error(rows, ys.slice(0, rows.length), found)).toBeLessThanOrEqual(limit + 1e-6 * (1 + limit));
      },
    ),
  );
});

it('takes a column of next to nothing for nothing', () => {
  const found = nonNegativeLeastSquares(
    [
      [1, 0, 0],
      [0, 0, 5e-324],
    ],
    [3, 2],
  );
  expect(found[0]).toBeCloseTo(3);
  expect(found.slice(1)).toEqual([0, 0]);
});

it('refuses what is no table', () => {
  expect(() => nonNegativeLeastSquares([], [])).toThrow();
  expect(() => nonNegativeLeastSquares([[1]], [1, 2])).toThrow();
});
