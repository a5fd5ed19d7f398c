import { err, ok } from '#kernel/result';
import { failureOf, type Outcome } from '#contracts/errors';
import type { GgufSummary } from '#contracts/gguf';
import { HeaderWindow, type ByteSource } from './header-window.ts';
import { ALIGNMENT, KEYS, TENSORS } from './limits.ts';
import { readMetadata, type Metadata } from './metadata.ts';
import { refused } from './refusal.ts';
import { summarize, type GgufHeader } from './summary.ts';
import { alignedUp, placeTensors, readTensors } from './tensors.ts';
import { VALUE } from './value-types.ts';

/** "GGUF" (ggml docs/gguf.md), and the size of the fixed fields behind it. */
const MAGIC = [0x47, 0x47, 0x55, 0x46];
const FIXED_BYTES = 24;

/** A file that native code may read. */
export interface InspectedGguf {
  readonly summary: GgufSummary;
  /** To find the same tensor in two parts of a set. */
  readonly tensorNames: ReadonlySet<string>;
}

/**
 * Decides whether a GGUF file may go to native code, from its header alone: at most 64 MiB are walked through, one window
 * of 1 MiB is in memory at a time. The weights are not read. What the file says of itself need not be true; but nothing in
 * it contradicts itself, lies outside the file, or exceeds what real models have (`limits.ts`).
 *
 * Errors: model-invalid with a `GgufRefusal` as its reason and the figures beside it; storage-failed when the source does
 * not give its bytes; cancelled.
 */
export async function inspectGguf(signal: AbortSignal, source: ByteSource): Promise<Outcome<InspectedGguf>> {
  try {
    const header = await readHeader(new HeaderWindow(signal, source), source.sizeBytes);
    return ok({ summary: await summarize(header), tensorNames: new Set(header.tensors.keys()) });
  } catch (thrown) {
    return err(failureOf(thrown));
  }
}

async function readHeader(window: HeaderWindow, sizeBytes: number): Promise<GgufHeader> {
  if (sizeBytes < MAGIC.length) throw refused('not-gguf', { bytes: sizeBytes });
  await window.need(MAGIC.length);
  const magic = window.bytes(MAGIC.length);
  if (!MAGIC.every((byte, index) => magic[index] === byte)) throw refused('not-gguf', { bytes: sizeBytes });
  await window.need(FIXED_BYTES - MAGIC.length);
  const version = versionOf(window.u32());
  const tensorCount = window.u64();
  if (tensorCount > TENSORS) throw refused('too-many-tensors', { tensors: tensorCount, limit: TENSORS });
  const keys = window.u64();
  if (keys > KEYS) throw refused('too-many-keys', { keys, limit: KEYS });
  const metadata = await readMetadata(window, keys);
  const alignmentBytes = alignmentOf(metadata);
  const tensors = await readTensors(window, tensorCount);
  const dataFromByte = tensors.size === 0 ? window.atByte : alignedUp(window.atByte, alignmentBytes);
  const expectedSizeBytes = placeTensors(tensors, dataFromByte, alignmentBytes, sizeBytes);
  return { version, metadata, tensors, alignmentBytes, dataFromByte, expectedSizeBytes };
}

function versionOf(version: number): 2 | 3 {
  if (version === 2 || version === 3) return version;
  if (version === 1) throw refused('version-1');
  // 1, 2 or 3 with its bytes the other way round has nothing in its lower half.
  if (version !== 0 && version % 2 ** 16 === 0) throw refused('big-endian');
  throw refused('version-unknown', { version });
}

function alignmentOf(metadata: Metadata): number {
  const key = 'general.alignment';
  const entry = metadata.get(key);
  if (entry === undefined) return ALIGNMENT.usual;
  if (entry.kind !== 'number' || entry.type !== VALUE.u32) throw refused('key-type', { key });
  const { value } = entry;
  if (value < ALIGNMENT.min || value > ALIGNMENT.max || (value & (value - 1)) !== 0)
    throw refused('alignment', { alignment: value });
  return value;
}
