import { expect, it } from 'vitest';
import { webLlmFitReason } from '../../../src/app/web-llm-fit-words.ts';

it.each([
  ['no-card', null, /^runs on a graphics card only, and this browser offers none$/],
  ['card-lacks', 'shader-f16', /lacks what it needs \(shader-f16\)$/],
  ['card-lacks', null, /lacks what it needs \(WebGPU\)$/],
  ['card-untold', null, /^needs about 1\sGiB of graphics memory; .* it has not been measured$/],
  ['card-memory', null, /^needs about 1\sGiB of graphics memory; /],
] as const)('%s (%s) is said in one sentence', (because, misses, words) => {
  expect(webLlmFitReason(because, misses, 2 ** 30)).toMatch(words);
});
