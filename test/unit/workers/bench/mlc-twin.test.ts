import * as v from 'valibot';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { present } from '#kernel/assert';
import { parseTensorList, TENSOR_LIST } from '#contracts/mlc-files';
import type { MlcTwin, MlcTwinRequest } from '#contracts/mlc-twin';
import { SyntheticHost } from '../../../../workers/bench/synthetic-host.ts';
import { LIBRARY_PARAMETERS, libraryBytes, libraryDocument } from '../../../fakes/model-library.ts';

const request = (change: Partial<MlcTwinRequest> = {}): MlcTwinRequest => ({
  library: new Blob([libraryBytes(libraryDocument())]),
  name: 'Tiny',
  vocabulary: null,
  seed: 7,
  ...change,
});

async function built(change: Partial<MlcTwinRequest> = {}): Promise<MlcTwin> {
  const outcome = await new SyntheticHost().buildMlc(request(change));
  if (!outcome.ok) throw new Error(JSON.stringify(outcome.error));
  return outcome.value;
}

const fileOf = ({ files }: MlcTwin, name: string): Blob =>
  present(files.find((each) => each.name === name)?.file, name);
const jsonOf = async (twin: MlcTwin, name: string): Promise<unknown> =>
  JSON.parse(await fileOf(twin, name).text());

const bytesOf = async ({ files }: MlcTwin): Promise<Buffer> =>
  Buffer.concat(await Promise.all(files.map(async ({ file }) => Buffer.from(await file.arrayBuffer()))));

afterEach(() => {
  vi.unstubAllGlobals();
});

describe('the twin of a library’s model', () => {
  it('lists every parameter of the library, in shards of that size', async () => {
    const twin = await built();
    const list = await jsonOf(twin, TENSOR_LIST);
    const sizes = parseTensorList(list, 'Tiny');
    expect(sizes).toMatchObject({
      ok: true,
      value: { totalBytes: twin.weightBytes, largestBytes: twin.largestTensorBytes },
    });
    for (const { path, sizeBytes } of (sizes.ok && sizes.value.shards) || [])
      expect(fileOf(twin, path).size).toBe(sizeBytes);
    const Named = v.object({
      records: v.array(
        v.object({
          records: v.array(v.object({ name: v.string(), shape: v.array(v.number()), dtype: v.string() })),
        }),
      ),
    });
    const listed = v.parse(Named, list).records.flatMap(({ records }) => records);
    expect(listed).toEqual(LIBRARY_PARAMETERS);
  });

  it('has a configuration and a tokenizer of the model’s vocabulary', async () => {
    const twin = await built();
    expect(twin).toMatchObject({ vocabulary: 600, contextTokens: 4096 });
    expect(await jsonOf(twin, 'mlc-chat-config.json')).toMatchObject({
      model_type: 'qwen2',
      vocab_size: 600,
      context_window_size: 4096,
      prefill_chunk_size: 1024,
      tokenizer_files: ['tokenizer.json'],
    });
    const Tokenizer = v.object({
      model: v.object({ vocab: v.record(v.string(), v.number()), merges: v.array(v.string()) }),
    });
    const { vocab, merges } = v.parse(Tokenizer, await jsonOf(twin, 'tokenizer.json')).model;
    expect(Object.values(vocab).sort((a, b) => a - b)).toEqual(Array.from({ length: 600 }, (_, id) => id));
    // A merge makes a word of words that there are.
    for (const merge of merges)
      for (const word of [...merge.split(' '), merge.replace(' ', '')]) expect(vocab).toHaveProperty([word]);
  });

  it('is the same for the same request, and another for another seed', async () => {
    const bytes = await bytesOf(await built());
    expect(bytes.equals(await bytesOf(await built()))).toBe(true);
    expect(bytes.equals(await bytesOf(await built({ seed: 8 })))).toBe(false);
  });

  it('of more weights than a pool has is as large as it should be', async () => {
    const params = [...LIBRARY_PARAMETERS, { name: 'lm_head.q_weight', shape: [3_000_000], dtype: 'uint32' }];
    const twin = await built({ library: new Blob([libraryBytes(libraryDocument(params))]) });
    const shards = twin.files.filter(({ name }) => name.endsWith('.bin'));
    expect(shards.reduce((sum, { file }) => sum + file.size, 0)).toBe(twin.weightBytes);
    expect(twin.largestTensorBytes).toBe(12_000_000);
  });

  it.each([
    ['model-invalid', 'library', { library: new Blob(['<html>']) }],
    ['model-invalid', 'document', { library: new Blob(['\0asm nothing']) }],
    [
      'request-unsupported',
      'open-dimension',
      {
        library: new Blob([
          libraryBytes(libraryDocument([{ name: 'wte.weight', shape: ['vocab_size', 4], dtype: 'float16' }])),
        ]),
      },
    ],
  ])('is refused: %s, %s', async (code, reason, change) => {
    expect(await new SyntheticHost().buildMlc(request(change))).toMatchObject({
      error: { code, details: { reason } },
    });
  });

  it('says so when a library cannot be read any more', async () => {
    const library = request().library;
    vi.spyOn(library, 'arrayBuffer').mockRejectedValue(new DOMException('gone', 'NotReadableError'));
    expect(await new SyntheticHost().buildMlc(request({ library }))).toMatchObject({
      error: { code: 'storage-failed' },
    });
  });

  it('says so when the browser has no room for it', async () => {
    const { library } = request();
    const given = request({ library });
    vi.stubGlobal(
      'Blob',
      class {
        constructor() {
          throw new RangeError('Array buffer allocation failed');
        }
      },
    );
    expect(await new SyntheticHost().buildMlc(given)).toMatchObject({ error: { code: 'out-of-memory' } });
  });
});
