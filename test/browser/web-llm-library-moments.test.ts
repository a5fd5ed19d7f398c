import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { systemClock } from '#kernel/clock';
import { seededRandom } from '#kernel/random';
import type { Outcome } from '#contracts/errors';
import type { BreakableApi } from '../fakes/web-llm-breakable.worker.ts';
import { LIBRARY_PATH, LibraryHarness, NEVER, tell } from '../fakes/web-llm-library.ts';

// Faults at random moments of a load and an answer, with a real library: see web-llm-library.test.ts.
const MOMENTS = 20;
/** From the start of a load to well into the answer, on a software GPU with the smallest library (gpt2). */
const SPAN_MS = 12_000;

test.skipIf(LIBRARY_PATH !== undefined)('faults of web-llm with a real library', ({ skip }) => {
  skip('WITAN_WEBLLM_LIBRARY names no model library: the proof that faults settle every promise is skipped');
});

describe.skipIf(LIBRARY_PATH === undefined)('faults of web-llm with a real library', () => {
  let harness: LibraryHarness;

  beforeAll(async () => {
    harness = await LibraryHarness.prepare(LIBRARY_PATH ?? '');
    // The first answer builds kernels for a minute.
    const { engine } = harness.start();
    await engine.load(NEVER, harness.options);
    await engine.generate(NEVER, { prompt: 'Hello', maxTokens: 2, temperature: 0, seed: 1 }, () => undefined);
    await engine.unload();
  });

  afterAll(() => harness.end());

  const ended: string[] = [];
  beforeEach(() => {
    ended.length = 0;
  });

  /** Loads and answers, with a fault after `delayMs`; says how it went. */
  async function withFault(
    fault: (api: BreakableApi) => Promise<Outcome<null>>,
    delayMs: number,
  ): Promise<string> {
    const { engine, worker } = harness.start();
    let streams = false;
    const cancel = systemClock.after(delayMs, () => void worker.call(1, fault));
    try {
      const loaded = await engine.load(NEVER, harness.options);
      if (!loaded.ok) return `load: ${loaded.error.code}`;
      const prompt = 'x'.repeat(40);
      const request = { prompt, maxTokens: 40, temperature: 0, seed: 1, ignoreEos: true };
      const answered = await engine.generate(NEVER, request, () => {
        streams = true;
      });
      return answered.ok ? 'whole' : `${streams ? 'decode' : 'prefill'}: ${answered.error.code}`;
    } finally {
      cancel();
      await engine.unload();
      expect(worker.alive).toBe(false);
    }
  }

  test.each([
    ['a device that is destroyed', (api: BreakableApi) => api.loseDevice(), /^(whole|\w+: device-lost)$/],
    ['a worker that closes', (api: BreakableApi) => api.closeSilently(), /^(whole|\w+: worker-lost)$/],
  ])('%s, at any moment, settles everything with its own name', async (what, fault, allowed) => {
    const random = seededRandom(7);
    for (let moment = 0; moment < MOMENTS; moment += 1) {
      const delayMs = Math.round(random() * SPAN_MS);
      const end = await withFault(fault, delayMs);
      ended.push(end);
      tell(what, { delayMs, end });
      expect(end).toMatch(allowed);
    }
    expect(ended.filter((end) => end !== 'whole').length).toBeGreaterThan(MOMENTS / 2);
  });
});
