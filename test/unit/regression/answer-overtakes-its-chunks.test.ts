import { expect, test } from 'vitest';
import { ok } from '#kernel/result';
import { NOTHING_SAID, type TokenChunk } from '#contracts/engine';
import type { InferenceWorkerApi } from '#contracts/worker-api';
import { WorkerEngine } from '../../../src/engines/worker-engine.ts';
import { FakeWorkerHandle } from '../../fakes/fake-worker-handle.ts';
import { VirtualClock } from '../../fakes/virtual-clock.ts';

/** The answer travels on comlink's port, the chunks on another: nobody says in which order they arrive. */
test.each([
  [
    'the rest of an answer whose last chunks came too late is brought all the same',
    'stop',
    'The sea is blue.',
    ['The sea is blue.'],
  ],
  ['of an answer that was stopped nothing more is brought', 'cancelled', 'The sea', []],
] as const)('%s', async (_name, finish, text, brought) => {
  const said = { ...NOTHING_SAID, text, finish, completionTokens: 5, durationMs: 40 };
  const api = { generate: () => Promise.resolve(ok(said)) } as unknown as InferenceWorkerApi;
  const engine = new WorkerEngine('remote', new FakeWorkerHandle(api), new VirtualClock());
  const chunks: TokenChunk[] = [];
  const request = { prompt: 'sea?', maxTokens: 8, temperature: 0, seed: 1 };
  const answered = await engine.generate(new AbortController().signal, request, (chunk) =>
    chunks.push(chunk),
  );
  expect(answered).toEqual(ok(said));
  expect(chunks).toEqual(brought.map((each) => ({ text: each, tokens: 5, elapsedMs: 40 })));
});
