import { present } from '#kernel/assert';
import { expect, it } from 'vitest';
import type { InferenceWorkerApi } from '#contracts/worker-api';
import { WorkerEngine } from '../../../src/engines/worker-engine.ts';
import { delivered } from '../../fakes/fake-worker.ts';
import { FakeInferenceWorker } from '../../fakes/inference-worker.ts';
import { FakeWorkerHandle } from '../../fakes/fake-worker-handle.ts';
import { turn } from '../../fakes/turn.ts';
import { VirtualClock } from '../../fakes/virtual-clock.ts';

it('a worker that streams on after a stop is ended five seconds after the stop', async () => {
  const clock = new VirtualClock();
  const api = new FakeInferenceWorker();
  const worker = new FakeWorkerHandle<InferenceWorkerApi>(api);
  const engine = new WorkerEngine('wllama', worker, clock);
  const controller = new AbortController();
  let chunks = 0;
  const request = { prompt: 'x', maxTokens: 4, temperature: 0, seed: 1 };
  const asked = engine.generate(controller.signal, request, () => {
    chunks += 1;
  });
  await turn();
  controller.abort();
  clock.advance(4000);
  const answer = present(api.answers[0], 'the answer');
  answer.port.postMessage({ type: 'chunk', chunk: { text: 'x', tokens: 1, elapsedMs: 1 } });
  await delivered(() => chunks === 1);
  clock.advance(1000);
  // Before: every further chunk set the watch back to 15 s, so a deaf worker was never ended.
  expect(await asked).toMatchObject({ error: { code: 'worker-silent', details: { phase: 'stop' } } });
  answer.port.close();
});
