import { afterEach, expect, test } from 'vitest';
import { FULL_SPEED, type GenerateRequest, type TokenChunk } from '#contracts/engine';
import { startModel, type StartedModel } from './starter-model.ts';

const LONG: GenerateRequest = {
  prompt: 'What can you do?',
  maxTokens: 120,
  temperature: 0,
  seed: 1,
  ignoreEos: true,
};
const NEVER = new AbortController().signal;

let started: StartedModel | undefined;

afterEach(async () => {
  await started?.engine.unload();
});

async function loaded(): Promise<StartedModel> {
  started = await startModel('alder');
  const outcome = await started.engine.load(NEVER, started.options);
  expect(outcome).toMatchObject({ ok: true, value: { backend: 'cpu', threads: 1, contextTokens: 256 } });
  return started;
}

test('streams an answer token by token and reports its own figures', async () => {
  const { engine } = await loaded();
  engine.setPacing({ flushIntervalMs: 0, decodeDelayMs: 0 });
  const chunks: TokenChunk[] = [];
  const outcome = await engine.generate(NEVER, LONG, (chunk) => chunks.push(chunk));
  expect(outcome).toMatchObject({ ok: true, value: { finish: 'length', completionTokens: 120 } });
  if (!outcome.ok) return;
  expect(chunks.map((chunk) => chunk.text).join('')).toBe(outcome.value.text);
  expect(chunks.length).toBeGreaterThan(60);
  expect(outcome.value.timeToFirstTokenMs).toBeGreaterThan(0);
  expect(outcome.value.decodeTokensPerSecond).toBeGreaterThan(0);
  expect(outcome.value.prefillTokensPerSecond).toBeGreaterThan(0);
});

test('the same seed gives the same text, paced or not', async () => {
  const { engine } = await loaded();
  const full = await engine.generate(NEVER, LONG, () => undefined);
  engine.setPacing({ flushIntervalMs: 250, decodeDelayMs: 3 });
  const paced = await engine.generate(NEVER, LONG, () => undefined);
  expect(full.ok && paced.ok && full.value.text).toBe(paced.ok && paced.value.text);
  if (!full.ok || !paced.ok) return;
  // 120 tokens with 3 ms of rest each cannot take less than 119 rests: pacing really holds the engine back.
  expect(paced.value.durationMs).toBeGreaterThan(119 * 3);
});

test('where no adapter will do, a model that was asked for the GPU says that it is on the CPU', async () => {
  started = await startModel('alder');
  const loaded = await started.engine.load(NEVER, { ...started.options, backend: 'webgpu' });
  expect(loaded).toMatchObject({ ok: true, value: { backend: 'cpu' } });
  const outcome = await started.engine.generate(NEVER, { ...LONG, maxTokens: 4 }, () => undefined);
  expect(outcome).toMatchObject({ ok: true, value: { completionTokens: 4 } });
});

test('a starter model is asked with a system’s word and earlier turns, which it was not taught to read', async () => {
  const { engine } = await loaded();
  const ask = { ...LONG, maxTokens: 20, prompt: 'What is 2 + 3?', ignoreEos: false };
  const plain = await engine.generate(NEVER, ask, () => undefined);
  const history = [
    { role: 'user', content: 'Hello' },
    { role: 'assistant', content: 'Hello.' },
  ] as const;
  const whole = await engine.generate(NEVER, { ...ask, system: 'Be brief.', history }, () => undefined);
  expect(plain.ok && whole.ok && whole.value.text).toBe(plain.ok && plain.value.text);
});

test('a grammar holds the answer to its form', async () => {
  const { engine } = await loaded();
  const grammar = 'root ::= "-"? [0-9]{1,3} "!"';
  const outcome = await engine.generate(
    NEVER,
    { ...LONG, ignoreEos: false, grammar, prompt: 'Hello, who are you?' },
    () => undefined,
  );
  expect(outcome.ok && outcome.value.text).toMatch(/^-?\d{1,3}!$/);
});

test('stop ends an answer with the text so far, and the next answer is whole', async () => {
  const { engine } = await loaded();
  engine.setPacing({ flushIntervalMs: 0, decodeDelayMs: 10 });
  const stop = new AbortController();
  let seen = '';
  const outcome = await engine.generate(stop.signal, LONG, (chunk) => {
    seen += chunk.text;
    if (chunk.tokens >= 5) stop.abort();
  });
  expect(outcome).toMatchObject({ ok: true, value: { finish: 'cancelled' } });
  if (!outcome.ok) return;
  expect(outcome.value.text.startsWith(seen.slice(0, 5))).toBe(true);
  expect(outcome.value.text.length).toBeLessThan(120);
  engine.setPacing(FULL_SPEED);
  const next = await engine.generate(NEVER, LONG, () => undefined);
  expect(next).toMatchObject({ ok: true, value: { finish: 'length', completionTokens: 120 } });
});

test('requests beyond the one slot wait their turn instead of hanging', async () => {
  const { engine } = await loaded();
  const order: string[] = [];
  const answers = await Promise.all(
    ['first', 'second', 'third'].map(async (name) => {
      const answer = await engine.generate(NEVER, { ...LONG, maxTokens: 12 }, () => undefined);
      order.push(name);
      return answer;
    }),
  );
  expect(answers.every((answer) => answer.ok)).toBe(true);
  expect(order).toEqual(['first', 'second', 'third']);
});

test('a question larger than the context is a typed error, and the model goes on', async () => {
  const { engine } = await loaded();
  const outcome = await engine.generate(NEVER, { ...LONG, prompt: 'x'.repeat(400) }, () => undefined);
  expect(outcome).toMatchObject({
    ok: false,
    error: { code: 'context-exceeded', details: { available: 256 } },
  });
  const next = await engine.generate(NEVER, { ...LONG, maxTokens: 4 }, () => undefined);
  expect(next.ok).toBe(true);
});

test('unloading during an answer settles it', async () => {
  const { engine } = await loaded();
  engine.setPacing({ flushIntervalMs: 0, decodeDelayMs: 20 });
  const outcome = await engine.generate(NEVER, LONG, () => void engine.unload());
  expect(outcome).toMatchObject({ ok: false, error: { code: 'cancelled' } });
});
