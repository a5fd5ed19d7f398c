import { describe, expect, it } from 'vitest';
import { webLlmFitReason } from '../../../src/app/web-llm-fit-words.ts';

const GIB = 2 ** 30;
type Ground = Parameters<typeof webLlmFitReason>[0];
const reason = (change: Partial<Ground>): string =>
  webLlmFitReason({
    fitBecause: 'card-memory',
    misses: null,
    fits: 'tight',
    memory: { median: GIB, low: 0.9 * GIB, high: 1.1 * GIB },
    takenBytes: null,
    ...change,
  }).replaceAll('\u00a0', ' ');

it.each([
  ['no-card', null, /^runs on a graphics card only, and this browser offers none$/],
  ['card-lacks', 'shader-f16', /lacks what it needs \(shader-f16\)$/],
  ['card-lacks', null, /lacks what it needs \(WebGPU\)$/],
  ['card-untold', null, /^needs about 1 GiB of graphics memory; .* it has not been measured$/],
] as const)('%s (%s) is said in one sentence', (fitBecause, misses, words) => {
  expect(reason({ fitBecause, misses })).toMatch(words);
});

describe('the memory of a card', () => {
  it.each([
    ['runs-well', 2, /; 2 GiB could be taken .* leaves room/],
    ['tight', 1, /; 1 GiB could be taken .* hardly any room/],
    ['tight', 0.5, /; only 512 MiB could be taken .* there may be more/],
  ] as const)('that is %s with %s GiB is told with what that means', (fits, taken, words) => {
    const said = reason({ fits, takenBytes: taken * GIB });
    expect(said).toMatch(/^needs about 1 GiB of graphics memory; /);
    expect(said).toMatch(words);
  });
});
