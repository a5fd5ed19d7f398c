import { createHash } from 'node:crypto';
import type { MlcSource } from '../../src/contracts/engine.ts';
import { seededBytes } from './seeded-bytes.ts';

export const MLC_FOLDER = 'https://hub.example/tiny/resolve/main/';
export const MLC_LIBRARY = 'https://libraries.example/tiny.wasm';

export const MLC_MODEL: MlcSource = {
  format: 'mlc',
  id: 'Tiny-q4f16_1-MLC',
  name: 'Tiny',
  weightsUrl: MLC_FOLDER,
  libraryUrl: MLC_LIBRARY,
  sizeBytes: null,
  requiredFeatures: [],
  overrides: {},
};

const md5 = (bytes: Uint8Array): string => createHash('md5').update(bytes).digest('hex');
const bytesOf = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text);

/** A list of tensors for these shards, one tensor in each. */
export function tensorListOf(shards: readonly Uint8Array[], withSums = true): string {
  return JSON.stringify({
    metadata: { ParamSize: shards.length },
    records: shards.map((shard, index) => ({
      dataPath: `params_shard_${String(index)}.bin`,
      format: 'raw-shard',
      nbytes: shard.length,
      ...(withSums ? { md5sum: md5(shard) } : {}),
      records: [{ name: `t${String(index)}`, nbytes: shard.length, dtype: 'uint32', format: 'raw' }],
    })),
  });
}

/** The files of a model as MLC publishes them, by address. @param sizes of its shards, bytes */
export function mlcFiles(sizes: readonly number[], seed = 1): Map<string, Uint8Array<ArrayBuffer>> {
  const shards = sizes.map((size, index) => seededBytes(size, seed + index));
  const config = { tokenizer_files: ['tokenizer.json', 'tokenizer_config.json'] };
  const named = shards.map((shard, index) => [`params_shard_${String(index)}.bin`, shard] as const);
  return new Map([
    [`${MLC_FOLDER}mlc-chat-config.json`, bytesOf(JSON.stringify(config))],
    [`${MLC_FOLDER}tensor-cache.json`, bytesOf(tensorListOf(shards))],
    [`${MLC_FOLDER}tokenizer.json`, bytesOf('{"model":{}}')],
    [MLC_LIBRARY, bytesOf('\0asm library')],
    ...named.map(([name, shard]) => [`${MLC_FOLDER}${name}`, shard] as const),
  ]);
}
