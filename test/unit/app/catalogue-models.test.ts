import { readFileSync } from 'node:fs';
import * as v from 'valibot';
import { expect, it, vi } from 'vitest';
import { err, ok } from '#kernel/result';
import { WebLlmCatalogueSchema } from '#contracts/catalogue';
import { failure } from '#contracts/errors';
import type { ModelRequest } from '#contracts/models';
import { CatalogueModels } from '../../../src/app/catalogue-models.ts';
import type { FetchableModels } from '../../../src/app/models-service.ts';
import { OFFER } from '../../fakes/models-port.ts';

const catalogue = v.parse(
  WebLlmCatalogueSchema,
  JSON.parse(readFileSync('public/catalogue/web-llm.json', 'utf8')),
);
const GGUF: ModelRequest = { ...OFFER, format: 'gguf', origin: 'catalogue', files: [] };
const { signal } = new AbortController();

const gguf: FetchableModels = {
  offers: () => Promise.resolve(ok([OFFER])),
  request: (_signal, id) =>
    Promise.resolve(id === OFFER.id ? ok(GGUF) : err(failure('member-unknown', { member: id }))),
};
const models = new CatalogueModels(gguf, () => Promise.resolve(ok(catalogue)));

it('knows GGUF models as before, and models of MLC by where their files are', async () => {
  expect(await models.offers(signal)).toEqual(ok([OFFER]));
  expect(await models.request(signal, OFFER.id)).toEqual(ok(GGUF));
  expect(await models.request(signal, 'Llama-3.2-1B-Instruct-q4f16_1-MLC')).toMatchObject({
    value: {
      format: 'mlc',
      name: 'Llama 3.2 1B Instruct',
      weightsUrl: 'https://huggingface.co/mlc-ai/Llama-3.2-1B-Instruct-q4f16_1-MLC/resolve/main/',
    },
  });
});

it('keeps the manifest of a model that has one', async () => {
  expect(await models.request(signal, 'gemma-4-E2B-it-q4f16_1-MLC')).toMatchObject({
    value: { manifest: 'mlc-model-manifest.json' },
  });
});

it('says when nobody knows a model, and when it cannot be looked up', async () => {
  expect(await models.request(signal, 'nobody')).toMatchObject({ error: { code: 'member-unknown' } });
  const offline = err(failure('model-fetch-failed'));
  const webLlm = vi.fn(() => Promise.resolve(offline));
  expect(await new CatalogueModels(gguf, webLlm).request(signal, 'nobody')).toEqual(offline);
  const broken = { ...gguf, request: () => Promise.resolve(offline) };
  expect(await new CatalogueModels(broken, webLlm).request(signal, 'nobody')).toEqual(offline);
  expect(webLlm).toHaveBeenCalledOnce();
});
