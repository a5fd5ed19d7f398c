import type { PredictionVerdict } from '#contracts/capacity';

/** A run that wrote `ratio` times as fast as it was predicted to. */
export function decodeVerdict(
  ratio: number,
  atMs: number,
  change: Partial<PredictionVerdict> = {},
): PredictionVerdict {
  return {
    schema: 'witan.prediction-verdict',
    version: 1,
    atMs,
    modelId: 'one',
    name: 'One',
    backend: 'cpu',
    what: 'decode',
    predicted: { median: 20, low: 18, high: 22 },
    measured: 20 * ratio,
    promptTokens: 100,
    ...change,
  };
}
