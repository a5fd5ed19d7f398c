import { SilenceWatch } from '#kernel/silence-watch';
import { untilAborted } from '#kernel/until-aborted';
import type { ByteRange } from '#contracts/model-store';
import { judge, type Judged } from './answer-head.ts';
import { receivePart, receiveWhole, type Receiving } from './body-chunks.ts';
import { BodyReader } from './body-reader.ts';
import type { Claim } from './chunk-queue.ts';
import type { DownloadState } from './download-state.ts';
import { fault, type FetchFault } from './fetch-fault.ts';
import { asksForRanges, type Mirror } from './mirrors.ts';
import type { NetAnswer } from './net-port.ts';

/** How one request ended. */
export type Ended =
  /** It brought what it could, or the download is over. */
  | { readonly kind: 'done' }
  | {
      readonly kind: 'fault';
      readonly fault: FetchFault;
      /** Another kind of request to the same server may work: it is asked at once, and nothing is held against it. */
      readonly free: boolean;
    }
  /** The whole has to be read, and somebody else reads it already. */
  | { readonly kind: 'taken' };

const DONE: Ended = { kind: 'done' };
const failed = (what: FetchFault, free = false): Ended => ({ kind: 'fault', fault: what, free });

/**
 * One request to one server, and its body into chunks.
 * @param claim the chunks asked for; null while the size is unknown
 * @param onLineSlower told when ranges work and the line is slower than the sink: see `receivePart`
 */
export async function exchange(
  state: DownloadState,
  mirror: Mirror,
  claim: Claim | null,
  onLineSlower: () => void,
): Promise<Ended> {
  const ranged = asksForRanges(mirror, state.anyKept);
  if (!ranged && state.streaming) return { kind: 'taken' };
  const range = ranged ? rangeOf(state, claim) : null;
  const watch = new SilenceWatch(state.ports.clock, state.signal);
  const close = state.meter.open();
  let answer: NetAnswer | null = null;
  try {
    watch.allow(state.policy.headSilenceMs, 'head');
    const asking = state.ports.net.get(watch.signal, mirror.url, range);
    const got = await untilAborted(asking, watch.signal);
    if (got === null) {
      // An answer that comes all the same is not wanted any more.
      void asking.then((late) => late.ok && late.value.body.hangUp());
      return watch.silence === null ? DONE : unanswered(state, mirror, ranged, fault('stalled'));
    }
    if (!got.ok) {
      return got.error.reason === 'aborted' ? DONE : unanswered(state, mirror, ranged, fault('unreachable'));
    }
    answer = got.value;
    watch.rest();
    return await receive({ state, mirror, claim, range, answer, watch, onLineSlower });
  } finally {
    answer?.body.hangUp();
    watch.end();
    close();
  }
}

interface Received {
  readonly state: DownloadState;
  readonly mirror: Mirror;
  readonly claim: Claim | null;
  readonly range: ByteRange | null;
  readonly answer: NetAnswer;
  readonly watch: SilenceWatch;
  readonly onLineSlower: () => void;
}

async function receive({
  state,
  mirror,
  claim,
  range,
  answer,
  watch,
  onLineSlower,
}: Received): Promise<Ended> {
  const { file } = state.job;
  const { clock } = state.ports;
  const judged = judge(answer.head, {
    range,
    sizeBytes: state.sizeBytes,
    proved: file.chunkSha256 !== null || file.sha256 !== null,
    etag: file.chunkSha256 === null ? mirror.etag : null,
    nowEpochMs: clock.epochMs(),
  });
  const refusal = refusalOf(state, mirror, range, judged);
  if (refusal !== null) return refusal;
  if (answer.head.etag?.startsWith('"') === true) mirror.etag = answer.head.etag;
  state.meter.answeredBy(originOf(mirror.url));
  const reader = new BodyReader(clock, watch, answer.body, state.policy, (bytes) => {
    state.meter.transferred(bytes);
  });
  const receiving: Receiving = { state, mirror, reader, head: answer.head };
  if (judged.kind === 'part') {
    mirror.ranges = 'yes';
    if (state.sizeBytes === null && !(await state.learnSize(judged.sizeBytes))) return DONE;
    return endedBy(await receivePart(receiving, judged.range, claim, onLineSlower));
  }
  if (judged.kind !== 'whole') return DONE;
  claim?.release(); // the whole is read from its start, and takes what is free on its way
  state.streaming = true;
  try {
    const what = await receiveWhole(receiving, judged.statedBytes);
    // Without an answer to ranges it was only supposed that they do not work; a line that breaks breaks anything.
    if (what !== null) mirror.rangeFailures = 0;
    return endedBy(what);
  } finally {
    state.streaming = false;
  }
}

const endedBy = (what: FetchFault | null): Ended => (what === null ? DONE : failed(what));

/** Whether this answer is of no use, and what follows from that for ranges. */
function refusalOf(
  state: DownloadState,
  mirror: Mirror,
  range: ByteRange | null,
  judged: Judged,
): Ended | null {
  if (judged.kind === 'part') return null;
  if (judged.kind === 'fault') {
    if (!judged.noRanges || range === null) return failed(judged.fault);
    return failed(judged.fault, distrustRanges(state, mirror));
  }
  if (range !== null && mirror.ranges !== 'no' && !distrustRanges(state, mirror)) {
    return failed(fault('range-ignored', { status: 200 }));
  }
  return state.streaming ? { kind: 'taken' } : null;
}

/** Ranges did not work, this time at least. @returns whether the whole is to be asked for from now on */
function distrustRanges(state: DownloadState, mirror: Mirror): boolean {
  const didWork = mirror.ranges === 'yes';
  mirror.ranges = 'untried';
  mirror.rangeFailures = didWork ? 0 : mirror.rangeFailures + 1;
  if (asksForRanges(mirror, state.anyKept)) return false;
  mirror.ranges = 'no';
  return true;
}

function unanswered(state: DownloadState, mirror: Mirror, ranged: boolean, what: FetchFault): Ended {
  if (mirror.ranges !== 'untried') return failed(what);
  mirror.rangeFailures = ranged ? mirror.rangeFailures + 1 : 0;
  return failed(what, ranged && !asksForRanges(mirror, state.anyKept) && what.reason === 'unreachable');
}

function rangeOf(state: DownloadState, claim: Claim | null): ByteRange {
  const { chunkBytes, chunksPerRange } = state.policy;
  const { first, count } = claim ?? { first: 0, count: chunksPerRange };
  const toByte = Math.min((first + count) * chunkBytes, state.sizeBytes ?? Infinity);
  return { fromByte: first * chunkBytes, toByte };
}

function originOf(url: string): string {
  try {
    return new URL(url).origin;
  } catch {
    return url;
  }
}
