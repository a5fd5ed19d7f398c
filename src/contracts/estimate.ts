import * as v from 'valibot';

const Figure = v.pipe(v.number(), v.finite(), v.minValue(0));

/** A median with the interval in which nine of ten measurements are expected; low ≤ median ≤ high. */
export const EstimateSchema = v.pipe(
  v.strictObject({ median: Figure, low: Figure, high: Figure }),
  v.check(({ low, median, high }) => low <= median && median <= high, 'not in order'),
  v.readonly(),
);
export type Estimate = v.InferOutput<typeof EstimateSchema>;
