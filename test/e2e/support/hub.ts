import { setTimeout } from 'node:timers/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ServeOptions } from '../../../tools/serve/preview.ts';
import { ONE_MODEL, oneModelCatalogue } from '../../fakes/one-model-catalogue.ts';

export const HUB_MODEL = ONE_MODEL;

const PIECE_BYTES = 64 * 1024;

/** Resolves when more may be written, or nobody listens any more. */
function written(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      response.off('drain', done).off('close', done);
      resolve();
    };
    response.on('drain', done).on('close', done);
  });
}

/** A catalogue of one model, and the hub that has its file, beside the app itself: nowhere else may the app reach. Serves ranges; counts what it sends. */
export class Hub {
  readonly #bytes: Uint8Array;
  /** First byte of each answer, in order; 0 also for the whole. */
  readonly asked: number[] = [];
  sentBytes = 0;
  /** From so many bytes on it sends nothing more, and leaves its lines open. */
  silentAfterBytes = Infinity;
  /** Milliseconds between two pieces of 64 KiB, as on a slow line. */
  pieceMs = 0;
  /** Changes an answer before it leaves. */
  spoil: (bytes: Uint8Array, fromByte: number) => Uint8Array = (bytes) => bytes;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** What the app's server gives besides the app: the catalogue, and the hub. */
  readonly handle: NonNullable<ServeOptions['besides']> = (request, response, next) => {
    const { pathname } = new URL(request.url ?? '/', 'http://localhost');
    if (pathname.endsWith('/catalogue/gguf.json')) {
      response.setHeader('Content-Type', 'application/json');
      response.end(JSON.stringify(oneModelCatalogue(this.#bytes)));
    } else if (pathname.startsWith('/hub/')) void this.#answer(request, response);
    else next();
  };

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const range = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '');
    const from = Number(range?.[1] ?? 0);
    const to = Math.min(this.#bytes.length, range?.[2] === undefined ? Infinity : Number(range[2]) + 1);
    this.asked.push(from);
    const body = this.spoil(this.#bytes.slice(from, to), from);
    response.statusCode = range === null ? 200 : 206;
    response.setHeader('Content-Type', 'application/octet-stream');
    response.setHeader('Content-Length', to - from);
    if (range !== null) response.setHeader('Content-Range', `bytes ${from}-${to - 1}/${this.#bytes.length}`);
    for (let at = 0; at < body.length && !response.destroyed; at += PIECE_BYTES) {
      // Silent, and the line stays open.
      if (this.sentBytes >= this.silentAfterBytes) return;
      const piece = body.subarray(at, at + PIECE_BYTES);
      this.sentBytes += piece.length;
      if (this.pieceMs > 0) await setTimeout(this.pieceMs);
      if (!response.write(piece)) await written(response);
    }
    response.end();
  }
}
