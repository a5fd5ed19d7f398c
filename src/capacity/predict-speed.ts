import type { Caveat, ModelPrediction, SpeedMeasurement } from '#contracts/capacity';
import type { Estimate } from '#contracts/estimate';
import { isFullShape } from '#contracts/model-shape';
import type { KnownModel } from './known-model.ts';
import { batchTokens, nearestQuantization, type MeasuredSpeed } from './measured-speed.ts';
import { tokenWork } from './token-work.ts';

/** What is asked of a model. */
export interface PredictionQuestion {
  /** Of the question, its template included. */
  readonly promptTokens: number;
  readonly answerTokens: number;
}

export interface Device {
  readonly backend: SpeedMeasurement['backend'];
  readonly threads: number;
  /** Null before the device was measured. */
  readonly measured: MeasuredSpeed | null;
  /** Whether its repeated runs agreed. */
  readonly stable: boolean;
}

export type SpeedPrediction = Pick<
  ModelPrediction,
  'tokensPerSecond' | 'ttft' | 'pace' | 'method' | 'caveats'
>;

/**
 * How far off a prediction may be besides, shares. Reasoned, not measured: no model with such layers can be built from
 * random weights here, and none has run. A format that was not measured has bits between those that were, or unpacks
 * differently by as much as Q4_0 and Q4_K differ a weight (a quarter); linear attention and short convolutions do work that
 * the fit takes for matrices.
 */
export const UNLIKE = {
  'other-quantization': 0.15,
  'recurrent-layers': 0.2,
  'shared-layers': 0.15,
  'shape-unknown': 0.1,
  unstable: 0.1,
} as const satisfies Partial<Record<Caveat, number>>;

/** Beyond eight times the size of what was measured nobody has compared predictions with real models. */
const FAR_DOUBLINGS = 3;

/** People read along at some five tokens a second (250 words a minute); below one they do something else. */
const FLUENT_PER_SECOND = 5;
const SLOW_PER_SECOND = 1;

/** How it feels to wait for so many tokens a second. */
export const paceOf = ({ median }: Estimate): NonNullable<ModelPrediction['pace']> => {
  if (median >= FLUENT_PER_SECOND) return 'fluent';
  return median >= SLOW_PER_SECOND ? 'slow' : 'very-slow';
};

/** Of so many a millisecond: an estimate of times turned round. */
const perSecond = ({ median, low, high }: Estimate): Estimate => ({
  median: 1000 / median,
  low: 1000 / high,
  high: 1000 / low,
});

const unknown = (...caveats: readonly Caveat[]): SpeedPrediction => ({
  tokensPerSecond: null,
  ttft: null,
  pace: null,
  method: 'none',
  caveats: [...caveats],
});

/** How fast a model would be on a device that was measured. Speeds are those in the middle of the answer. */
export function predictSpeed(
  { shape, quantization: name, fileBytes, parameters }: KnownModel,
  { backend, threads, measured, stable }: Device,
  { promptTokens, answerTokens }: PredictionQuestion,
): SpeedPrediction {
  if (measured === null) return unknown('not-measured');
  const weightsBytes = fileBytes.reduce((sum, bytes) => sum + bytes, 0);
  const nearest = nearestQuantization(name, measured.model.quantizations);
  const work =
    nearest === null
      ? null
      : tokenWork({
          shape,
          quantization: nearest.quantization,
          weightsBytes,
          parameters,
          batchTokens: batchTokens(backend, weightsBytes, threads),
        });
  if (work === null) return unknown('shape-unknown');
  const { fullHeadDim, sharedKv, attention } = shape;
  const shares = sharedKv.full + sharedKv.sliding > 0 || fullHeadDim !== null;
  const unlike = (
    [
      ['other-quantization', nearest?.exact !== true],
      ['recurrent-layers', (attention?.recurrent ?? 0) > 0],
      ['shared-layers', shares],
      ['shape-unknown', !isFullShape(shape)],
      ['unstable', !stable],
    ] as const
  ).flatMap(([caveat, holds]) => (holds ? [caveat] : []));
  const question = { work, promptTokens, contextTokens: promptTokens + answerTokens / 2 };
  const doubt = Math.hypot(...unlike.map((caveat) => UNLIKE[caveat]));
  const { decodeMs, prefillMs, doublings } = measured.model.predict(question, doubt);
  const first = (end: keyof Estimate): number => prefillMs[end] + decodeMs[end] + measured.overheadMs;
  const tokensPerSecond = perSecond(decodeMs);
  // Of a file without weights, or with more than all there are.
  if (
    ![tokensPerSecond.low, tokensPerSecond.high, first('high')].every(
      (figure) => figure > 0 && Number.isFinite(figure),
    )
  )
    return unknown('shape-unknown');
  return {
    tokensPerSecond,
    ttft: { median: first('median'), low: first('low'), high: first('high') },
    pace: paceOf(tokensPerSecond),
    method: doublings > 0 ? 'extrapolated' : 'interpolated',
    caveats: [...unlike, ...(doublings > FAR_DOUBLINGS ? (['beyond-measured'] as const) : [])],
  };
}
