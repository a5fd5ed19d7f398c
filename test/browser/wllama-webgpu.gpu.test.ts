import { afterEach, describe, expect, test } from 'vitest';
import { seededRandom } from '#kernel/random';
import { drill } from './fault-drill.ts';
import { answer, startEngine, type StartedEngine } from './synthetic-engine.ts';
import { SHAPE_1M } from './synthetic-gguf.ts';
import { syntheticSource } from './synthetic-model.ts';

let started: StartedEngine | undefined;

afterEach(async () => {
  await started?.engine.unload();
  started = undefined;
});

test('the weights really are on the GPU, and it is said so', async () => {
  started = await startEngine({ backend: 'webgpu' });
  const { backend, memory } = started.loaded;
  expect(backend).toBe('webgpu');
  expect(memory.weightsBytes).toBeGreaterThan(300_000);
  expect(memory.kvBytes).toBeGreaterThan(0);
  expect(memory.computeBytes).toBeGreaterThan(0);
  const { text, completionTokens } = await answer(started.engine, { maxTokens: 12 });
  expect(completionTokens).toBe(12);
  // The synthetic model's words are ASCII: garbage in the logits would still be words, but never none.
  expect([...text].every((character) => character < '\u0080')).toBe(true);
  expect(text.length).toBeGreaterThan(0);
});

test('the CPU is used when it is asked for, GPU or not', async () => {
  started = await startEngine({ backend: 'cpu' });
  expect(started.loaded.backend).toBe('cpu');
});

test('greedy words are those of the CPU, as long as rounding lets them', async () => {
  started = await startEngine({ backend: 'webgpu' });
  const onGpu = await answer(started.engine, { temperature: 0, maxTokens: 6 });
  await started.engine.unload();
  started = await startEngine({ backend: 'cpu' });
  const onCpu = await answer(started.engine, { temperature: 0, maxTokens: 6 });
  expect(onGpu.text.slice(0, 4)).toBe(onCpu.text.slice(0, 4));
});

describe('four members in one instance', () => {
  const SEEDS = [1, 2, 3, 4];

  test('answer together, each in a slot of its own', async () => {
    started = await startEngine({ backend: 'webgpu', slots: 4, contextTokens: 1024 });
    const { engine } = started;
    const answers = await Promise.all(SEEDS.map((seed) => answer(engine, { seed, maxTokens: 8 })));
    expect(answers.map(({ completionTokens }) => completionTokens)).toEqual([8, 8, 8, 8]);
    expect(new Set(answers.map(({ text }) => text)).size).toBe(4);
  });

  test('say the same when one of them is stopped', async () => {
    started = await startEngine({ backend: 'webgpu', slots: 4, contextTokens: 1024 });
    const { engine } = started;
    const round = async (stopped: number | null): Promise<string[]> =>
      Promise.all(
        SEEDS.map(async (seed) => {
          const stop = new AbortController();
          const request = { seed, maxTokens: 16, cachePrompt: false };
          const { text } = await answer(engine, request, stop.signal, () => {
            if (seed === stopped) stop.abort();
          });
          return text;
        }),
      );
    const undisturbed = await round(null);
    const disturbed = await round(2);
    for (const index of [0, 2, 3]) expect(disturbed[index]).toBe(undisturbed[index]);
  });
});

test('stops in the middle of a long prompt', async () => {
  started = await startEngine({ backend: 'webgpu', contextTokens: 2048 });
  const { engine } = started;
  const stop = new AbortController();
  const answering = answer(engine, { prompt: 'x'.repeat(1500), maxTokens: 400 }, stop.signal);
  stop.abort();
  expect(await answering).toMatchObject({ finish: 'cancelled', text: '' });
  expect((await answer(engine, { maxTokens: 2 })).completionTokens).toBe(2);
});

test(
  'a device that is destroyed, at 20 random moments, fails every answer with device-lost',
  { timeout: 20 * 20_000 },
  async () => {
    const random = seededRandom(11);
    const model = await syntheticSource(SHAPE_1M, { seed: 1 });
    for (let run = 0; run < 20; run += 1) {
      const { moment, loaded, answers, lost, alive } = await drill(
        'device-destroyed',
        model,
        random,
        'webgpu',
      );
      expect(loaded, moment).toMatchObject({ ok: true, value: { backend: 'webgpu' } });
      const failed = answers.flatMap((outcome) => (outcome.ok ? [] : [outcome.error]));
      // The fault's own call is answered before it strikes; of the answers none was.
      expect(failed.length, moment).toBeGreaterThanOrEqual(answers.length - 1);
      for (const each of [...failed, ...lost]) expect(each, moment).toMatchObject({ code: 'device-lost' });
      expect([lost.length, alive], moment).toEqual([1, false]);
    }
  },
);
