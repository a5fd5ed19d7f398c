import { expect, it } from 'vitest';
import { whatHappened } from '#contracts/error-messages';
import { wllamaFailure } from '../../../../workers/inference/wllama-errors.ts';

it.each([
  ['cancelled', new DOMException('aborted', 'AbortError')],
  ['context-exceeded', new Error('Context size has been exceeded.')],
  ['engine-unavailable', new TypeError('WebAssembly.instantiate(): out of memory')],
  ['engine-failed', new Error('something else')],
  ['engine-failed', 'a text'],
])('%s', (code, thrown) => {
  expect(wllamaFailure(thrown, 'Alder')).toMatchObject({ code, details: { model: 'Alder' } });
});

it('reads the figures of an overflow', () => {
  const text = 'request (418 tokens) exceeds the available context size (256 tokens), try increasing it';
  expect(wllamaFailure(new Error(text), 'Alder')).toEqual({
    code: 'context-exceeded',
    details: { model: 'Alder', needed: 418, available: 256 },
    cause: `Error: ${text}`,
  });
});

it('makes up no figures when the text has none', () => {
  const problem = wllamaFailure(new Error('Context size has been exceeded.'), 'Alder');
  expect(problem.details).toEqual({ model: 'Alder' });
  expect(whatHappened(problem)).not.toMatch(/[{}0-9]/);
});
