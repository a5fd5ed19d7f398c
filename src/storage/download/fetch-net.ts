import { err, ok, type Result } from '#kernel/result';
import type { ByteRange } from '#contracts/model-store';
import type { NetAnswer, NetBody, NetError, NetHead, NetPiece, NetPort } from './net-port.ts';

export type FetchLike = (url: string, init: RequestInit) => Promise<Response>;

/** The part of a worker's global scope that knows of the network. */
export interface OnlineScope {
  readonly navigator: { readonly onLine: boolean };
  addEventListener(type: 'online', task: () => void): void;
  removeEventListener(type: 'online', task: () => void): void;
}

/**
 * The network through `fetch`. The only header set is `Range: bytes=N-M`, which needs no preflight across origins (Fetch
 * §2.2.2, "CORS-safelisted request-header"); suffix ranges and `If-Range` would. Redirects are followed: model hosts send
 * to their storage. Nothing goes to the HTTP cache: the store keeps the bytes, once.
 */
export class FetchNet implements NetPort {
  readonly #fetch: FetchLike;
  readonly #scope: OnlineScope;

  constructor(fetchLike: FetchLike, scope: OnlineScope) {
    this.#fetch = fetchLike;
    this.#scope = scope;
  }

  async get(signal: AbortSignal, url: string, range: ByteRange | null): Promise<Result<NetAnswer, NetError>> {
    try {
      const response = await this.#fetch(url, {
        method: 'GET',
        headers:
          range === null ? {} : { range: `bytes=${String(range.fromByte)}-${String(range.toByte - 1)}` },
        signal,
        mode: 'cors',
        credentials: 'omit',
        referrerPolicy: 'no-referrer',
        cache: 'no-store',
      });
      return ok({ head: headOf(response), body: bodyOf(signal, response) });
    } catch (cause) {
      return err({ reason: signal.aborted ? 'aborted' : 'unreachable', cause });
    }
  }

  offline(): boolean {
    return !this.#scope.navigator.onLine;
  }

  onOnline(task: () => void): () => void {
    this.#scope.addEventListener('online', task);
    return () => {
      this.#scope.removeEventListener('online', task);
    };
  }
}

function headOf({ status, headers }: Response): NetHead {
  const length = headers.get('content-length') ?? '';
  return {
    status,
    contentLength: /^\d{1,15}$/.test(length) ? Number(length) : null,
    contentRange: headers.get('content-range'),
    contentEncoding: headers.get('content-encoding'),
    contentType: headers.get('content-type'),
    etag: headers.get('etag'),
    retryAfter: headers.get('retry-after'),
  };
}

function bodyOf(signal: AbortSignal, response: Response): NetBody {
  const reader = readerOf(response.body);
  return {
    read: async (lent) => {
      try {
        return ok((await reader?.read(lent)) ?? { bytes: null, memory: null });
      } catch (cause) {
        return err({ reason: signal.aborted ? 'aborted' : 'cut', cause });
      }
    },
    hangUp: () => {
      reader?.cancel().catch(() => undefined);
    },
  };
}

interface PieceReader {
  read(lent: Uint8Array<ArrayBuffer>): Promise<NetPiece>;
  cancel(): Promise<void>;
}

/**
 * Where a body is a byte stream, its bytes come into the memory that is lent (Streams §4.3, "BYOB readers"): of 256 MB
 * that came in pieces of their own, as many were still there at the end of a download (measured in Chromium).
 */
function readerOf(body: ReadableStream<Uint8Array<ArrayBuffer>> | null): PieceReader | null {
  if (body === null) return null;
  try {
    const reader = body.getReader({ mode: 'byob' });
    return {
      read: async (lent) => {
        const { done, value } = await reader.read(lent);
        return { bytes: done ? null : value, memory: value?.buffer ?? null };
      },
      cancel: () => reader.cancel(),
    };
  } catch {
    const reader = body.getReader();
    return {
      read: async () => {
        const { done, value } = await reader.read();
        return { bytes: done ? null : value, memory: null };
      },
      cancel: () => reader.cancel(),
    };
  }
}
