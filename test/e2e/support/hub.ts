import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { GgufCatalogue } from '../../../src/contracts/gguf-catalogue.ts';
import type { ServeOptions } from '../../../tools/serve/preview.ts';

export const HUB_MODEL = { id: 'tiny-q8-0', name: 'Tiny' } as const;

const PIECE_BYTES = 64 * 1024;
const SOURCED = { sources: { '*': ['test'] } };

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
      response.end(JSON.stringify(this.#catalogue()));
    } else if (pathname.startsWith('/hub/')) void this.#answer(request, response);
    else next();
  };

  #catalogue(): GgufCatalogue {
    const shape = {
      layers: null,
      heads: null,
      kvHeads: null,
      headDim: null,
      embeddingDim: null,
      feedForwardDim: null,
      vocabulary: null,
      tiedEmbeddings: null,
      attention: null,
      fullHeadDim: null,
      sharedKv: { full: 0, sliding: 0 },
    };
    return {
      schema: 'witan.gguf-catalogue',
      version: 1,
      date: '2026-11-21',
      mirrors: ['./hub/{repository}/{commit}/{file}'],
      sources: { test: { title: 'This test', url: null } },
      models: [
        {
          ...HUB_MODEL,
          tier: 'low',
          family: 'Llama',
          parameters: 1_000_000,
          quantization: 'Q8_0',
          repository: 'witan-test/tiny',
          commit: '0'.repeat(40),
          files: [
            {
              role: 'weights',
              name: 'tiny.gguf',
              bytes: this.#bytes.length,
              sha256: createHash('sha256').update(this.#bytes).digest('hex'),
            },
          ],
          contextTokens: 1024,
          licence: { spdx: 'Apache-2.0', name: 'Apache License 2.0', url: 'https://spdx.org/licenses/' },
          shape: { ...shape, ...SOURCED },
          vision: false,
          needs: [],
          sources: {},
          note: null,
        },
      ],
    };
  }

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
      if (!response.write(piece)) await written(response);
    }
    response.end();
  }
}
