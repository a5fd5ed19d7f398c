import { expect, it } from 'vitest';
import { failure } from '#contracts/errors';
import { GGUF_REFUSALS } from '#contracts/gguf';
import { ggufRefusalText } from '#contracts/gguf-messages';

it('has a sentence of its own for every reason', () => {
  const sentences = GGUF_REFUSALS.map((reason) => ggufRefusalText(failure('model-invalid', { reason })));
  for (const sentence of sentences) expect(sentence).toMatch(/^[A-Z].*\.$/);
  expect(new Set(sentences).size).toBe(GGUF_REFUSALS.length);
});

it('has none for other failures', () => {
  expect(ggufRefusalText(failure('model-invalid', { reason: 'sha256' }))).toBeNull();
  expect(ggufRefusalText(failure('model-invalid', {}))).toBeNull();
  expect(ggufRefusalText(failure('storage-failed', { reason: 'not-gguf' }))).toBeNull();
});

it.each([
  [
    { missing: '2', missingParts: 1, parts: 3, file: 'm-00002-of-00003.gguf' },
    'Part 2 of 3, m-00002-of-00003.gguf, is missing. Add all parts together.',
  ],
  [{ missing: '2', missingParts: 1, parts: 3 }, 'Part 2 of 3 is missing. Add all parts together.'],
  [
    { missing: '1, 3', missingParts: 2, parts: 3, file: 'm-00001-of-00003.gguf' },
    'Parts 1, 3 of 3, beginning with m-00001-of-00003.gguf, are missing. Add all parts together.',
  ],
  [
    { missing: '2, 3', missingParts: 40, parts: 41 },
    'Parts 2, 3 and more of 41 are missing. Add all parts together.',
  ],
])('names the parts that are missing: %o', (details, text) => {
  expect(ggufRefusalText(failure('model-invalid', { reason: 'split-part-missing', ...details }))).toBe(text);
});
