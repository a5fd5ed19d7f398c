import { median } from '#kernel/statistics-order';
import type { ModelPrediction } from '#contracts/capacity';
import type { Estimate } from '#contracts/estimate';
import type { Adapter } from '#contracts/hardware';
import type { ModelMeasurement } from '#contracts/model-measurement';
import { paceOf } from './predict-speed.ts';

/**
 * What a real answer may differ besides from those that were measured, a share: another hour (clocks, heat), real weights in
 * the place of random ones, a longer answer. Reasoned, not measured: no model has run here with both.
 */
const OTHERWISE = 0.1;
/** Where the answers that were measured did not agree among themselves. */
const OTHERWISE_UNSTABLE = 0.2;

/** What the browser calls a card; empty where it does not say. */
export function cardName({ vendor, architecture, device, description }: Adapter): string {
  return [vendor, architecture, device, description].filter((part) => part !== '').join(' | ');
}

/** Whether a measurement still tells of this device: the same browser, in the same version, on the same card. */
export function holdsHere(
  { userAgent, card }: Pick<ModelMeasurement, 'userAgent' | 'card'>,
  here: { readonly userAgent: string; readonly card: string },
): boolean {
  return userAgent === here.userAgent && card === here.card;
}

function estimateOf(values: readonly number[], doubt: number): Estimate {
  const centre = median(values);
  return {
    median: centre,
    low: Math.min(...values, centre * (1 - doubt)),
    high: Math.max(...values, centre * (1 + doubt)),
  };
}

/** What a model's own measurement says of it, for the question that was asked. */
export function foretoldOf({
  runs,
  stable,
}: Pick<ModelMeasurement, 'runs' | 'stable'>): Pick<
  ModelPrediction,
  'promptTokens' | 'tokensPerSecond' | 'ttft' | 'pace' | 'method' | 'caveats'
> {
  const doubt = stable ? OTHERWISE : OTHERWISE_UNSTABLE;
  const tokensPerSecond = estimateOf(
    runs.map(({ decodeMs }) => 1000 / decodeMs),
    doubt,
  );
  return {
    promptTokens: Math.round(median(runs.map(({ promptTokens }) => promptTokens))),
    tokensPerSecond,
    ttft: estimateOf(
      runs.map(({ firstTokenMs }) => firstTokenMs),
      doubt,
    ),
    pace: paceOf(tokensPerSecond),
    method: 'measured',
    caveats: stable ? [] : ['unstable'],
  };
}
