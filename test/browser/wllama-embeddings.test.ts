import { afterEach, expect, test } from 'vitest';
import { answer, NEVER, startEngine, type StartedEngine } from './synthetic-engine.ts';

let started: StartedEngine | undefined;

afterEach(async () => {
  await started?.engine.unload();
});

const cosine = (a: Float32Array, b: Float32Array): number =>
  a.reduce((sum, value, index) => sum + value * (b[index] ?? 0), 0);

async function vectors(
  engine: StartedEngine['engine'],
  texts: readonly string[],
): Promise<readonly Float32Array[]> {
  const embedded = await engine.embed(NEVER, texts);
  if (!embedded.ok) throw new Error(JSON.stringify(embedded.error));
  expect(embedded.value.vectors).toHaveLength(texts.length);
  return embedded.value.vectors;
}

test('gives one vector of length 1 per text, the same text the same vector', async () => {
  started = await startEngine({ embeddings: true, slots: 2, contextTokens: 512 });
  const texts = ['The sea is wide.', 'Stars are far away.', 'The sea is wide.'];
  const [sea, stars, seaAgain] = await vectors(started.engine, texts);
  if (sea === undefined || stars === undefined || seaAgain === undefined)
    throw new Error('vectors are missing');
  expect(sea).toBeInstanceOf(Float32Array);
  expect(sea).toHaveLength(128);
  for (const vector of [sea, stars]) expect(cosine(vector, vector)).toBeCloseTo(1, 5);
  expect(seaAgain).toEqual(sea);
  expect(cosine(sea, stars)).toBeLessThan(0.999);
});

test('refuses what cannot be embedded, and goes on', async () => {
  started = await startEngine({ embeddings: true, contextTokens: 256 });
  const problemOf = async (text: string): Promise<unknown> => {
    const embedded = await started?.engine.embed(NEVER, [text]);
    return embedded?.ok === false ? embedded.error : embedded;
  };
  expect(await problemOf(' ')).toMatchObject({
    code: 'request-unsupported',
    details: { reason: 'empty-text' },
  });
  expect(await problemOf('x'.repeat(600))).toMatchObject({
    code: 'context-exceeded',
    details: { needed: 600, available: 256 },
  });
  expect(await vectors(started.engine, ['again'])).toHaveLength(1);
});

test('is for models that were loaded for it, which can still answer', async () => {
  started = await startEngine();
  expect(await started.engine.embed(NEVER, ['a'])).toMatchObject({
    error: { code: 'request-unsupported', details: { reason: 'embeddings' } },
  });
  await started.engine.unload();
  started = await startEngine({ embeddings: true });
  expect((await answer(started.engine, { maxTokens: 4 })).completionTokens).toBe(4);
});
