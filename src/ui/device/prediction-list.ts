import type { ModelPrediction } from '#contracts/capacity';
import { FIT_VERDICTS } from '#contracts/model-fit';

export const FILTERS = ['all', 'fits', 'here'] as const;
export type Filter = (typeof FILTERS)[number];

export const ORDERS = ['fits', 'speed', 'size', 'name'] as const;
export type Order = (typeof ORDERS)[number];

type Row = ModelPrediction;

/** Models whose engine has no graphics card here: there is nothing to say of each of them. */
export function needsCard({ caveats }: Row): boolean {
  return caveats.includes('needs-graphics-card');
}

const TESTS: Readonly<Record<Filter, (row: Row) => boolean>> = {
  all: () => true,
  fits: ({ fits }) => fits !== 'will-not-fit',
  here: ({ installed }) => installed,
};

/** Of what a model weighs, as far as anybody says; unknown ones come last. */
function weight({ sizeBytes, memory }: Row): number {
  return sizeBytes ?? memory?.median ?? Infinity;
}

function compare(a: number, b: number): number {
  return a === b ? 0 : a < b ? -1 : 1;
}

const COMPARISONS: Readonly<Record<Order, (a: Row, b: Row) => number>> = {
  fits: (a, b) => compare(FIT_VERDICTS.indexOf(a.fits), FIT_VERDICTS.indexOf(b.fits)),
  speed: (a, b) => compare(-(a.tokensPerSecond?.median ?? -1), -(b.tokensPerSecond?.median ?? -1)),
  size: (a, b) => compare(weight(a), weight(b)),
  name: (a, b) => a.name.localeCompare(b.name, 'en', { numeric: true }),
};

/** Equal ones stay in the order in which they came. */
export function listedPredictions(rows: readonly Row[], filter: Filter, order: Order): readonly Row[] {
  return rows.filter(TESTS[filter]).toSorted(COMPARISONS[order]);
}

export function counts(rows: readonly Row[]): Readonly<Record<Filter, number>> {
  const of = (filter: Filter): number => rows.filter(TESTS[filter]).length;
  return { all: of('all'), fits: of('fits'), here: of('here') };
}
