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
