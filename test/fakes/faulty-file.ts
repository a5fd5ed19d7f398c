import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import type { NetFault } from './net-fault.ts';
import { seededBytes } from './seeded-bytes.ts';

/** What a page orders of a file server. */
export interface FileScript {
  /** The file at `/model.gguf`: `seededBytes(sizeBytes, seed)`. */
  readonly sizeBytes?: number;
  readonly seed?: number;
  /** One by one for the requests to come; null is a request that is served well. */
  readonly faults?: readonly (NetFault | null)[];
  /** What every request meets when `faults` is used up. */
  readonly always?: NetFault | null;
  /** False: pages of other origins see neither `Content-Range` nor `ETag`, `Content-Encoding` or `Retry-After`. */
  readonly exposes?: boolean;
  /** Null: as fast as it goes. */
  readonly bytesPerSecond?: number | null;
}

export interface SeenFetch {
  readonly method: string;
  /** `Range` as it came. */
  readonly range: string | null;
  readonly headers: IncomingMessage['headers'];
  /** Of the body, as handed to the network. */
  sentBytes: number;
}

export interface FileNews {
  readonly requests: readonly SeenFetch[];
  /** Answers that are still being sent, or never will be. */
  readonly open: number;
}

const PAGE = Buffer.from('<!doctype html><title>Sign in</title>');
const PIECE_BYTES = 65_536;

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly bytes: Uint8Array;
  /** After the bytes. */
  readonly then?: 'cut' | 'stall';
}

/** One file, served with one fault after the other; what a server of its own, or one of something else, answers with. */
export class FaultyFile {
  readonly requests: SeenFetch[] = [];
  readonly #open = new Set<ServerResponse>();
  #file = seededBytes(0, 0);
  #faults: (NetFault | null)[] = [];
  #always: NetFault | null = null;
  #exposes = true;
  #bytesPerSecond: number | null = null;

  /** The file as it should arrive. */
  get bytes(): Uint8Array<ArrayBuffer> {
    return this.#file;
  }

  /** Of all bodies since the last file, as handed to the network. */
  get sentBytes(): number {
    return this.requests.reduce((sum, { sentBytes }) => sum + sentBytes, 0);
  }

  /** Forgets the requests seen so far when it gets another file. */
  obey({ sizeBytes, seed = 1, faults, always, exposes, bytesPerSecond }: FileScript): void {
    if (sizeBytes !== undefined) {
      this.#file = seededBytes(sizeBytes, seed);
      this.requests.length = 0;
    }
    if (faults !== undefined) this.#faults = [...faults];
    if (always !== undefined) this.#always = always;
    if (exposes !== undefined) this.#exposes = exposes;
    if (bytesPerSecond !== undefined) this.#bytesPerSecond = bytesPerSecond;
  }

