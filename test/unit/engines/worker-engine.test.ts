import { beforeEach, describe, expect, it, vi } from 'vitest';
import { err, ok } from '#kernel/result';
import { FULL_SPEED, type Generation, type LoadOptions, type TokenChunk } from '#contracts/engine';
import { failure, type Outcome } from '#contracts/errors';
import type { Embeddings, InferenceWorkerApi } from '#contracts/worker-api';
import { WorkerEngine } from '../../../src/engines/worker-engine.ts';
import { FakeInferenceWorker, type Answer } from '../../fakes/inference-worker.ts';
import { delivered } from '../../fakes/fake-worker.ts';
import { FakeWorkerHandle } from '../../fakes/fake-worker-handle.ts';
import { turn } from '../../fakes/turn.ts';
import { VirtualClock } from '../../fakes/virtual-clock.ts';

const OPTIONS: LoadOptions = {
  model: {
    format: 'gguf',
    id: 'alder',
    name: 'Alder',
    url: 'https://page/alder.gguf',
    sizeBytes: 10,
    sha256: '',
  },
  threads: 1,
  contextTokens: 256,
  slots: 1,
};
const REQUEST = { prompt: 'What is 1 + 1?', maxTokens: 8, temperature: 0, seed: 1 };

let clock: VirtualClock;
let api: FakeInferenceWorker;
let worker: FakeWorkerHandle<InferenceWorkerApi>;
let engine: WorkerEngine;

beforeEach(() => {
  clock = new VirtualClock();
  api = new FakeInferenceWorker();
  worker = new FakeWorkerHandle<InferenceWorkerApi>(api);
  engine = new WorkerEngine('wllama', worker, clock);
});

function generate(signal: AbortSignal = new AbortController().signal) {
  const chunks: TokenChunk[] = [];
  const asked: { outcome: Outcome<Generation> | null; readonly chunks: TokenChunk[] } = {
    outcome: null,
    chunks,
  };
  void engine
    .generate(signal, REQUEST, (chunk) => chunks.push(chunk))
    .then((outcome) => {
      asked.outcome = outcome;
    });
  return asked;
}

function answer(index: number): Answer {
  const found = api.answers[index];
  if (found === undefined) throw new Error(`answer ${String(index)} was not asked for`);
  return found;
}

const chunk = (text: string, tokens: number): TokenChunk => ({ text, tokens, elapsedMs: tokens });

describe('streaming', () => {
  it('brings the chunks in order and gives a credit back for each', async () => {
    const asked = generate();
    await turn();
    for (const [index, text] of ['1', '2', '3'].entries()) {
      answer(0).port.postMessage({ type: 'chunk', chunk: chunk(text, index + 1) });
    }
    await delivered(() => answer(0).heard.length === 3);
    expect(asked.chunks.map((each) => each.text).join('')).toBe('123');
    expect(answer(0).heard).toEqual(Array.from({ length: 3 }, () => ({ type: 'credit', credits: 1 })));
    answer(0).end('123');
    await turn();
    expect(asked.outcome).toMatchObject({ ok: true, value: { text: '123', finish: 'stop' } });
    expect(clock.pending).toBe(0);
  });

  it('lets requests beyond the slots wait their turn', async () => {
    const first = generate();
    const second = generate();
    await turn();
    expect(api.answers).toHaveLength(1);
    answer(0).end('1');
    await turn();
    expect(first.outcome).toMatchObject({ value: { text: '1' } });
    expect(second.outcome).toBeNull();
    expect(api.answers).toHaveLength(2);
    answer(1).end('2');
    await turn();
    expect(second.outcome).toMatchObject({ value: { text: '2' } });
  });

  it('runs as many at once as the model has slots', async () => {
    await engine.load(new AbortController().signal, { ...OPTIONS, slots: 2 });
    generate();
    generate();
    generate();
    await turn();
    expect(api.answers).toHaveLength(2);
    answer(0).end('1');
    await turn();
    expect(api.answers).toHaveLength(3);
  });
});

describe('stopping', () => {
  it('tells the worker, and returns what it had said', async () => {
    const controller = new AbortController();
    const asked = generate(controller.signal);
    await turn();
    controller.abort();
    await delivered(() => answer(0).heard.length > 0);
    expect(answer(0).heard).toEqual([{ type: 'stop' }]);
    answer(0).end('1', 'cancelled');
    await turn();
    expect(asked.outcome).toMatchObject({ ok: true, value: { text: '1', finish: 'cancelled' } });
    expect(worker.alive).toBe(true);
    expect(clock.pending).toBe(0);
  });

  it('ends a worker that does not stop within five seconds', async () => {
    const controller = new AbortController();
    const asked = generate(controller.signal);
    await turn();
    controller.abort();
    clock.advance(4999);
    expect(worker.alive).toBe(true);
    clock.advance(1);
    await turn();
    expect(asked.outcome).toEqual({
      ok: false,
      error: failure('worker-silent', { member: 'alder', silentMs: 5000, phase: 'stop' }),
    });
  });

  it('takes a request that still waits out of the queue', async () => {
    const first = generate();
    const controller = new AbortController();
    const second = generate(controller.signal);
    const third = generate();
    await turn();
    controller.abort();
    await turn();
    expect(second.outcome).toMatchObject({ ok: true, value: { text: '', finish: 'cancelled' } });
    answer(0).end('1');
    await turn();
    expect(api.answers).toHaveLength(2);
    answer(1).end('3');
    await turn();
    expect([first.outcome, third.outcome]).toMatchObject([
      { value: { text: '1' } },
      { value: { text: '3' } },
    ]);
  });

  it('does not ask at all for an aborted signal', async () => {
    const controller = new AbortController();
    controller.abort();
    const asked = generate(controller.signal);
    await turn();
    expect(asked.outcome).toMatchObject({ value: { finish: 'cancelled' } });
    expect(api.answers).toHaveLength(0);
  });
});

