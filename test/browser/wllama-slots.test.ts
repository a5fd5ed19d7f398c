import { afterEach, describe, expect, test } from 'vitest';
import type { GenerateRequest, GgufSource, Pacing } from '#contracts/engine';
import { SHAPE_1M } from './synthetic-gguf.ts';
import { syntheticSource } from './synthetic-model.ts';
import { answer, startEngine, type StartedEngine } from './synthetic-engine.ts';
import { starterSource } from './starter-model.ts';

const MEMBERS = 4;

let started: StartedEngine[] = [];

afterEach(async () => {
  for (const { engine } of started) await engine.unload();
  started = [];
});

async function start(model: GgufSource, slots: number, contextTokens: number): Promise<StartedEngine> {
  const fresh = await startEngine({ model, slots, contextTokens });
  started.push(fresh);
  return fresh;
}

/** Questions of different length, so that prompts are cut into batches at different places. */
const QUESTIONS = [
  'What can you do?',
  'What is 38 + 47?',
  'Why? '.repeat(25),
  'Tell me of the sea and of the stars, please.',
];

const requestOf = (member: number, temperature: number): Partial<GenerateRequest> => ({
  prompt: QUESTIONS[member] ?? '',
  maxTokens: 48,
  temperature,
  seed: 100 + member,
  cachePrompt: false,
});

/**
 * Every token at once to the page, whose credits then keep the engine within a few tokens of what the page has seen: when
 * an answer is stopped is decided by its text and not by the clock, and none has ended before its stop is heard.
 */
const TOKEN_BY_TOKEN: Pacing = { flushIntervalMs: 0, decodeDelayMs: 0 };

/** All members at once; `stopped` is stopped after so many characters. */
async function round(
  { engine }: StartedEngine,
  temperature: number,
  stopped: { readonly member: number; readonly after: number } | null,
): Promise<string[]> {
  engine.setPacing(TOKEN_BY_TOKEN);
  const answers = Array.from({ length: MEMBERS }, async (_, member) => {
    const stop = new AbortController();
    // Before or within the prefill; at the first token, at the latest.
    if (stopped?.member === member && stopped.after === 0) setTimeout(() => stop.abort());
    const { text, finish } = await answer(engine, requestOf(member, temperature), stop.signal, (soFar) => {
      if (stopped?.member === member && soFar.length >= stopped.after) stop.abort();
    });
    expect(finish === 'cancelled').toBe(stopped?.member === member);
    return text;
  });
  return Promise.all(answers);
}

const models: readonly [string, () => Promise<GgufSource>, number][] = [
  ['Alder', () => starterSource('alder'), 4 * 256],
  ['Cedar', () => starterSource('cedar'), 4 * 256],
  ['a synthetic model', () => syntheticSource(SHAPE_1M, { seed: 1, mixing: true }), 4 * 512],
];

describe.each(models)('four members of %s in one instance', (_name, source, contextTokens) => {
  test.each([0, 1])('say the same, whoever of them is stopped (temperature %d)', async (temperature) => {
    const instance = await start(await source(), MEMBERS, contextTokens);
    const undisturbed = await round(instance, temperature, null);
    expect(new Set(undisturbed).size).toBe(MEMBERS);
    for (const stopped of [
      { member: 1, after: 5 },
      { member: 0, after: 1 },
      { member: 3, after: 20 },
      { member: 2, after: 0 },
    ]) {
      const texts = await round(instance, temperature, stopped);
      const others = (all: readonly string[]): string[] =>
        all.filter((_text, member) => member !== stopped.member);
      expect(others(texts)).toEqual(others(undisturbed));
      expect(undisturbed[stopped.member]?.startsWith(texts[stopped.member] ?? '-')).toBe(true);
    }
  });

  test('say what each of them says when nobody else is asked', async () => {
    const instance = await start(await source(), MEMBERS, contextTokens);
    const together = await round(instance, 1, null);
    for (const [member, text] of together.entries())
      expect((await answer(instance.engine, requestOf(member, 1))).text).toBe(text);
  });
});

test('the weights are in memory once, and the cache once for each member', async () => {
  const model = await syntheticSource(SHAPE_1M, { seed: 1 });
  const { loaded: one } = await start(model, 1, 512);
  const { loaded: four } = await start(model, MEMBERS, MEMBERS * 512);
  expect(one.contextTokens).toBe(512);
  expect(four.contextTokens).toBe(512);
  expect(one.memory.weightsBytes).toBeGreaterThan(400_000);
  expect(four.memory.weightsBytes).toBe(one.memory.weightsBytes);
  expect(four.memory.kvBytes).toBe(MEMBERS * one.memory.kvBytes);
});

test('an answer that fills its share of the context ends there, and its neighbour does not notice', async () => {
  const instance = await start(await syntheticSource(SHAPE_1M, { seed: 1 }), 2, 512);
  const neighbour = { seed: 5, maxTokens: 60 };
  const undisturbed = await answer(instance.engine, neighbour);
  const [greedy, beside] = await Promise.all([
    answer(instance.engine, { maxTokens: 10_000, seed: 6 }),
    answer(instance.engine, neighbour),
  ]);
  expect(greedy.finish).toBe('length');
  expect(greedy.promptTokens + greedy.completionTokens).toBe(256);
  expect(beside.text).toBe(undisturbed.text);
});

test('more requests than slots wait for one', async () => {
  const { engine } = await start(await syntheticSource(SHAPE_1M, { seed: 1 }), 2, 512);
  const answers = await Promise.all(
    Array.from({ length: 7 }, (_, seed) => answer(engine, { seed, maxTokens: 6 })),
  );
  expect(answers.map(({ completionTokens }) => completionTokens)).toEqual(Array(7).fill(6));
});
