import { expect, it } from 'vitest';
import { contextWords } from '../../../../src/ui/settings/settings-words.ts';

it.each([
  [134_217_728, '4,096 tokens of context (128 MiB of it)'],
  [null, '4,096 tokens of context'],
])('says what a context costs where that is known: %s', (cacheBytes, words) => {
  expect(contextWords({ contextTokens: 4096, cacheBytes }).replaceAll('\u00a0', ' ')).toBe(words);
});
