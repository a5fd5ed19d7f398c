import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { MlcSource } from '#contracts/engine';
import type { ManifestSource } from '#contracts/catalogue';
import { FakeCaches } from '../../../fakes/web-llm-caches.ts';
import { MODEL, settingWith, TENSOR_LIST_URL } from '../../../fakes/web-llm-host.ts';

let caches: FakeCaches;
const shard = (index: number): string => `${MODEL.weightsUrl}params_shard_${index}.bin`;
const LIST = JSON.stringify({
  records: [10, 20].map((nbytes, index) => ({
    dataPath: `params_shard_${index}.bin`,
    nbytes,
    records: [{ nbytes, dtype: 'uint32', format: 'raw' }],
  })),
});

const keep = (cache: string, url: string, body = 'x'): void => {
  caches.named(cache).kept.set(url, body);
};

function keepAll(model: MlcSource = MODEL): void {
  keep('webllm/model', `${model.weightsUrl}tensor-cache.json`, LIST);
  keep('webllm/model', `${model.weightsUrl}params_shard_0.bin`);
  keep('webllm/model', `${model.weightsUrl}params_shard_1.bin`);
  keep('webllm/model', `${model.weightsUrl}tokenizer.json`);
  keep(
    'webllm/config',
    `${model.weightsUrl}mlc-chat-config.json`,
    '{"tokenizer_files":["tokenizer.json","tokenizer_config.json"]}',
  );
  keep('webllm/wasm', model.libraryUrl);
}

beforeEach(() => {
  caches = new FakeCaches();
  vi.stubGlobal('caches', caches);
});

afterEach(() => {
  vi.unstubAllGlobals();
});

const { host } = settingWith();
const kept = (model: MlcSource = MODEL) => host.keptModel(model, 'kept');

describe('what is kept', () => {
  it('is nothing at first, and asking fetches nothing', async () => {
    expect(await kept()).toEqual({ ok: true, value: { complete: false, keptBytes: 0, totalBytes: null } });
    expect(caches.fetched).toEqual([]);
  });

  it('has a size that can be asked for, by fetching the list and no more', async () => {
    caches.network.set(TENSOR_LIST_URL, LIST);
    const sized = { ok: true, value: { complete: false, keptBytes: 0, totalBytes: 30 } };
    expect(await host.keptModel(MODEL, 'size')).toEqual(sized);
    expect(caches.fetched).toEqual([TENSOR_LIST_URL]);
    expect(await kept()).toEqual(sized);
  });

  it('is whole when nothing is left to fetch', async () => {
    keepAll();
    expect(await kept()).toEqual({ ok: true, value: { complete: true, keptBytes: 30, totalBytes: 30 } });
  });

  it.each([
    ['webllm/model', shard(1), 10],
    ['webllm/model', `${MODEL.weightsUrl}tokenizer.json`, 30],
    ['webllm/config', `${MODEL.weightsUrl}mlc-chat-config.json`, 30],
    ['webllm/wasm', MODEL.libraryUrl, 30],
  ])('is not whole without a file of %s: %s', async (cache, url, keptBytes) => {
    keepAll();
    caches.named(cache).kept.delete(url);
    expect(await kept()).toEqual({ ok: true, value: { complete: false, keptBytes, totalBytes: 30 } });
  });

  it('is told for a model with a manifest, whose list lies where that says', async () => {
    const model: ManifestSource = { ...MODEL, manifest: 'package.json' };
    keepAll(model);
    caches.named('webllm/model').kept.delete(TENSOR_LIST_URL);
    keep(
      'webllm/config',
      `${MODEL.weightsUrl}package.json`,
      '{"weights":{"manifest":"w/tensor-cache.json"}}',
    );
    keep('webllm/model', `${MODEL.weightsUrl}w/tensor-cache.json`, LIST);
    expect(await kept(model)).toEqual({ ok: true, value: { complete: false, keptBytes: 0, totalBytes: 30 } });
    keep('webllm/model', `${MODEL.weightsUrl}w/params_shard_0.bin`);
    expect(await kept(model)).toMatchObject({ value: { keptBytes: 10 } });
  });

  it('is a fetch failure when its size is asked for and nobody answers', async () => {
    expect(await host.keptModel(MODEL, 'size')).toMatchObject({ error: { code: 'model-fetch-failed' } });
  });

  it('cannot be told where there is no store, nor of a model that web-llm does not run', async () => {
    vi.stubGlobal('caches', {
      open: () => Promise.reject(new DOMException('The operation is insecure.', 'SecurityError')),
    });
    expect(await host.removeModel(MODEL, 'all', [])).toMatchObject({ error: { code: 'storage-failed' } });
    const other = { format: 'built-in', id: 'x', name: 'X' } as const;
    expect(await host.keptModel(other, 'kept')).toMatchObject({ error: { code: 'request-unsupported' } });
    expect(await host.removeModel(other, 'all', [])).toMatchObject({
      error: { code: 'request-unsupported' },
    });
  });
});

describe('removing', () => {
  const sibling: MlcSource = {
    ...MODEL,
    id: 'tiny-2',
    weightsUrl: 'https://models.test/tiny/resolve/main-2/',
  };

  it('takes all files of the model and none of another', async () => {
    keepAll();
    keepAll({ ...sibling, libraryUrl: 'https://libraries.test/other.wasm' });
    expect(await host.removeModel(MODEL, 'all', [])).toEqual({ ok: true, value: null });
    expect(await kept()).toMatchObject({ value: { keptBytes: 0, totalBytes: null } });
    expect(await kept({ ...sibling, libraryUrl: 'https://libraries.test/other.wasm' })).toMatchObject({
      value: { complete: true },
    });
  });

  it('leaves a library that another model needs', async () => {
    keepAll();
    keepAll(sibling);
    await host.removeModel(MODEL, 'all', [MODEL, sibling]);
    expect(await kept(sibling)).toMatchObject({ value: { complete: true } });
  });

  it('takes the library alone when it is of another generation, whoever else has it', async () => {
    keepAll();
    await host.removeModel(MODEL, 'library', []);
    expect(await kept()).toMatchObject({ value: { complete: false, keptBytes: 30 } });
  });

  it('of nothing is fine', async () => {
    expect(await host.removeModel(MODEL, 'all', [])).toEqual({ ok: true, value: null });
  });
});
