import { afterAll, beforeAll, describe, expect, test } from 'vitest';
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

  interface End {
    readonly how: string;
    /** Whether the fault struck before the end. */
    readonly struck: boolean;
  }

  /** Loads and answers, with a fault after `delayMs`; says how it went. */
  async function withFault(
    fault: (api: BreakableApi) => Promise<Outcome<boolean>>,
    delayMs: number,
  ): Promise<End> {
    const { engine, worker } = harness.start();
    let ended = false;
    let struck = false;
    const strike = async (): Promise<void> => {
      const outcome = await worker.call(null, fault);
      // No answer means that the worker is gone.
      if (!ended) struck = !outcome.ok || outcome.value;
    };
    const cancel = systemClock.after(delayMs, () => void strike());
    try {
      const loaded = await engine.load(NEVER, harness.options);
      if (!loaded.ok) return { how: `load: ${loaded.error.code}`, struck: true };
      const prompt = 'x'.repeat(40);
      const request = { prompt, maxTokens: 40, temperature: 0, seed: 1, ignoreEos: true };
      let streams = false;
      const answered = await engine.generate(NEVER, request, () => {
        streams = true;
      });
      ended = true;
      if (answered.ok) return { how: 'whole', struck };
      return { how: `${streams ? 'decode' : 'prefill'}: ${answered.error.code}`, struck: true };
    } finally {
      ended = true;
      cancel();
      await engine.unload();
      expect(worker.alive).toBe(false);
    }
  }

  test.each([
    ['a device that is destroyed', (api: BreakableApi) => api.loseDevice(), /^\w+: device-lost$/],
    ['a worker that closes', (api: BreakableApi) => api.closeSilently(), /^\w+: worker-lost$/],
  ])('%s, at any moment, settles everything with its own name', async (what, fault, name) => {
    const random = seededRandom(7);
    const ends: End[] = [];
    for (let moment = 0; moment < MOMENTS; moment += 1) {
      const delayMs = Math.round(random() * SPAN_MS);
      const end = await withFault(fault, delayMs);
      ends.push(end);
      tell(what, { delayMs, ...end });
      expect(end.how).toMatch(end.struck ? name : /^whole$/);
    }
    expect(ends.filter(({ struck }) => struck).length).toBeGreaterThan(MOMENTS / 2);
  });
});
