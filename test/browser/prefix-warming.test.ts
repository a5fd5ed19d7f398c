import { afterEach, expect, test } from 'vitest';
import type { GenerateRequest } from '#contracts/engine';
import { answer, startEngine, type StartedEngine } from './synthetic-engine.ts';

let started: StartedEngine[] = [];

afterEach(async () => {
  for (const { engine } of started) await engine.unload();
  started = [];
});

const PREFIX = {
  system: 'You are a member of a council. '.repeat(6),
  history: [
    { role: 'user', content: 'What is the sea? '.repeat(4) },
    { role: 'assistant', content: 'Water, for the most part. '.repeat(4) },
  ],
} as const satisfies Partial<GenerateRequest>;
/** The vocabulary has a token a character. */
const PREFIX_TOKENS =
  PREFIX.system.length + PREFIX.history.reduce((sum, { content }) => sum + content.length, 0);
const READ_AHEAD = {
  ...PREFIX,
  prompt: '',
  maxTokens: 1,
  temperature: 0,
  cachePrompt: true,
  ignoreEos: false,
};
const QUESTION = { ...PREFIX, prompt: 'And the sky?', maxTokens: 12, temperature: 0 };

async function start(): Promise<StartedEngine> {
  const fresh = await startEngine({ contextTokens: 2048 });
  started.push(fresh);
  return fresh;
}

test('what was read ahead is not read again, and changes no answer', async () => {
  // Not the same one: llama.cpp's server core keeps older prompts in a second store and finds them again.
  const { engine: fresh } = await start();
  const cold = await answer(fresh, { ...QUESTION, cachePrompt: false });
  expect(cold.cachedPromptTokens).toBe(0);
  const { engine } = await start();
  await answer(engine, { prompt: 'Something else', system: '#', maxTokens: 1 });
  const read = await answer(engine, READ_AHEAD);
  expect(read.promptTokens).toBeGreaterThan(PREFIX_TOKENS);
  expect(read.cachedPromptTokens).toBeLessThan(20);
  const warm = await answer(engine, QUESTION);
  expect(warm.promptTokens).toBe(cold.promptTokens);
  expect(warm.cachedPromptTokens).toBeGreaterThanOrEqual(PREFIX_TOKENS);
  expect(warm.text).toBe(cold.text);
});

test('a reading that is cut short leaves what it has read, and the engine free', async () => {
  const { engine } = await start();
  const stop = new AbortController();
  stop.abort();
  expect((await answer(engine, READ_AHEAD, stop.signal)).finish).toBe('cancelled');
  const soon = new AbortController();
  setTimeout(() => soon.abort());
  await answer(engine, READ_AHEAD, soon.signal);
  const after = await answer(engine, QUESTION);
  expect(after.completionTokens).toBe(12);
  expect(after.cachedPromptTokens).toBeLessThanOrEqual(after.promptTokens);
});
