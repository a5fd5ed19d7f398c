import type { Result } from '#kernel/result';
import type { ByteRange } from '#contracts/model-store';

/** The head of an answer. What the server does not expose to pages of other origins is null, as if it were not there. */
export interface NetHead {
  readonly status: number;
  /** Of the body as it travels: compressed where `contentEncoding` says so, or would say so if it were exposed. */
  readonly contentLength: number | null;
  readonly contentRange: string | null;
  readonly contentEncoding: string | null;
  readonly contentType: string | null;
  readonly etag: string | null;
  readonly retryAfter: string | null;
}

/** `unreachable`: there was no answer. `cut`: the line broke amid the body. `aborted`: by the signal. */
export type NetError = { readonly reason: 'unreachable' | 'cut' | 'aborted'; readonly cause?: unknown };

/** Some bytes of a body, or its end. */
export interface NetPiece {
  /** Null at the end, which proves nothing: a body may end early and look whole. */
  readonly bytes: Uint8Array | null;
  /**
   * The memory that was lent, another object now; the bytes lie in it, at the place that was lent. Null: they lie
   * elsewhere, and what was lent is as it was, or lost when the body was let go of.
   */
  readonly memory: ArrayBuffer | null;
}

export interface NetBody {
  /**
   * The next bytes, as many as came.
   * @param lent room for them, at least a byte: its memory may be taken away (then its length is 0) until this settles,
   *   and for good when this fails
   */
  read(lent: Uint8Array<ArrayBuffer>): Promise<Result<NetPiece, NetError>>;
  /** Lets go of what was not read, and of the connection. May be called at any time, more than once. */
  hangUp(): void;
}

export interface NetAnswer {
  readonly head: NetHead;
  readonly body: NetBody;
}

/** The network as a downloader needs it. Nothing here rejects. */
export interface NetPort {
  /**
   * One GET, of the whole or of one range. Nothing of the user travels along: no cookies, no referrer.
   * @param range null for the whole
   */
  get(signal: AbortSignal, url: string, range: ByteRange | null): Promise<Result<NetAnswer, NetError>>;
  /** True when the device says that it has no network. False proves nothing. */
  offline(): boolean;
  /** Calls `task` when the device says that it has a network again. @returns what stops that */
  onOnline(task: () => void): () => void;
}
