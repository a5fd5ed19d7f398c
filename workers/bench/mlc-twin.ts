import { seededRandom } from '#kernel/random';
import { err, ok } from '#kernel/result';
import { failure, type Outcome } from '#contracts/errors';
import { TENSOR_LIST } from '#contracts/mlc-files';
import type { MlcTwin, MlcTwinRequest } from '#contracts/mlc-twin';
import { byteLevelTokenizer, mlcChatConfig, mlcTensorList } from '../../src/hardware/synthetic/mlc-files.ts';
import { readMlcLibrary } from '../../src/hardware/synthetic/mlc-library.ts';
import {
  piecesOf,
  shardsOf,
  WeightPools,
  type MlcShard,
  type WeightContent,
} from '../../src/hardware/synthetic/mlc-shards.ts';
import { tensorsOfLibrary } from '../../src/hardware/synthetic/mlc-tensors.ts';

/** Errors: see `MlcTwinWorkerApi.buildMlc`. */
export async function mlcTwin({ library: file, ...request }: MlcTwinRequest): Promise<Outcome<MlcTwin>> {
  const { name, vocabulary, seed } = request;
  const bytes = await file
    .arrayBuffer()
    .catch((thrown: unknown) => failure('storage-failed', { model: name }, thrown));
  if (!(bytes instanceof ArrayBuffer)) return err(bytes);
  const library = readMlcLibrary(new Uint8Array(bytes), name);
  if (!library.ok) return library;
  const known = tensorsOfLibrary(library.value, vocabulary, name);
  if (!known.ok) return known;
  const { tensors, ...sizes } = known.value;
  const shards = shardsOf(tensors);
  const json = (value: object): Blob => new Blob([JSON.stringify(value)], { type: 'application/json' });
  try {
    return ok({
      ...sizes,
      contextTokens: library.value.contextTokens,
      files: [
        { name: 'mlc-chat-config.json', file: json(mlcChatConfig(library.value, sizes.vocabulary)) },
        { name: 'tokenizer.json', file: json(byteLevelTokenizer(sizes.vocabulary)) },
        { name: TENSOR_LIST, file: json(mlcTensorList(shards)) },
        ...filledShards(shards, seed),
      ],
    });
  } catch (thrown) {
    // A vocabulary, a pool or a Blob that the browser has no room for.
    return err(failure('out-of-memory', { model: name }, thrown));
  }
}

/** Pieces of the pools, which browsers do not copy: gigabytes of weights take the few megabytes of the pools. */
function filledShards(shards: readonly MlcShard[], seed: number): MlcTwin['files'] {
  const random = seededRandom(seed);
  const pools = new WeightPools(seed);
  const kept = new Map<WeightContent, Blob>();
  const poolOf = (content: WeightContent): Blob => {
    const pool = kept.get(content) ?? new Blob([pools.of(content)]);
    kept.set(content, pool);
    return pool;
  };
  return shards.map(({ name, tensors }) => ({
    name,
    file: new Blob(
      tensors.flatMap(({ tensor }) =>
        piecesOf(tensor, random).map(({ content, fromByte, sizeBytes }) =>
          poolOf(content).slice(fromByte, fromByte + sizeBytes),
        ),
      ),
    ),
  }));
}
