import type { Clock } from '#kernel/clock';
import { err, ok, type Result } from '#kernel/result';
import type { ByteRange } from '#contracts/model-store';
import type { NetAnswer, NetBody, NetError, NetHead, NetPort } from '../../src/storage/download/net-port.ts';
import type { NetFault } from './net-fault.ts';

export interface FakeServer {
  readonly content: Uint8Array;
  /** One by one for the requests to come; null is a request that is served well. Empty: all are. */
  faults: (NetFault | null)[];
  /** What every request meets when `faults` is used up. */
  always?: NetFault | null;
  bytesPerSecond: number;
  /** Its bytes come into the memory that is lent, as from a byte stream. */
  fillsMemory?: boolean;
  /** `Content-Range` and `ETag` are not exposed to other origins. */
  hidesHeaders?: boolean;
}

export interface FakeRequest {
  readonly url: string;
  readonly range: ByteRange | null;
  readonly atMs: number;
  sentBytes: number;
}

const PAGE = new TextEncoder().encode('<!doctype html><title>Sign in</title>');
/** A request and its answer, one way each. */
const ROUND_TRIP_MS = 20;
const PIECE_BYTES = 1_000;

/** A network in memory on the clock of the test, with servers that misbehave as real ones do. */
export class FakeNet implements NetPort {
  readonly requests: FakeRequest[] = [];
  readonly servers: Readonly<Record<string, FakeServer>>;
  /** Requests and bodies that nobody has let go of. */
  open = 0;
  readonly #clock: Clock;
  readonly #waiting = new Set<() => void>();
  #isOffline = false;

  constructor(clock: Clock, servers: Readonly<Record<string, FakeServer>>) {
    this.#clock = clock;
    this.servers = servers;
  }

  get sentBytes(): number {
    return this.requests.reduce((sum, { sentBytes }) => sum + sentBytes, 0);
  }

  /** Those who wait for the network. */
  get waiting(): number {
    return this.#waiting.size;
  }

  offline(): boolean {
    return this.#isOffline;
  }

