import type { WebLlmForetelling } from '../capacity/predict-web-llm.ts';
import { memorySize } from '../ui/quantities.ts';

/** The ground of a verdict on a model for web-llm, in one sentence. */
export function webLlmFitReason(
  because: WebLlmForetelling['fitBecause'],
  misses: string | null,
  memoryBytes: number,
): string {
  const needs = `needs about ${memorySize(memoryBytes)} of graphics memory`;
  switch (because) {
    case 'no-card':
      return 'runs on a graphics card only, and this browser offers none';
    case 'card-lacks':
      return `this graphics card, or this browser, lacks what it needs (${misses ?? 'WebGPU'})`;
    case 'card-untold':
      return `${needs}; browsers do not tell how much there is, and it has not been measured`;
    case 'card-memory':
      return `${needs}; at least as much as was measured can be taken`;
  }
}
