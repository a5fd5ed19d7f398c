import { SilenceWatch } from '#kernel/silence-watch';
import { untilAborted } from '#kernel/until-aborted';
import type { FetchReason } from '#contracts/download';
import { err, ok } from '#kernel/result';
import { failure, type Outcome, type WitanFailure } from '#contracts/errors';
import { DOWNLOAD_POLICY } from '../../src/storage/download/download-policy.ts';
import type { NetBody } from '../../src/storage/download/net-port.ts';
import type { DownloadWorkPorts } from './model-download.ts';

/** The small files of a model have some MB; what has more than this is none of them. */
const MOST_BYTES = 256 * 2 ** 20;
/** Bytes that are gathered before the browser gets them to keep as a Blob, on disk if it likes. */
const GATHERED_BYTES = 8 * 2 ** 20;
/** Room for what comes at once. */
const PIECE_BYTES = 64 * 2 ** 10;

/**
 * Fetches a file of which nobody says how long it is, as it comes, to its end: hosts that compress on the way hide its
 * length, and some do not let other origins see which part they sent. No chunk of it can be proved alone, nothing of it is
 * kept when it breaks off, and its end is what the browser takes for one. For small files only.
 * Errors: model-fetch-failed (`reason` is a `FetchReason`), cancelled.
 * @param about details for the failure
 * @param mostBytes what has more is given up as `too-long`, at once where its length is told
 */
export async function fetchWhole(
  signal: AbortSignal,
  url: string,
  { net, clock }: DownloadWorkPorts,
  about: WitanFailure['details'],
  onBytes: (bytes: number) => void,
  mostBytes = MOST_BYTES,
): Promise<Outcome<Blob>> {
  const watch = new SilenceWatch(clock, signal);
  const failed = (reason: FetchReason, more: WitanFailure['details'] = {}): Outcome<never> => {
    if (signal.aborted) return err(failure('cancelled', about));
    const said = watch.silence === null ? reason : 'stalled';
    return err(failure('model-fetch-failed', { ...about, reason: said, ...more }));
  };
  watch.allow(DOWNLOAD_POLICY.headSilenceMs, 'head');
  let body: NetBody | null = null;
  try {
    const asking = net.get(watch.signal, url, null);
    const got = await untilAborted(asking, watch.signal);
    if (got === null) {
      // An answer that comes all the same is not wanted any more.
      void asking.then((late) => late.ok && late.value.body.hangUp());
      return failed('stalled');
    }
    if (!got.ok) return failed('unreachable');
    const { head } = got.value;
    body = got.value.body;
    if (head.status !== 200) return failed('status', { status: head.status });
    // No model file is a page; portals of networks say 200 and send theirs.
    if (/^\s*text\/html\b/i.test(head.contentType ?? '')) return failed('not-the-file');
    if ((head.contentLength ?? 0) > mostBytes) return failed('too-long');
    const kept: Blob[] = [];
    let gathered: Uint8Array<ArrayBuffer>[] = [];
    let [fetchedBytes, waiting] = [0, 0];
    let room = new Uint8Array(PIECE_BYTES);
    for (;;) {
      watch.allow(DOWNLOAD_POLICY.bodySilenceMs, 'body');
      const read = await untilAborted(body.read(room), watch.signal);
      if (read === null) return failed('stalled');
      if (!read.ok) return failed('cut');
      const { bytes, memory } = read.value;
      if (bytes === null) return ok(new Blob([...kept, ...gathered]));
      // Copied: their memory is lent again.
      gathered.push(new Uint8Array(bytes));
      if (memory !== null) room = new Uint8Array(memory);
      fetchedBytes += bytes.byteLength;
      waiting += bytes.byteLength;
      if (fetchedBytes > mostBytes) return failed('too-long');
      onBytes(fetchedBytes);
      if (waiting < GATHERED_BYTES) continue;
      kept.push(new Blob(gathered));
      [gathered, waiting] = [[], 0];
    }
  } finally {
    body?.hangUp();
    watch.end();
  }
}