  setOffline(isOffline: boolean): void {
    this.#isOffline = isOffline;
    if (!isOffline) for (const task of [...this.#waiting]) task();
  }

  onOnline(task: () => void): () => void {
    this.#waiting.add(task);
    return () => {
      this.#waiting.delete(task);
    };
  }

  async get(signal: AbortSignal, url: string, range: ByteRange | null): Promise<Result<NetAnswer, NetError>> {
    // As `fetch` does: what stands behind `#` is sent to nobody.
    const server = this.servers[url.replace(/#.*$/s, '')];
    const request: FakeRequest = { url, range, atMs: this.#clock.nowMs(), sentBytes: 0 };
    this.requests.push(request);
    const fault = (server?.faults.length === 0 ? server.always : server?.faults.shift()) ?? null;
    if (fault?.fault === 'stall' && fault.afterBytes === null) return new Promise(() => undefined);
    await new Promise<void>((resolve) => this.#clock.after(ROUND_TRIP_MS, resolve));
    if (signal.aborted) return err({ reason: 'aborted' });
    if (server === undefined || this.#isOffline) return err({ reason: 'unreachable' });
    const answer = answerOf(server, range, fault);
    if (answer === null) return err({ reason: 'unreachable' });
    return ok({
      head: { ...answer.head, ...(server.hidesHeaders === true ? { contentRange: null, etag: null } : {}) },
      body: this.#body(signal, server, request, answer),
    });
  }

  #body(signal: AbortSignal, server: FakeServer, request: FakeRequest, answer: Answer): NetBody {
    this.open += 1;
    let at = 0;
    let isOpen = true;
    const isBroken = (): boolean => this.#isOffline;
    let hangUp = (): void => undefined;
    const wait = (ms: number): Promise<void> =>
      new Promise((resolve) => {
        const cancel = this.#clock.after(ms, resolve);
        hangUp = () => {
          cancel();
          resolve();
        };
      });
    return {
      read: async (lent) => {
        const fills = server.fillsMemory === true;
        const { byteOffset, byteLength: room } = lent;
        // As by a byte stream: whoever reads has it no more, until it comes back.
        const memory = fills ? structuredClone(lent.buffer, { transfer: [lent.buffer] }) : null;
        const atMost = Math.min(answer.pieceBytes ?? PIECE_BYTES, fills ? room : Infinity);
        const piece = answer.bytes.subarray(at, Math.min(at + atMost, answer.endsAt));
        if (piece.byteLength === 0) {
          if (answer.then === 'stall') return new Promise(() => undefined);
          return answer.then === 'cut' ? err({ reason: 'cut' }) : ok({ bytes: null, memory });
        }
        await wait(answer.pieceMs ?? (piece.byteLength * 1000) / server.bytesPerSecond);
        if (signal.aborted || !isOpen) return err({ reason: 'aborted' });
        if (isBroken()) return err({ reason: 'cut' });
        at += piece.byteLength;
        request.sentBytes += piece.byteLength;
        if (memory === null) return ok({ bytes: piece, memory });
        const bytes = new Uint8Array(memory, byteOffset, piece.byteLength);
        bytes.set(piece);
        return ok({ bytes, memory });
      },
      hangUp: () => {
        if (isOpen) this.open -= 1;
        isOpen = false;
        hangUp();
      },
    };
  }
}

interface Answer {
  readonly head: NetHead;
  readonly bytes: Uint8Array;
  readonly endsAt: number;
  readonly then: 'end' | 'cut' | 'stall';
  readonly pieceBytes?: number;
  readonly pieceMs?: number;
}

const PLAIN: NetHead = {
  status: 200,
  contentLength: null,
  contentRange: null,
  contentEncoding: null,
  contentType: 'application/octet-stream',
  etag: '"first"',
  retryAfter: null,
};

/** Null: none comes. */
function answerOf(server: FakeServer, range: ByteRange | null, fault: NetFault | null): Answer | null {
  const { content } = server;
  switch (fault?.fault) {
    case undefined:
      return served(content, range);
    case 'unreachable':
      return null;
    case 'cut':
      return { ...served(content, range), endsAt: fault.afterBytes, then: 'cut' };
    case 'short': {
      const whole = served(content, range);
      return { ...whole, head: { ...whole.head, contentLength: null }, endsAt: fault.afterBytes };
    }
    case 'stall':
      return { ...served(content, range), endsAt: fault.afterBytes ?? 0, then: 'stall' };
    case 'drip':
      return { ...served(content, range), pieceBytes: 1, pieceMs: 5_000 };
    case 'flip':
      return served(with1BitFlipped(content, fault.atByte), range);
    case 'portal':
      return plain(PAGE, {
        contentType: fault.unmarked === true ? 'application/octet-stream' : 'text/html; charset=utf-8',
      });
    case 'gzip':
      if (range !== null) return null;
      return plain(content, {
        contentLength: Math.ceil(content.byteLength / 3),
        contentEncoding: fault.hidden === true ? null : 'gzip',
        contentType: 'application/json',
      });
    case 'ignores-range':
      return served(content, null);
    case 'wrong-range':
      return range === null ? served(content, null) : wrongPart(content, range, fault.lies === true);
    case 'less':
      return range === null
        ? served(content, null)
        : served(content, { ...range, toByte: Math.min(range.toByte, range.fromByte + fault.bytes) });
    case 'unsatisfiable':
      return plain(new Uint8Array(0), {
        status: 416,
        contentRange: `bytes */${String(content.byteLength)}`,
        contentLength: 0,
      });
    case 'status':
      return plain(PAGE, {
        status: fault.status,
        contentType: 'text/html',
        retryAfter: fault.retryAfter ?? null,
      });
    case 'changed': {
      const other = served(
        content.map((byte) => byte ^ 0x55),
        range,
      );
      return { ...other, head: { ...other.head, etag: '"second"' } };
    }
    case 'too-long': {
      const right = served(content, range);
      const bytes = new Uint8Array(right.bytes.byteLength + fault.extraBytes);
      bytes.set(right.bytes);
      return { ...right, head: { ...right.head, contentLength: null }, bytes, endsAt: bytes.byteLength };
    }
    case 'other-size':
      return served(content.subarray(0, Math.floor(content.byteLength / 2)), range);
  }
}

function served(content: Uint8Array, range: ByteRange | null): Answer {
  const total = content.byteLength;
  if (range === null) return plain(content, { contentLength: total });
  if (range.fromByte >= total) {
    return plain(new Uint8Array(0), { status: 416, contentRange: `bytes */${String(total)}` });
  }
  const bytes = content.subarray(range.fromByte, range.toByte);
  const lastByte = range.fromByte + bytes.byteLength - 1;
  return plain(bytes, {
    status: 206,
    contentLength: bytes.byteLength,
    contentRange: `bytes ${String(range.fromByte)}-${String(lastByte)}/${String(total)}`,
  });
}

function plain(bytes: Uint8Array, head: Partial<NetHead>): Answer {
  return { head: { ...PLAIN, ...head }, bytes, endsAt: bytes.byteLength, then: 'end' };
}

/** The start of the file instead of what was asked for, or its end when the start was asked for. */
function wrongPart(content: Uint8Array, range: ByteRange, lies: boolean): Answer {
  const right = served(content, range);
  const length = right.bytes.byteLength;
  const fromByte = range.fromByte === 0 ? content.byteLength - length : 0;
  const wrong = served(content, { fromByte, toByte: fromByte + length });
  return lies ? { ...wrong, head: right.head } : wrong;
}

function with1BitFlipped(content: Uint8Array, atByte: number): Uint8Array {
  const bytes = content.slice();
  bytes[atByte] = (bytes[atByte] ?? 0) ^ 0x10;
  return bytes;
}
