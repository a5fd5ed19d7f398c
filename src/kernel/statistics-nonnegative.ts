import { assert } from './assert.ts';

/** Solves a small symmetric system by elimination with pivoting; null where it has no single solution. */
function solve(matrix: readonly (readonly number[])[], right: readonly number[]): number[] | null {
  const rows = matrix.map((row, index) => [...row, right[index] ?? 0]);
  const size = rows.length;
  for (let column = 0; column < size; column += 1) {
    const pivot = rows
      .slice(column)
      .reduce(
        (best, row, index) =>
          Math.abs(row[column] ?? 0) > Math.abs(rows[best]?.[column] ?? 0) ? column + index : best,
        column,
      );
    const [top, found] = [rows[column] ?? [], rows[pivot] ?? []];
    if (Math.abs(found[column] ?? 0) < 1e-12) return null;
    rows[column] = found;
    rows[pivot] = top;
    for (const [index, row] of rows.entries()) {
      if (index === column) continue;
      const share = (row[column] ?? 0) / (found[column] ?? 1);
      for (let at = column; at <= size; at += 1) row[at] = (row[at] ?? 0) - share * (found[at] ?? 0);
    }
  }
  return rows.map((row, index) => (row[size] ?? 0) / (row[index] ?? 1));
}

/** Shorter columns are taken for nothing: what makes up for them would be more than numbers hold. */
const NOTHING = 1e-100;

/**
 * The coefficients c ≥ 0 that make Σ(y − x·c)² least, by trying every set of coefficients that are not zero: exact (one of
 * them is the set at the optimum; Lawson & Hanson, "Solving Least Squares Problems", 1974, ch. 23), and cheap for a handful.
 * @param rows one x for each observation, all of the same length, at most 8
 */
export function nonNegativeLeastSquares(
  rows: readonly (readonly number[])[],
  ys: readonly number[],
): number[] {
  const width = rows[0]?.length ?? 0;
  assert(width > 0 && width <= 8 && rows.length === ys.length, 'observations of 1 to 8 figures');
  // Figures of very different size: each column counts in units of its own length.
  const scales = Array.from({ length: width }, (_, column) => {
    const length = Math.hypot(...rows.map((row) => row[column] ?? 0));
    return length < NOTHING ? 1 : length;
  });
  const scaled = rows.map((row) => row.map((x, column) => x / (scales[column] ?? 1)));
  let best = Array.from({ length: width }, () => 0);
  let least = Infinity;
  for (let set = 0; set < 2 ** width; set += 1) {
    const used = best.map((_, column) => column).filter((column) => (set >> column) % 2 === 1);
    const products = used.map((a) =>
      used.map((b) => scaled.reduce((sum, row) => sum + (row[a] ?? 0) * (row[b] ?? 0), 0)),
    );
    const right = used.map((a) =>
      scaled.reduce((sum, row, index) => sum + (row[a] ?? 0) * (ys[index] ?? 0), 0),
    );
    const found = solve(products, right);
    if (found === null || found.some((value) => value < 0)) continue;
    const whole = best.map((_, column) => found[used.indexOf(column)] ?? 0);
    const error = scaled.reduce(
      (sum, row, index) =>
        sum + ((ys[index] ?? 0) - row.reduce((dot, x, column) => dot + x * (whole[column] ?? 0), 0)) ** 2,
      0,
    );
    if (error < least - 1e-12) [best, least] = [whole, error];
  }
  return best.map((value, column) => value / (scales[column] ?? 1));
}
