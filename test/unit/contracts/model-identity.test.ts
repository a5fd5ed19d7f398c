import { expect, it } from 'vitest';
import type { ModelSource } from '#contracts/engine';
import { modelIdentity } from '#contracts/model-identity';

const revision = (model: ModelSource): string | null =>
  modelIdentity('wllama', 'cpu', { model, threads: 1, contextTokens: 256, slots: 1 }).revision;

it('names the weights as exactly as their source can', () => {
  const sha256 = 'ab'.repeat(32);
  const model = { format: 'gguf', id: 'm', name: 'M', url: 'u', sizeBytes: 1, sha256 } as const;
  expect(modelIdentity('wllama', 'cpu', { model, threads: 4, contextTokens: 256, slots: 2 })).toEqual({
    engine: 'wllama',
    backend: 'cpu',
    id: 'm',
    revision: sha256,
    contextTokens: 256,
  });
  expect(revision({ format: 'stored', id: 'm', name: 'M', sizeBytes: 7 })).toBe('m/7');
  const mlc = {
    format: 'mlc',
    id: 'm',
    name: 'M',
    sizeBytes: 1,
    requiredFeatures: [],
    overrides: {},
  } as const;
  const [one, other] = ['w1', 'w2'].map((weightsUrl) => revision({ ...mlc, weightsUrl, libraryUrl: 'l' }));
  expect(one).not.toBe(other);
});

it('knows none where the weights may change under their name', () => {
  expect(revision({ format: 'built-in', id: 'm', name: 'M' })).toBeNull();
  expect(revision({ format: 'remote', id: 'm', name: 'M', model: 'gpt' })).toBeNull();
});