describe('stalls', () => {
  it('gives a worker up that sends no first token for 15 s', async () => {
    const asked = generate();
    await turn();
    clock.advance(15_000);
    await turn();
    expect(asked.outcome).toEqual({
      ok: false,
      error: failure('worker-silent', { member: 'alder', silentMs: 15_000, phase: 'first-token' }),
    });
    expect(worker.alive).toBe(false);
  });

  it('waits as long as the worker asks for while it compiles a grammar, and no longer', async () => {
    const asked = generate();
    await turn();
    const tell = async (silenceAllowedMs: number | null): Promise<void> => {
      answer(0).port.postMessage({ type: 'patience', silenceAllowedMs });
      await delivered();
    };
    await tell(180_000);
    clock.advance(100_000);
    answer(0).port.postMessage({ type: 'working' });
    await delivered();
    clock.advance(179_999);
    expect(worker.alive).toBe(true);
    await tell(null);
    clock.advance(14_999);
    expect(worker.alive).toBe(true);
    clock.advance(1);
    await turn();
    expect(asked.outcome).toMatchObject({ error: { code: 'worker-silent', details: { silentMs: 15_000 } } });
  });

  it('counts from the last token, not from the question', async () => {
    const asked = generate();
    await turn();
    for (let token = 1; token <= 4; token += 1) {
      clock.advance(14_000);
      answer(0).port.postMessage({ type: 'chunk', chunk: chunk('x', token) });
      await delivered(() => asked.chunks.length === token);
    }
    expect(worker.alive).toBe(true);
    clock.advance(15_000);
    await turn();
    expect(asked.outcome).toMatchObject({
      error: { code: 'worker-silent', details: { phase: 'token-gap' } },
    });
  });

  it('takes steps without text for a sign of life', async () => {
    const watches = vi.spyOn(clock, 'after');
    const asked = generate();
    await turn();
    for (let step = 1; step <= 3; step += 1) {
      clock.advance(14_000);
      answer(0).port.postMessage({ type: 'working' });
      await delivered(() => watches.mock.calls.length === step + 1);
    }
    expect(worker.alive).toBe(true);
    expect(asked.chunks).toEqual([]);
    clock.advance(15_000);
    await turn();
    expect(asked.outcome).toMatchObject({ error: { details: { phase: 'first-token' } } });
  });

  it('does not watch while a request waits for its slot', async () => {
    generate();
    await turn();
    generate();
    expect(clock.pending).toBe(1);
  });
});

describe('embedding', () => {
  const NEVER = new AbortController().signal;

  it('brings the vectors and gives the slot back', async () => {
    api.embedOutcome = Promise.resolve(ok({ vectors: [Float32Array.of(1, 0)], tokens: 3 }));
    expect(await engine.embed(NEVER, ['a'])).toEqual({
      ok: true,
      value: { vectors: [Float32Array.of(1, 0)], tokens: 3 },
    });
    generate();
    await turn();
    expect(api.answers).toHaveLength(1);
  });

  it('returns at once on abort, and keeps the slot until the worker is done', async () => {
    let finish: (outcome: Outcome<Embeddings>) => void = () => undefined;
    api.embedOutcome = new Promise((resolve) => {
      finish = resolve;
    });
    const controller = new AbortController();
    const embedding = engine.embed(controller.signal, ['a']);
    await turn();
    controller.abort();
    expect(await embedding).toMatchObject({ error: { code: 'cancelled' } });
    generate();
    await turn();
    expect(api.answers).toHaveLength(0);
    finish(ok({ vectors: [], tokens: 0 }));
    await turn();
    expect(api.answers).toHaveLength(1);
  });

  it('gives a worker up that does not answer', async () => {
    api.embedOutcome = Promise.resolve(err(failure('deadline-exceeded', { limitMs: 30_000 })));
    expect(await engine.embed(NEVER, ['a', 'b'])).toMatchObject({ error: { code: 'deadline-exceeded' } });
    expect(worker.deadlines).toEqual([30_000]);
    await turn();
    expect(worker.lost).toMatchObject({ code: 'worker-silent', details: { phase: 'embedding' } });
  });
});

it('fails every answer when the worker dies, also those that wait', async () => {
  const asked = [generate(), generate()];
  await turn();
  worker.terminate(failure('worker-lost', { member: 'alder' }));
  await turn();
  await turn();
  for (const { outcome } of asked)
    expect(outcome).toMatchObject({ ok: false, error: { code: 'worker-lost' } });
  expect(clock.pending).toBe(0);
});

it('sends a pace only when it changes', async () => {
  const slow = { flushIntervalMs: 64, decodeDelayMs: 0 };
  engine.setPacing({ ...FULL_SPEED });
  engine.setPacing(slow);
  engine.setPacing({ ...slow });
  await turn();
  expect(api.paces).toEqual([slow]);
});

it('is unloaded by ending its worker, twice without harm', async () => {
  await engine.unload();
  await engine.unload();
  expect(worker.lost).toEqual(failure('cancelled', { member: 'alder' }));
});
