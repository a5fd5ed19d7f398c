import type { ByteRange } from '#contracts/model-store';
import type { BodyReader } from './body-reader.ts';
import type { ChunkBuffer } from './chunk-buffers.ts';
import type { Claim } from './chunk-queue.ts';
import type { DownloadState } from './download-state.ts';
import { fault, type FetchFault } from './fetch-fault.ts';
import type { Mirror } from './mirrors.ts';
import type { NetHead } from './net-port.ts';

export interface Receiving {
  readonly state: DownloadState;
  readonly mirror: Mirror;
  readonly reader: BodyReader;
  readonly head: NetHead;
}

/** So many bad chunks in a row: the rest of this answer will be no better. */
const BAD_IN_A_ROW = 2;

/** So many times longer than the sink does the line have to need for a chunk before it counts as the slower part. */
const SLOWER_BY = 2;

/** Hands the chunks of one answer to the sink, and does not wait for it: the next bytes are on their way. */
class Handover {
  readonly #receiving: Receiving;
  readonly #onLineSlower: () => void;
  badInARow = 0;

  constructor(receiving: Receiving, onLineSlower: () => void = () => undefined) {
    this.#receiving = receiving;
    this.#onLineSlower = onLineSlower;
  }

  /** @param networkMs that the line needed for it */
  hand(index: number, buffer: ChunkBuffer, bytes: number, networkMs = 0): void {
    const { state, mirror } = this.#receiving;
    const { clock } = state.ports;
    const fromMs = clock.nowMs();
    state.keep(index, buffer, bytes, mirror, {
      written: () => {
        this.badInARow = 0;
        if (networkMs > SLOWER_BY * (clock.nowMs() - fromMs)) this.#onLineSlower();
      },
      settled: (kept) => {
        if (!kept) this.badInARow += 1;
      },
    });
  }
}

/**
 * The body of a part into chunks.
 * @param claimed null while nothing was known of the file: then it takes what is wanted of it
 * @param onLineSlower told of each chunk that was written much sooner than the line can bring the next
 * @returns what went wrong; null when nothing did, or the download is over
 */
export async function receivePart(
  receiving: Receiving,
  { fromByte, toByte }: ByteRange,
  claimed: Claim | null,
  onLineSlower: () => void,
): Promise<FetchFault | null> {
  const { state, mirror, reader } = receiving;
  const { chunkBytes } = state.policy;
  const sizeBytes = state.sizeBytes ?? toByte;
  const first = fromByte / chunkBytes;
  // A chunk that the answer holds in part only is not taken: the next request brings it.
  const end = toByte === sizeBytes ? Math.ceil(sizeBytes / chunkBytes) : Math.floor(toByte / chunkBytes);
  if (end === first) return fault('wrong-range');
  const claim = claimed ?? state.queue?.claimWithin(first, end);
  const handover = new Handover(receiving, onLineSlower);
  try {
    for (let index = first; index < end; index += 1) {
      if (handover.badInARow >= BAD_IN_A_ROW) return null;
      if (index > first && state.mirrors.isSlow(mirror, state.ports.clock.nowMs())) return null;
      const chunk = state.chunk(index, sizeBytes);
      if (claim?.holds(index) !== true) {
        const skipped = await reader.skip(chunk.toByte - chunk.fromByte);
        if (!skipped.ok) return skipped.error;
        continue;
      }
      const what = await receiveChunk(receiving, handover, claim, index, chunk.toByte === toByte);
      if (what !== 'taken') return what;
    }
    return null;
  } finally {
    claim?.release();
  }
}

/** The body of the whole file into those chunks that are missing and that nobody else is at; skips the others. */
export async function receiveWhole(
  receiving: Receiving,
  statedBytes: number | null,
): Promise<FetchFault | null> {
  const { state, reader } = receiving;
  const handover = new Handover(receiving);
  const begun = state.sizeBytes === null ? await receiveFirst(receiving, handover, statedBytes) : 0;
  if (typeof begun !== 'number') return begun;
  const sizeBytes = state.sizeBytes ?? 0;
  const count = Math.ceil(sizeBytes / state.policy.chunkBytes);
  for (let index = begun; index < count; index += 1) {
    if (handover.badInARow >= BAD_IN_A_ROW) return null;
    if (state.queue?.anyFreeFrom(index) !== true) return null;
    const { fromByte, toByte } = state.chunk(index, sizeBytes);
    const claim = state.queue.claimWithin(index, index + 1);
    if (claim.holds(index)) {
      const what = await receiveChunk(receiving, handover, claim, index, toByte === sizeBytes);
      claim.release();
      if (what === 'taken') continue;
      return what;
    }
    const skipped = await reader.skip(toByte - fromByte);
    if (!skipped.ok) return skipped.error;
    if (skipped.value < toByte - fromByte) return fault('short');
  }
  return null;
}

/**
 * The size is unknown and the whole comes: reads the first chunk before it believes the stated length, which is that of
 * the compressed bytes when a compression is hidden.
 * @returns the chunk to go on with
 */
async function receiveFirst(
  { state, reader, head }: Receiving,
  handover: Handover,
  statedBytes: number | null,
): Promise<number | FetchFault | null> {
  const unknown = fault('size-unknown', { lasting: true });
  const buffer = await state.buffers.acquire(state.signal);
  if (buffer === null) return null;
  let handed = false;
  try {
    const filled = await reader.fill(buffer, state.policy.chunkBytes);
    if (!filled.ok) return filled.error;
    const { sha256 } = state.job.file;
    const isWhole = filled.value < state.policy.chunkBytes;
    if (isWhole && sha256 === null) {
      if (head.contentLength === null) return unknown; // an end that nobody announced may be a broken line
      if (statedBytes !== null && filled.value !== statedBytes) return fault('short');
    }
    const sizeBytes = isWhole ? filled.value : statedBytes;
    if (sizeBytes === null || sizeBytes < filled.value) return unknown;
    if (!(await state.learnSize(sizeBytes))) return null;
    const claim = state.queue?.claimWithin(0, 1);
    if (claim?.holds(0) === true) {
      handed = true;
      handover.hand(0, buffer, filled.value);
    }
    return 1;
  } finally {
    if (!handed) buffer.release();
  }
}

/** One claimed chunk. @returns 'taken' when it was handed over and more may follow */
async function receiveChunk(
  { state, mirror, reader }: Receiving,
  handover: Handover,
  claim: Claim,
  index: number,
  isEnd: boolean,
): Promise<'taken' | FetchFault | null> {
  const { fromByte, toByte } = state.chunk(index, state.sizeBytes ?? 0);
  const bytes = toByte - fromByte;
  reader.rest();
  const buffer = await state.buffers.acquire(state.signal);
  if (buffer === null) return null;
  let handed = false;
  const beforeMs = reader.networkMs;
  const hand = (): void => {
    handed = true;
    claim.handOver(index);
    handover.hand(index, buffer, bytes, reader.networkMs - beforeMs);
  };
  try {
    const filled = await reader.fill(buffer, bytes);
    if (!filled.ok) return filled.error;
    if (filled.value < bytes) return fault('short');
    state.mirrors.measured(mirror, bytes, reader.networkMs - beforeMs);
    const proved = state.job.file.chunkSha256 !== null;
    if (proved || !isEnd) hand();
    if (!isEnd) return 'taken';
    const ended = await reader.ended();
    // The bytes are all here; only a server that goes on may have sent another file.
    if (ended.ok && !ended.value) return fault('too-long');
    if (!proved) hand();
    return 'taken';
  } finally {
    if (!handed) buffer.release();
  }
}
