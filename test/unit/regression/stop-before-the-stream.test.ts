import { expect, it } from 'vitest';
import type { InferenceWorkerApi } from '#contracts/worker-api';
import { WorkerEngine } from '../../../src/engines/worker-engine.ts';
import { FakeInferenceWorker } from '../../fakes/inference-worker.ts';
import { FakeWorkerHandle } from '../../fakes/fake-worker-handle.ts';
import { turn } from '../../fakes/turn.ts';
import { VirtualClock } from '../../fakes/virtual-clock.ts';

it('a stop in the moment between slot and stream is not lost', async () => {
  const api = new FakeInferenceWorker();
  const engine = new WorkerEngine(
    'wllama',
    new FakeWorkerHandle<InferenceWorkerApi>(api),
    new VirtualClock(),
  );
  const controller = new AbortController();
  const request = { prompt: 'x', maxTokens: 4, temperature: 0, seed: 1 };
  const asked = engine.generate(controller.signal, request, () => undefined);
  controller.abort();
  await turn();
  // Before: the listener was set on a signal that had already fired, so the whole answer was decoded unstoppably.
  expect(api.answers).toHaveLength(0);
  expect(await asked).toMatchObject({ ok: true, value: { finish: 'cancelled' } });
});
