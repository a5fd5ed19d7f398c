import { CHUNK_BYTES } from '#contracts/model-store';

/** How a download behaves; other values than these only in tests, or where a measurement says so. */
export interface DownloadPolicy {
  readonly chunkBytes: number;
  /** Requests under way at once, at most. */
  readonly parallel: number;
  /** Chunks of one request, at most; also those per further request at once: a file of fewer has one alone. */
  readonly chunksPerRange: number;
  /** How often the bytes of one chunk may be wrong. */
  readonly chunkAttempts: number;
  /** How often a server may fail in a row, without one chunk kept in between. */
  readonly failuresInARow: number;
  /** How often the whole may differ from its hash when every chunk was kept. */
  readonly wholeAttempts: number;
  readonly firstWaitMs: number;
  readonly longestWaitMs: number;
  /** Until the head of an answer. */
  readonly headSilenceMs: number;
  /** In which `silenceBytes` of a body have to come: a drip is a stall, too. */
  readonly bodySilenceMs: number;
  readonly silenceBytes: number;
  /** While the device says that it is offline, it is tried all the same: it may be wrong. */
  readonly offlineRetryMs: number;
  /** What a server that was not measured is taken for. */
  readonly assumedBytesPerSecond: number;
  /** So many times faster has another server to be before a download changes over. */
  readonly fasterBy: number;
}

export const DOWNLOAD_POLICY: DownloadPolicy = {
  chunkBytes: CHUNK_BYTES,
  parallel: 3,
  // 64 MiB: 80 requests for 5 GB, far below what model hosts allow in 5 minutes; a request costs two round trips there
  // (each is redirected). One request at a time below that: a kill then costs less than one chunk.
  chunksPerRange: 16,
  chunkAttempts: 4,
  failuresInARow: 8,
  wholeAttempts: 2,
  firstWaitMs: 500,
  // With eight failures in a row: about a minute and a half at most, a minute on average, before a server is given up.
  longestWaitMs: 30_000,
  headSilenceMs: 30_000,
  bodySilenceMs: 20_000,
  silenceBytes: 16_384,
  offlineRetryMs: 30_000,
  assumedBytesPerSecond: 2 ** 20,
  fasterBy: 1.5,
};
