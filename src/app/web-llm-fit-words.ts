import type { WebLlmForetelling } from '../capacity/predict-web-llm.ts';
import { memorySize } from '../ui/quantities.ts';

/** What was taken of a card's memory is the least that it has: the probe stops before it disturbs anybody. */
function cardMemory({ fits, memory, takenBytes }: Ground): string {
  const taken = takenBytes ?? 0;
  const could = `${memorySize(taken)} could be taken of it when it was measured`;
  if (fits === 'runs-well') return `${could}, which leaves room for what else is on the screen`;
  return (memory?.median ?? 0) <= taken
    ? `${could}, which leaves hardly any room for what else is on the screen`
    : `only ${could}; there may be more, as measuring stops early`;
}

type Ground = Pick<WebLlmForetelling, 'fitBecause' | 'misses' | 'fits' | 'memory' | 'takenBytes'>;

/** The ground of a verdict on a model for web-llm, in one sentence. */
export function webLlmFitReason(ground: Ground): string {
  const needs = `needs about ${memorySize(ground.memory?.median ?? 0)} of graphics memory`;
  switch (ground.fitBecause) {
    case 'no-card':
      return 'runs on a graphics card only, and this browser offers none';
    case 'card-lacks':
      return `this graphics card, or this browser, lacks what it needs (${ground.misses ?? 'WebGPU'})`;
    case 'card-untold':
      return `${needs}; browsers do not tell how much there is, and it has not been measured`;
    case 'card-memory':
      return `${needs}; ${cardMemory(ground)}`;
  }
}
