import { md5 } from 'hash-wasm';
import * as v from 'valibot';
import { TENSOR_LIST } from '#contracts/mlc-files';
import type { MlcTwin } from '#contracts/mlc-twin';
import { mlcTwin } from '../../workers/bench/mlc-twin.ts';

/** Where the library leaves the vocabulary open; enough for all bytes and some words, and fast on a software GPU. */
export const SMALL_VOCABULARY = 2048;

/** A model of random weights that fits a real library. */
export type SyntheticModel = Pick<MlcTwin, 'vocabulary' | 'weightBytes' | 'contextTokens'>;

/** Everything that is kept in caches goes: all of it was a test's. */
export async function emptyCaches(): Promise<void> {
  for (const name of await caches.keys()) await caches.delete(name);
}

const ListSchema = v.looseObject({ records: v.array(v.looseObject({ dataPath: v.string() })) });

/** The list with the sums that the model store compares shards with; published models have them. */
async function withSums(list: Blob, files: MlcTwin['files']): Promise<Blob> {
  const { records, ...rest } = v.parse(ListSchema, JSON.parse(await list.text()));
  const summed: object[] = [];
  for (const record of records) {
    const shard = files.find(({ name }) => name === record.dataPath);
    const bytes = new Uint8Array((await shard?.file.arrayBuffer()) ?? new ArrayBuffer());
    summed.push({ ...record, md5sum: await md5(bytes) });
  }
  return new Blob([JSON.stringify({ ...rest, records: summed })]);
}

/**
 * Puts the library and everything around it where `web-llm-library-store.worker.ts` fetches from, under these addresses.
 */
export async function serveSyntheticModel(
  wasm: Uint8Array<ArrayBuffer>,
  weightsUrl: string,
  libraryUrl: string,
): Promise<SyntheticModel> {
  const library = new Blob([wasm]);
  const twin = await mlcTwin({ library, name: 'synthetic', vocabulary: SMALL_VOCABULARY, seed: 1 });
  if (!twin.ok) throw new Error(JSON.stringify(twin.error));
  const network = await caches.open('test/network');
  await network.put(new Request(libraryUrl), new Response(wasm));
  const { files, vocabulary, weightBytes, contextTokens } = twin.value;
  for (const { name, file } of files) {
    const body = name === TENSOR_LIST ? await withSums(file, files) : file;
    await network.put(new Request(new URL(name, weightsUrl)), new Response(body));
  }
  return { vocabulary, weightBytes, contextTokens };
}
