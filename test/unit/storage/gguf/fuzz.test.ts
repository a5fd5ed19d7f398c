import fc from 'fast-check';
import { expect, it } from 'vitest';
import { GGUF_REFUSALS } from '#contracts/gguf';
import { inspectGguf } from '../../../../src/storage/gguf/inspect.ts';
import { sourceOf } from '../../../fakes/gguf-models.ts';
import { hostileGguf } from '../../../fakes/gguf-mutations.ts';

/** A million are run by hand: tools/measure/gguf-fuzz.ts. */
const CASES = 4000;

it('ends every hostile file with an acceptance or a reason, never asks beyond the file, never for much', async () => {
  const seen = new Map<string, number>();
  await fc.assert(
    fc.asyncProperty(hostileGguf, async (bytes) => {
      const { sizeBytes, read } = sourceOf(bytes);
      const outcome = await inspectGguf(new AbortController().signal, {
        sizeBytes,
        read: (offset, length) => {
          if (offset < 0 || offset + length > sizeBytes || length > 2 ** 21)
            throw new Error(`asked for ${length} bytes at ${offset} of ${sizeBytes}`);
          return read(offset, length);
        },
      });
      const verdict = outcome.ok ? 'accepted' : String(outcome.error.details['reason']);
      seen.set(verdict, (seen.get(verdict) ?? 0) + 1);
      if (outcome.ok) {
        const { parameters, expectedSizeBytes, alignmentBytes } = outcome.value.summary;
        expect(Number.isSafeInteger(parameters)).toBe(true);
        // All but the last filling must be there.
        expect(expectedSizeBytes - sizeBytes).toBeLessThan(alignmentBytes);
        return;
      }
      expect(outcome.error.code).toBe('model-invalid');
      expect(GGUF_REFUSALS).toContain(verdict);
    }),
    { numRuns: CASES, seed: 20_260_815 },
  );
  // The faults reach deep: a fuzzer that only ever breaks the magic proves nothing.
  expect(seen.size).toBeGreaterThan(20);
  expect(seen.get('accepted')).toBeGreaterThan(CASES / 50);
});
