import { retryAfterMs } from '#kernel/retry-after';
import type { ByteRange } from '#contracts/model-store';
import { fault, faultOfStatus, type FetchFault } from './fetch-fault.ts';
import type { NetHead } from './net-port.ts';

/** What was asked for, and what is known of the file. */
export interface Asked {
  /** Null for the whole. */
  readonly range: ByteRange | null;
  readonly sizeBytes: number | null;
  /** A hash says which bytes are right, of the chunks or of the whole. Without one, the head has to leave no doubt. */
  readonly proved: boolean;
  /** Of this server's earlier answers; null when there was none, or when hashes of the chunks make it needless. */
  readonly etag: string | null;
  readonly nowEpochMs: number;
}

export type Judged =
  /** Exactly these bytes follow. */
  | { readonly kind: 'part'; readonly range: ByteRange; readonly sizeBytes: number }
  /**
   * All bytes follow. `statedBytes` is their number as far as can be told: null when they are compressed, or may be without
   * that being shown.
   */
  | { readonly kind: 'whole'; readonly statedBytes: number | null }
  | {
      readonly kind: 'fault';
      readonly fault: FetchFault;
      /** Ranges are of no use with this server. */
      readonly noRanges: boolean;
    };

const refused = (what: FetchFault, noRanges = false): Judged => ({ kind: 'fault', fault: what, noRanges });

/**
 * Decides from the head of an answer what its body is, before a byte of it is read. Status, type, `Content-Range`,
 * `Content-Length` and what is known of the file have to agree (RFC 9110 §14.4, §15.3.7).
 */
export function judge(head: NetHead, asked: Asked): Judged {
  const { status } = head;
  if (status === 416) return refusedRange(head, asked);
  if (status !== 200 && status !== 206) {
    return refused(faultOfStatus(status, retryAfterMs(head.retryAfter, asked.nowEpochMs)));
  }
  // No model file is a page; portals of networks say 200 and send theirs.
  if (/^\s*text\/html\b/i.test(head.contentType ?? '')) return refused(fault('not-the-file'));
  if (asked.etag !== null && head.etag !== null && head.etag !== asked.etag) return refused(fault('changed'));
  return status === 200 ? judgeWhole(head, asked) : judgePart(head, asked);
}

/** The server says that the range lies behind the end of the file: it has another file, or does not know its own. */
function refusedRange(head: NetHead, { sizeBytes }: Asked): Judged {
  const total = /^bytes \*\/(\d{1,15})$/.exec(head.contentRange ?? '')?.[1];
  if (total !== undefined && sizeBytes !== null && Number(total) !== sizeBytes) {
    return refused(fault('other-size', { status: 416 }));
  }
  return refused(fault('wrong-range', { status: 416 }), true);
}

function judgeWhole(head: NetHead, { range, sizeBytes, proved }: Asked): Judged {
  const { contentLength } = head;
  const stated = isEncoded(head) ? null : contentLength;
  // A browser asks for no compression with a range. Without one a compressed length may stand there and its encoding be
  // hidden: then the bytes have to prove themselves.
  const isIdentity = range !== null;
  if ((isIdentity || !proved) && stated !== null && sizeBytes !== null && stated !== sizeBytes) {
    return refused(fault('other-size'));
  }
  return { kind: 'whole', statedBytes: isIdentity || !isCompressible(head) ? stated : null };
}

function judgePart(head: NetHead, { range, sizeBytes, proved }: Asked): Judged {
  if (range === null) return refused(fault('wrong-range', { status: 206 }));
  if (isEncoded(head)) return refused(fault('encoded'), true);
  if (head.contentRange === null) return judgeHiddenRange(head, range, sizeBytes, proved);
  const read = /^bytes (\d{1,15})-(\d{1,15})\/(\d{1,15}|\*)$/.exec(head.contentRange);
  if (read === null) return refused(fault('wrong-range'));
  const fromByte = Number(read[1]);
  const toByte = Number(read[2]) + 1;
  const total = read[3] === '*' ? null : Number(read[3]);
  if (total !== null && sizeBytes !== null && total !== sizeBytes) return refused(fault('other-size'));
  if (fromByte !== range.fromByte || toByte <= fromByte || toByte > range.toByte)
    return refused(fault('wrong-range'));
  if (total !== null && toByte > total) return refused(fault('wrong-range'));
  if (head.contentLength !== null && head.contentLength !== toByte - fromByte) {
    return refused(fault('wrong-range'));
  }
  const size = total ?? sizeBytes;
  return size === null
    ? refused(fault('size-unknown'), true)
    : { kind: 'part', range: { fromByte, toByte }, sizeBytes: size };
}

/**
 * `Content-Range` is not exposed: only the length tells. A server that sends another part of the same length is found out
 * by a hash alone; where there is none, the whole is asked for, which cannot be another part.
 */
function judgeHiddenRange(
  { contentLength }: NetHead,
  range: ByteRange,
  sizeBytes: number | null,
  proved: boolean,
): Judged {
  if (!proved) return refused(fault('wrong-range'), true);
  const wanted = Math.min(range.toByte, sizeBytes ?? Infinity) - range.fromByte;
  if (sizeBytes !== null) {
    return contentLength !== null && contentLength !== wanted
      ? refused(fault('wrong-range'))
      : { kind: 'part', range, sizeBytes };
  }
  // Less than was asked for from the start of the file is all of it; parts are never compressed.
  if (contentLength !== null && contentLength < wanted && range.fromByte === 0) {
    return { kind: 'part', range: { fromByte: 0, toByte: contentLength }, sizeBytes: contentLength };
  }
  return refused(fault('size-unknown'), true);
}

const isEncoded = ({ contentEncoding }: NetHead): boolean =>
  contentEncoding !== null && contentEncoding.trim().toLowerCase() !== 'identity';

/** Servers compress by type: text, not weights. */
const isCompressible = ({ contentType }: NetHead): boolean =>
  contentType === null || /^\s*text\/|json|xml|javascript|wasm/i.test(contentType);
