import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { delta, modelList, sse } from './chat-wire.ts';

/** What the server does with one request. */
export type Act =
  /** An answer as these servers stream it: one event per token, then the reason of the end, usage and [DONE]. */
  | {
      readonly act: 'answer';
      readonly tokens: readonly string[];
      readonly finish?: string;
      /** False: the stream ends without [DONE]. */
      readonly done?: boolean;
      /** False: the stream stays open after the last event. */
      readonly close?: boolean;
      readonly usage?: { readonly prompt_tokens: number; readonly completion_tokens: number };
    }
  /** This status with this body; text is HTML, anything else JSON. */
  | {
      readonly act: 'status';
      readonly status: number;
      readonly body: unknown;
      readonly headers?: Readonly<Record<string, string>>;
    }
  /** Exactly these pieces, each in a packet of its own, then: close, keep open, or cut the line. */
  | {
      readonly act: 'raw';
      readonly pieces: readonly (string | Uint8Array)[];
      readonly then: 'close' | 'open' | 'cut';
      readonly type?: string;
    }
  /** Takes the request and never says a word. */
  | { readonly act: 'silent' }
  /** Hangs up before anything was said. */
  | { readonly act: 'hang-up' }
  /** Streams one line without an end until the client is gone. */
  | { readonly act: 'endless' }
  /** Streams tokens without an end, one every so many milliseconds, until the client is gone. */
  | { readonly act: 'drip'; readonly token: string; readonly everyMs: number }
  /** Does nothing for a while, then this. */
  | { readonly act: 'later'; readonly afterMs: number; readonly then: Act };

/**
 * What pages of other origins may do. open: all, and read `Retry-After` · hidden: all but that · no-preflight: only
 * requests that need no leave (a GET without a key) · none: nothing.
 */
export type CorsRule = 'open' | 'hidden' | 'no-preflight' | 'none';

export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/** A real HTTP server on the loopback that plays a script of faults, request by request; the last act repeats. */
export class ScriptedServer {
  readonly requests: SeenRequest[] = [];
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #open = new Set<ServerResponse>();
  cors: CorsRule = 'open';
  #chat: Act[] = [{ act: 'answer', tokens: ['ok'] }];
  #models: Act[] = [{ act: 'status', status: 200, body: modelList('tiny') }];

  private constructor() {
    this.#server = createServer((request, response) => {
      this.#serve(request, response).catch(() => response.destroy());
    });
    this.#server.on('connection', (socket) => {
      socket.setNoDelay(true);
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
    });
  }

  static async start(): Promise<ScriptedServer> {
    const scripted = new ScriptedServer();
    await new Promise<void>((resolve) => scripted.#server.listen(0, '127.0.0.1', resolve));
    return scripted;
  }

  get origin(): string {
    return `http://127.0.0.1:${String((this.#server.address() as AddressInfo).port)}`;
  }

  get baseUrl(): string {
    return `${this.origin}/v1`;
  }

  /** Answers that are still being streamed, or never will be. */
  get open(): number {
    return this.#open.size;
  }

  chat(...acts: readonly Act[]): void {
    this.#chat = [...acts];
  }

  models(...acts: readonly Act[]): void {
    this.#models = [...acts];
  }

  /** Requests to the chat endpoint, oldest first. */
  get chats(): readonly SeenRequest[] {
    return this.requests.filter(({ path }) => path.endsWith('/chat/completions'));
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  /** Cuts the line of every answer that is under way. */
  cut(): void {
    for (const response of this.#open) response.socket?.destroy();
  }

  /** Resolves when no answer is under way any more. */
  async quiet(): Promise<void> {
    while (this.#open.size > 0) await Promise.all([...this.#open].map((response) => once(response, 'close')));
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    for (const [name, value] of corsHeaders(this.cors)) response.setHeader(name, value);
    if (request.method === 'OPTIONS') {
      response.writeHead(this.cors === 'no-preflight' ? 405 : 204).end();
      return;
    }
    const pieces: Buffer[] = [];
    for await (const piece of request) pieces.push(piece as Buffer);
    const path = request.url ?? '';
    const { method = '', headers } = request;
    this.requests.push({ method, path, headers, body: Buffer.concat(pieces).toString() });
    if (response.destroyed) return; // its client hung up while the request was read: no event will tell of it any more
    this.#open.add(response);
    response.on('close', () => this.#open.delete(response));
    const script = path.endsWith('/models') ? this.#models : this.#chat;
    const act = script.length > 1 ? script.shift() : script[0];
    if (act !== undefined) await this.#play(act, response);
  }

  async #play(act: Act, response: ServerResponse): Promise<void> {
    switch (act.act) {
      case 'silent':
        return;
      case 'hang-up':
        response.socket?.destroy();
        return;
      case 'status': {
        const text = typeof act.body === 'string' ? act.body : JSON.stringify(act.body);
        const type = typeof act.body === 'string' ? 'text/html' : 'application/json';
        response.writeHead(act.status, { 'content-type': type, ...act.headers });
        response.end(text);
        return;
      }
      case 'answer':
        await this.#write(response, answerPieces(act));
        if (act.close !== false) response.end();
        return;
      case 'raw':
        await this.#write(response, act.pieces, act.type);
        if (act.then === 'close') response.end();
        if (act.then === 'cut') response.socket?.destroy();
        return;
      case 'endless':
        await this.#write(response, ['data: ']);
        while (!response.destroyed) await sent(response, 'x'.repeat(65_536));
        return;
      case 'drip':
        await this.#write(response, []);
        while (!response.destroyed) {
          await sent(response, delta(act.token));
          await sleep(act.everyMs, undefined, { ref: false });
        }
        return;
      case 'later':
        await sleep(act.afterMs, undefined, { ref: false }); // a test that is over does not wait for it
        await this.#play(act.then, response);
        return;
    }
  }

  async #write(
    response: ServerResponse,
    pieces: readonly (string | Uint8Array)[],
    type = 'text/event-stream',
  ): Promise<void> {
    response.writeHead(200, { 'content-type': type });
    response.flushHeaders();
    for (const piece of pieces) await sent(response, piece);
  }
}

function corsHeaders(rule: CorsRule): readonly (readonly [string, string])[] {
  if (rule === 'none') return [];
  const origin = ['access-control-allow-origin', '*'] as const;
  const leave = ['access-control-allow-headers', 'authorization, content-type'] as const;
  if (rule === 'no-preflight') return [origin];
  return rule === 'hidden'
    ? [origin, leave]
    : [origin, leave, ['access-control-expose-headers', 'retry-after']];
}

function answerPieces(act: Extract<Act, { act: 'answer' }>): readonly string[] {
  const usage = act.usage ?? { prompt_tokens: 7, completion_tokens: act.tokens.length };
  return [
    ...act.tokens.map((token) => delta(token)),
    sse({ choices: [{ index: 0, delta: {}, finish_reason: act.finish ?? 'stop' }] }),
    sse({ choices: [], usage }),
    ...(act.done === false ? [] : [sse('[DONE]')]),
  ];
}

/** Written and handed to the network: the next piece travels in a packet of its own. */
function sent(response: ServerResponse, piece: string | Uint8Array): Promise<void> {
  return new Promise((resolve) => {
    if (response.destroyed) resolve();
    else response.write(piece, () => setImmediate(resolve));
  });
}
