import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import type { ModelIdentity } from '#contracts/model-identity';
import {
  cacheKey,
  modelsOf,
  type CacheMember,
  type CacheQuestion,
} from '../../../../src/council/cache/cache-key.ts';

const MODEL: ModelIdentity = {
  engine: 'wllama',
  backend: 'cpu',
  id: 'alder',
  revision: 'ab'.repeat(32),
  contextTokens: 256,
};
const MEMBER: CacheMember = {
  id: 'alder',
  name: 'Alder',
  model: MODEL,
  accuracy: 0.8,
  request: { prompt: 'Q?', maxTokens: 72, temperature: 0, seed: 1, grammar: 'root ::= "a"' },
};
const QUESTION: CacheQuestion = {
  prompt: 'Q?',
  members: [MEMBER, { ...MEMBER, id: 'birch', name: 'Birch' }],
  rule: 'plurality',
  stop: 'exact',
  samples: 1,
  parameters: { quorum: 2 },
  seed: 1,
  abstain: 'I cannot answer that.',
};

const withMember = (change: Partial<CacheMember>): CacheQuestion => ({
  ...QUESTION,
  members: [{ ...MEMBER, ...change }, ...QUESTION.members.slice(1)],
});
const withModel = (change: Partial<ModelIdentity>): CacheQuestion =>
  withMember({ model: { ...MODEL, ...change } });
const { request } = MEMBER;

describe('the key of a question', () => {
  it('is a hash, and the same for the same question however it was put together', async () => {
    const key = await cacheKey(QUESTION);
    expect(key).toMatch(/^[0-9a-f]{64}$/);
    const reversed = Object.fromEntries(Object.entries(QUESTION).reverse()) as unknown as CacheQuestion;
    expect(await cacheKey(reversed)).toBe(key);
  });

  it.each<[string, CacheQuestion]>([
    ['the question', { ...QUESTION, prompt: 'Q!' }],
    ['the order of members', { ...QUESTION, members: [...QUESTION.members].reverse() }],
    ['a member less', { ...QUESTION, members: [MEMBER] }],
    ['the rule', { ...QUESTION, rule: 'borda' }],
    ['the stop', { ...QUESTION, stop: 'first-two' }],
    ['the samples', { ...QUESTION, samples: 3 }],
    ['a parameter of the rule', { ...QUESTION, parameters: { quorum: 3 } }],
    ['the seed', { ...QUESTION, seed: 2 }],
    ['how members decline', { ...QUESTION, abstain: 'No.' }],
    ['an accuracy', withMember({ accuracy: 0.81 })],
    ['a name', withMember({ name: 'Oak' })],
    ['the weights', withModel({ revision: 'cd'.repeat(32) })],
    ['the model', withModel({ id: 'alder-q4' })],
    ['where it runs', withModel({ backend: 'webgpu' })],
    ['the context', withModel({ contextTokens: 128 })],
    ['the instruction', withMember({ request: { ...request, system: 'Be brief.' } })],
    ['the conversation', withMember({ request: { ...request, history: [{ role: 'user', content: 'Hi' }] } })],
    ['the grammar', withMember({ request: { ...request, grammar: 'root ::= "b"' } })],
    ['the length of the answer', withMember({ request: { ...request, maxTokens: 71 } })],
    ['the temperature', withMember({ request: { ...request, temperature: 0.7 } })],
  ])('differs by %s', async (_what, other) => {
    expect(await cacheKey(other)).not.toBe(await cacheKey(QUESTION));
  });

  it('tells apart what only quotation marks keep apart', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string(), fc.string(), async (prompt, abstain) => {
        const [one, other] = [
          await cacheKey({ ...QUESTION, prompt, abstain }),
          await cacheKey({ ...QUESTION, prompt: abstain, abstain: prompt }),
        ];
        expect(one === other).toBe(prompt === abstain);
      }),
    );
  });

  it('is none for a server, for weights that nobody can name, for nobody, and where nothing can be hashed', async () => {
    expect(await cacheKey(withMember({ model: null }))).toBeNull();
    expect(await cacheKey(withModel({ revision: null }))).toBeNull();
    expect(await cacheKey(withModel({ backend: 'remote' }))).toBeNull();
    expect(await cacheKey({ ...QUESTION, members: [] })).toBeNull();
    vi.stubGlobal('crypto', {});
    expect(await cacheKey(QUESTION)).toBeNull();
    vi.unstubAllGlobals();
  });

  it('names the models that answer, each once', () => {
    expect(modelsOf(QUESTION)).toEqual(['alder']);
    expect(modelsOf(withMember({ model: null }))).toEqual(['alder']);
  });
});
