/**
 * Why bytes did not come, in the `reason` of `model-fetch-failed`. `unreachable`: no answer (down, offline, refused by
 * CORS). `cut`: the line broke amid the body. `short`: the body ended early without an error. `stalled`: nothing was
 * heard. `too-long`: more bytes than the file has. `wrong-range`: another part than the one asked for. `range-ignored`:
 * ranges worked before, now the whole came. `other-size`: another file, by its size. `not-the-file`: a page, as a captive
 * portal sends. `changed`: the content changed during the download, and no hash says which is right. `encoded`: a
 * compressed part of a file is not a part of it. `status`: this HTTP status. `size-unknown`: nobody says how long the
 * file is. `bad-chunk`: other bytes than the hash allows. `no-address`: there is nowhere to fetch it from.
 */
export type FetchReason =
  | 'unreachable'
  | 'cut'
  | 'short'
  | 'stalled'
  | 'too-long'
  | 'wrong-range'
  | 'range-ignored'
  | 'other-size'
  | 'not-the-file'
  | 'changed'
  | 'encoded'
  | 'status'
  | 'size-unknown'
  | 'bad-chunk'
  | 'no-address';

/** What a download stands still for; `untilEpochMs` is wall-clock time. */
export type DownloadWait =
  | { readonly for: 'network' }
  /** All servers rest: they asked for it (`Retry-After`), or they failed and get time to recover. */
  | {
      readonly for: 'server';
      readonly reason: FetchReason;
      readonly status: number | null;
      readonly untilEpochMs: number;
    };

/** Where a download stands; told at most four times a second, and once more at its end. */
export interface DownloadProgress {
  /** Bytes of the chunks that are proved and kept, those of earlier downloads among them. */
  readonly keptBytes: number;
  /** Bytes that came over the network in this run, those that were of no use among them. */
  readonly transferredBytes: number;
  /** Null until somebody knows. */
  readonly sizeBytes: number | null;
  /** Over the last seconds; null before they are over and while it waits. */
  readonly bytesPerSecond: number | null;
  /** Null while the size or the speed is unknown, or nothing comes. */
  readonly leftMs: number | null;
  /** The server that bytes come from, as an origin; null before the first answer. */
  readonly mirror: string | null;
  /** Requests that failed, and chunks that had to be fetched again, in this run. */
  readonly retries: number;
  readonly waiting: DownloadWait | null;
}
