import type { Clock } from '#kernel/clock';
import { ok } from '#kernel/result';
import type { Random } from '#kernel/random';
import type { DownloadProgress } from '#contracts/download';
import type { Outcome } from '#contracts/errors';
import { chunkCount, chunkRange, type FileSpec } from '#contracts/model-store';
import type { ModelProgress, ModelRequest } from '#contracts/models';
import { download } from '../../src/storage/download/download.ts';
import type { NetPort } from '../../src/storage/download/net-port.ts';
import type { ModelStore } from '../../src/storage/model-store/model-store.ts';

export interface DownloadWorkPorts {
  readonly net: NetPort;
  readonly clock: Clock;
  readonly random: Random;
}

/** What bringing a model here took. */
export interface Transfer {
  readonly transferredBytes: number;
  /** Kept before it began. */
  readonly resumedAtBytes: number;
  /** Chunks that were kept once, did not match any more and were fetched again. */
  readonly repairedChunks: number;
}

/** Of each file. */
interface Before {
  readonly keptBytes: readonly number[];
  readonly lostChunks: readonly number[];
}

/**
 * Fetches what is missing of a model, file by file. Whatever ends it, what was kept stays.
 * Errors: those of `download`, and of the store's sink.
 */
export async function downloadModel(
  signal: AbortSignal,
  store: ModelStore,
  { id, name, files }: ModelRequest,
  ports: DownloadWorkPorts,
  tell: (progress: ModelProgress) => void,
): Promise<Outcome<Transfer>> {
  const before = await beforehand(store, files);
  if (!before.ok) return before;
  let transferredBytes = 0;
  const resumedAtBytes = [...before.value.keptBytes];
  const lostChunks = [...before.value.lostChunks];
  const keptBytes = [...before.value.keptBytes];
  const sizes = files.map((file) => file.sizeBytes);
  for (const [index, file] of files.entries()) {
    let latest = 0;
    const sink = await store.sink(file);
    if (!sink.ok) return sink;
    const fetched = await download(signal, { file, sink: sink.value, model: name }, ports, (progress) => {
      latest = progress.transferredBytes;
      sizes[index] = progress.sizeBytes;
      keptBytes[index] = progress.keptBytes;
      tell(ofModel(id, progress, sum(keptBytes), transferredBytes, sizes));
    });
    await sink.value.close();
    transferredBytes += latest;
    if (!fetched.ok) return fetched;
    keptBytes[index] = fetched.value.keptBytes;
    // What was found on the device was neither fetched nor repaired.
    const { salvagedChunks } = sink.value;
    const salvagedBytes = salvagedChunks.map((chunk) => sizeOf(chunk, fetched.value.sizeBytes ?? 0));
    resumedAtBytes[index] = (resumedAtBytes[index] ?? 0) + sum(salvagedBytes);
    lostChunks[index] = Math.max(0, (lostChunks[index] ?? 0) - salvagedChunks.length);
  }
  return ok({
    transferredBytes,
    resumedAtBytes: sum(resumedAtBytes),
    repairedChunks: sum(lostChunks),
  });
}

function sizeOf(chunk: number, fileBytes: number): number {
  const { fromByte, toByte } = chunkRange(chunk, fileBytes);
  return toByte - fromByte;
}

async function beforehand(store: ModelStore, files: readonly FileSpec[]): Promise<Outcome<Before>> {
  const keptBytes: number[] = [];
  const lostChunks: number[] = [];
  for (const { id } of files) {
    const file = await store.file(id);
    if (!file.ok) return file;
    const { state = 'new', keptChunks = 0, sizeBytes = null } = file.value ?? {};
    keptBytes.push(file.value?.keptBytes ?? 0);
    lostChunks.push(state === 'suspect' && sizeBytes !== null ? chunkCount(sizeBytes) - keptChunks : 0);
  }
  return ok({ keptBytes, lostChunks });
}

const sum = (bytes: readonly number[]): number => bytes.reduce((total, some) => total + some, 0);

/** One file's progress as that of its model. */
function ofModel(
  modelId: string,
  progress: DownloadProgress,
  doneBytes: number,
  transferredBytes: number,
  sizes: readonly (number | null)[],
): ModelProgress {
  const known = sizes.filter((size) => size !== null);
  const totalBytes = known.length === sizes.length ? sum(known) : null;
  const { bytesPerSecond, mirror } = progress;
  const leftBytes = totalBytes === null ? null : totalBytes - doneBytes;
  return {
    modelId,
    phase: 'download',
    doneBytes,
    totalBytes,
    transferredBytes: transferredBytes + progress.transferredBytes,
    bytesPerSecond,
    secondsLeft:
      leftBytes === null || bytesPerSecond === null || bytesPerSecond === 0
        ? null
        : leftBytes / bytesPerSecond,
    host: mirror === null ? null : new URL(mirror).host,
    waiting: progress.waiting,
  };
}
