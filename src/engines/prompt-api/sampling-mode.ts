import type { SamplingMode } from './language-model.ts';

/**
 * The browser's name for a temperature. Web pages cannot set numbers: the specification has five modes without figures,
 * so the borders are ours. 0 is greedy decoding everywhere in Witan, hence the most predictable mode; 0.5 to 1 is where
 * the defaults of the other engines lie, hence the mode that the specification makes the default. A seed and top-p
 * have no counterpart, so even `most-predictable` promises no repetition word for word.
 * @param temperature 0 or more
 */
export function samplingModeOf(temperature: number): SamplingMode {
  if (temperature <= 0) return 'most-predictable';
  if (temperature < 0.5) return 'predictable';
  if (temperature <= 1) return 'balanced';
  return temperature <= 1.3 ? 'creative' : 'most-creative';
}
