import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { DriverFailure, driverFailureOf } from '../failures.ts';
import { apiError, errorBody } from './api-error.ts';
import { chat, notReady, stopping, type ChatContext, type ChatNote } from './chat-route.ts';
import { corsHeaders, Guard, preflightHeaders, type GuardOptions } from './guard.ts';
import { modelEntry, modelList } from './models-route.ts';
import { sendError, sendJson } from './send.ts';

export interface ServerTimes {
  /** For the head of a request. */
  readonly headersMs: number;
  /** For the whole request, body included. */
  readonly requestMs: number;
  /** How often these are looked at. */
  readonly checkMs: number;
}

/** A client on the same machine sends its request at once; who dawdles holds a connection that others want. */
export const SERVER_TIMES: ServerTimes = { headersMs: 10_000, requestMs: 30_000, checkMs: 1_000 };
/** Longer than clients pause between two questions: a connection that ends as one is sent is a failed question. */
const KEEP_ALIVE_MS = 65_000;
/** Each costs a few kilobytes; many more than clients on one machine need. */
const MOST_CONNECTIONS = 256;

export interface ApiServerPorts extends ChatContext {
  readonly guard: GuardOptions;
  readonly port: number;
  readonly log: (line: string) => void;
  readonly times?: ServerTimes;
}

const NOT_FOUND = apiError(
  404,
  'not_found',
  'There is no such address; see /v1/models and /v1/chat/completions.',
);

/** The council behind OpenAI's protocol. */
export class ApiServer {
  readonly #ports: ApiServerPorts;
  readonly #guard: Guard;
  readonly #server: Server;
  readonly #startedS: number;
  /** Answers under way: ended by the client's going, or when the server cannot wait for them any more. */
  readonly #running = new Set<AbortController>();
  #closing = false;
  #requests = 0;