  news(): FileNews {
    return { requests: this.requests, open: this.#open.size };
  }

  /** Resolves when no answer is under way any more. */
  async quiet(): Promise<void> {
    while (this.#open.size > 0) await Promise.all([...this.#open].map((response) => once(response, 'close')));
  }

  /** Answers one request. */
  readonly serve = (request: IncomingMessage, response: ServerResponse): void => {
    this.#serve(request, response).catch(() => response.destroy());
  };

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '', headers } = request;
    const range = headers.range ?? null;
    const seen: SeenFetch = { method, range, headers, sentBytes: 0 };
    this.requests.push(seen);
    if (method !== 'GET') {
      response.writeHead(405).end(); // a preflight is refused, and seen by the test
      return;
    }
    this.#open.add(response);
    response.on('close', () => this.#open.delete(response));
    const fault = (this.#faults.length > 0 ? this.#faults.shift() : this.#always) ?? null;
    if (fault?.fault === 'unreachable') return void response.socket?.destroy();
    if (fault?.fault === 'stall' && fault.afterBytes === null) return;
    const answer = answerOf(this.#file, partOf(range, this.#file.byteLength), fault);
    // Without it and without a length, the end of the connection is that of the body, as in HTTP/1.0.
    response.useChunkedEncodingByDefault = answer.headers['connection'] !== 'close';
    response.writeHead(answer.status, {
      'access-control-allow-origin': '*',
      ...(this.#exposes
        ? { 'access-control-expose-headers': 'content-range, etag, content-encoding, retry-after' }
        : {}),
      'content-type': 'application/octet-stream',
      etag: '"first"',
      ...answer.headers,
    });
    response.flushHeaders();
    await this.#send(response, seen, answer.bytes, fault?.fault === 'drip');
    if (answer.then === 'cut') response.socket?.destroy();
    else if (answer.then === undefined) response.end();
  }

  async #send(response: ServerResponse, seen: SeenFetch, bytes: Uint8Array, drips: boolean): Promise<void> {
    const step = drips ? 1 : PIECE_BYTES;
    for (let at = 0; at < bytes.byteLength && !response.destroyed; at += step) {
      const piece = bytes.subarray(at, at + step);
      await new Promise<void>((resolve) => {
        response.once('close', resolve);
        response.write(piece, () => {
          response.off('close', resolve);
          resolve();
        });
      });
      seen.sentBytes += piece.byteLength;
      const speed = drips ? 20 : this.#bytesPerSecond;
      if (speed !== null) await sleep((piece.byteLength * 1000) / speed, undefined, { ref: false });
    }
  }
}

interface Part {
  readonly fromByte: number;
  readonly toByte: number;
}

/** `bytes=N-M`, the only form that the downloader may send. */
function partOf(range: string | null, total: number): Part | null {
  const read = /^bytes=(\d+)-(\d+)$/.exec(range ?? '');
  return read === null ? null : { fromByte: Number(read[1]), toByte: Math.min(Number(read[2]) + 1, total) };
}

function served(file: Uint8Array, part: Part | null): Answer {
  const total = String(file.byteLength);
  if (part === null) return { status: 200, headers: { 'content-length': total }, bytes: file };
  if (part.fromByte >= file.byteLength) return unsatisfiable(file);
  const bytes = file.subarray(part.fromByte, part.toByte);
  const range = `bytes ${String(part.fromByte)}-${String(part.fromByte + bytes.byteLength - 1)}/${total}`;
  return {
    status: 206,
    headers: { 'content-length': String(bytes.byteLength), 'content-range': range },
    bytes,
  };
}

const unsatisfiable = (file: Uint8Array): Answer => ({
  status: 416,
  headers: { 'content-range': `bytes */${String(file.byteLength)}` },
  bytes: new Uint8Array(0),
});

/** The same without `Content-Length`: its end is that of the connection. */
function unmeasured(answer: Answer): Answer {
  const { 'content-length': _, ...headers } = answer.headers;
  return { ...answer, headers: { ...headers, connection: 'close' } };
}

function answerOf(file: Uint8Array, part: Part | null, fault: NetFault | null): Answer {
  const right = served(file, part);
  switch (fault?.fault) {
    case undefined:
    case 'unreachable':
    case 'drip':
      return right;
    case 'cut':
      return { ...right, bytes: right.bytes.subarray(0, fault.afterBytes), then: 'cut' };
    case 'stall':
      return { ...right, bytes: right.bytes.subarray(0, fault.afterBytes ?? 0), then: 'stall' };
    case 'short':
      return unmeasured({ ...right, bytes: right.bytes.subarray(0, fault.afterBytes) });
    case 'flip': {
      const bytes = file.slice();
      bytes[fault.atByte] = (bytes[fault.atByte] ?? 0) ^ 0x10;
      return served(bytes, part);
    }
    case 'portal':
      return {
        status: 200,
        headers: fault.unmarked === true ? {} : { 'content-type': 'text/html; charset=utf-8' },
        bytes: PAGE,
      };
    case 'gzip': {
      const bytes = gzipSync(right.bytes, { level: 1 });
      const length = { 'content-length': String(bytes.byteLength), 'content-encoding': 'gzip' };
      return { ...right, headers: { ...right.headers, ...length }, bytes };
    }
    case 'ignores-range':
      return served(file, null);
    case 'wrong-range': {
      if (part === null) return right;
      const length = right.bytes.byteLength;
      const fromByte = part.fromByte === 0 ? file.byteLength - length : 0;
      const wrong = served(file, { fromByte, toByte: fromByte + length });
      return fault.lies === true ? { ...wrong, headers: right.headers } : wrong;
    }
    case 'less':
      return part === null
        ? right
        : served(file, { ...part, toByte: Math.min(part.toByte, part.fromByte + fault.bytes) });
    case 'unsatisfiable':
      return unsatisfiable(file);
    case 'status': {
      const rest = fault.retryAfter === undefined ? {} : { 'retry-after': fault.retryAfter };
      return { status: fault.status, headers: { 'content-type': 'text/html', ...rest }, bytes: PAGE };
    }
    case 'changed': {
      const other = served(
        file.map((byte) => byte ^ 0x55),
        part,
      );
      return { ...other, headers: { ...other.headers, etag: '"second"' } };
    }
    case 'too-long': {
      const bytes = new Uint8Array(right.bytes.byteLength + fault.extraBytes);
      bytes.set(right.bytes);
      return unmeasured({ ...right, bytes });
    }
    case 'other-size':
      return served(file.subarray(0, Math.floor(file.byteLength / 2)), part);
  }
}
