import { expect, test } from 'vitest';
import { seededRandom } from '#kernel/random';
import { drill } from './fault-drill.ts';
import { SHAPE_1M } from './synthetic-gguf.ts';
import { syntheticSource } from './synthetic-model.ts';
import type { Fault } from '../fakes/wllama-breakable.worker.ts';

/** Each is a start of an engine; `tools/measure/engine-faults.ts` takes 20 and more. */
const RUNS = 4;
/** Each run starts an engine and may wait seconds until a hang is found; only there to end a test that hangs. */
const TIMEOUT_MS = RUNS * 20_000;

/** Each fault, and the failure of every answer that it ends. */
const FAULTS: readonly (readonly [Fault, object])[] = [
  ['closed', { code: 'worker-lost', details: { member: 'drilled' } }],
  ['hangs', { code: 'worker-lost', details: { member: 'drilled' } }],
  ['inner-gone', { code: 'worker-lost', details: { reason: 'gone' } }],
  ['inner-traps', { code: 'worker-lost', details: { reason: 'trapped' } }],
  // By the gap between tokens, or by the wait of another answer for its first.
  ['inner-hangs', { code: 'worker-silent' }],
];

// The whole way of an answer: engine, supervisor, worker, comlink, host, wllama.
test.each(FAULTS)(
  `a worker that breaks (%s), at ${String(RUNS)} random moments: every promise settles, and it is not taken for alive`,
  { timeout: TIMEOUT_MS },
  async (fault, error) => {
    const random = seededRandom(17);
    const model = await syntheticSource(SHAPE_1M, { seed: 1 });
    for (let run = 0; run < RUNS; run += 1) {
      const { moment, loaded, answers, lost, alive } = await drill(fault, model, random);
      if (!loaded.ok) expect(loaded, moment).toMatchObject({ error });
      const failed = answers.flatMap((outcome) => (outcome.ok ? [] : [outcome.error]));
      // The fault's own call may have been answered before it struck; of the answers none was.
      expect(failed.length, moment).toBeGreaterThanOrEqual(answers.length - 1);
      for (const each of failed) expect(each, moment).toMatchObject(error);
      expect(lost, moment).toMatchObject([error]);
      expect(alive, moment).toBe(false);
    }
  },
);