  constructor(ports: ApiServerPorts) {
    this.#ports = ports;
    this.#guard = new Guard(ports.guard);
    this.#startedS = Math.floor(ports.clock.epochMs() / 1000);
    const times = ports.times ?? SERVER_TIMES;
    this.#server = createServer(
      {
        headersTimeout: times.headersMs,
        requestTimeout: times.requestMs,
        connectionsCheckingInterval: times.checkMs,
        keepAliveTimeout: KEEP_ALIVE_MS,
      },
      (request, response) => void this.#serve(request, response),
    );
    this.#server.maxConnections = MOST_CONNECTIONS;
    this.#server.on('clientError', (problem: NodeJS.ErrnoException, socket: Socket) => {
      refuseRaw(problem, socket);
    });
  }

  /** Requests that are being answered now. */
  get running(): number {
    return this.#running.size;
  }

  /** @returns the address, with `/v1` at its end. @throws DriverFailure port-in-use */
  listen(): Promise<string> {
    const { port, guard } = this.#ports;
    return new Promise((resolve, reject) => {
      this.#server.once('error', (problem: NodeJS.ErrnoException) => {
        const code = problem.code === 'EADDRINUSE' ? 'port-in-use' : 'internal';
        reject(new DriverFailure(code, `Cannot listen on ${guard.host} port ${port}: ${problem.message}`));
      });
      this.#server.listen(port, guard.host, () => {
        const { port: taken } = this.#server.address() as AddressInfo;
        const host = guard.host.includes(':') ? `[${guard.host}]` : guard.host;
        resolve(`http://${host}:${taken}/v1`);
      });
    });
  }

  /** Takes nobody new, lets running answers end, and cuts after `graceMs` those that have not. */
  async close(graceMs: number): Promise<void> {
    this.#closing = true;
    const closed = new Promise<void>((resolve) => {
      this.#server.close(() => {
        resolve();
      });
    });
    this.#server.closeIdleConnections();
    const cancel = this.#ports.clock.after(graceMs, () => {
      this.cut();
    });
    await closed;
    cancel();
  }

  /** Ends all that is under way. */
  cut(): void {
    for (const running of this.#running) running.abort();
    this.#server.closeAllConnections();
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { clock, log } = this.#ports;
    const startedMs = clock.nowMs();
    this.#requests += 1;
    const stop = new AbortController();
    this.#running.add(stop);
    let note: ChatNote | null = null;
    response.once('close', () => {
      this.#running.delete(stop);
      stop.abort();
    });
    const ended = new Promise<void>((resolve) => response.once('close', resolve));
    this.#setHeaders(request, response);
    try {
      note = await this.#route(stop.signal, request, response);
    } catch (thrown) {
      log(`error: ${driverFailureOf(thrown).message}`);
      if (response.headersSent) response.destroy();
      else sendError(response, apiError(500, 'internal', 'Something in Witan went wrong.'));
    }
    // Nobody reads what a refused client still sends.
    if (!request.complete) request.resume();
    await ended;
    // Its answer began before the end was near, so its client keeps the line for a next question.
    if (this.#closing) this.#server.closeIdleConnections();
    const took = Math.round(clock.nowMs() - startedMs);
    const told = note === null ? '' : ` ${note.model} ${note.note}`.trimEnd();
    const whole = response.writableFinished ? String(response.statusCode) : 'cut';
    log(`${request.method ?? '-'} ${pathOf(request)} ${whole} ${took} ms${told}`);
  }

  #setHeaders(request: IncomingMessage, response: ServerResponse): void {
    const origin = this.#guard.allowedOrigin(request.headers);
    const headers = {
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      'x-request-id': `req_${this.#ports.newId()}`,
      vary: 'Origin',
      ...corsHeaders(origin),
      ...(this.#closing ? { connection: 'close' } : {}),
    };
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  }

  async #route(
    signal: AbortSignal,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<ChatNote | null> {
    const { headers, method } = request;
    const stranger = this.#guard.refuse(headers);
    if (stranger !== null) return this.#refuse(response, stranger);
    if (method === 'OPTIONS' && this.#guard.allowedOrigin(headers) !== null) {
      response.writeHead(204, preflightHeaders(headers)).end();
      return null;
    }
    const path = pathOf(request);
    if (path === '/health') return this.#health(request, response);
    if (!this.#guard.knows(headers)) {
      sendError(response, apiError(401, 'invalid_api_key', 'The bearer token is missing or wrong.'), {
        'www-authenticate': 'Bearer',
      });
      return null;
    }
    if (path === '/v1/chat/completions') {
      if (method !== 'POST') return this.#wrongMethod(response, 'POST');
      if (this.#closing) return this.#refuse(response, stopping());
      return chat(signal, request, response, this.#ports);
    }
    if (path !== '/v1/models' && !path.startsWith('/v1/models/')) return this.#refuse(response, NOT_FOUND);
    if (method !== 'GET' && method !== 'HEAD') return this.#wrongMethod(response, 'GET, HEAD');
    const { backend } = this.#ports;
    if (backend.state !== 'ready') return this.#refuse(response, notReady(backend));
    if (path === '/v1/models') {
      sendJson(response, 200, modelList(backend.members(), this.#startedS));
      return null;
    }
    const entry = modelEntry(path.slice('/v1/models/'.length), backend.members(), this.#startedS);
    if (entry.ok) sendJson(response, 200, entry.value);
    else sendError(response, entry.error);
    return null;
  }

  /** Open to all who may call at all: it says nothing that the open port does not. */
  #health(request: IncomingMessage, response: ServerResponse): null {
    if (request.method !== 'GET' && request.method !== 'HEAD')
      return this.#wrongMethod(response, 'GET, HEAD');
    const { backend, queue } = this.#ports;
    const status = this.#closing ? 'stopping' : backend.state === 'ready' ? 'ok' : backend.state;
    const members = backend.members();
    const ready = members.filter(({ state }) => state === 'ready' || state === 'thinking').length;
    sendJson(response, status === 'ok' ? 200 : 503, {
      status,
      members: members.length,
      ready,
      running: queue.running,
      waiting: queue.waiting,
      requests: this.#requests,
    });
    return null;
  }

  #wrongMethod(response: ServerResponse, allow: string): null {
    sendError(response, apiError(405, 'method_not_allowed', `This address takes ${allow}.`), { allow });
    return null;
  }

  #refuse(response: ServerResponse, problem: Parameters<typeof sendError>[1]): null {
    sendError(response, problem);
    return null;
  }
}

/** Without the query, in which clients may put anything. */
function pathOf({ url = '/' }: IncomingMessage): string {
  return (url.split(/[?#]/, 1)[0] ?? '/').slice(0, 200);
}

/** A request that never became one: it is answered on the bare socket. */
function refuseRaw(problem: NodeJS.ErrnoException, socket: Socket): void {
  if (!socket.writable || problem.code === 'ECONNRESET') {
    socket.destroy();
    return;
  }
  const late = problem.code === 'ERR_HTTP_REQUEST_TIMEOUT';
  const large = problem.code === 'HPE_HEADER_OVERFLOW';
  const refusal = late
    ? apiError(408, 'request_timeout', 'The request took too long to come.')
    : large
      ? apiError(431, 'headers_too_large', 'The headers are too large.')
      : apiError(400, 'invalid_request', 'This is not HTTP.');
  const body = JSON.stringify(errorBody(refusal));
  const words = late ? 'Request Timeout' : large ? 'Request Header Fields Too Large' : 'Bad Request';
  socket.end(
    `HTTP/1.1 ${refusal.status} ${words}\r\nConnection: close\r\nContent-Type: application/json\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}
