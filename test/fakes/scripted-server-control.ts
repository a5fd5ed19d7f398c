import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { FileScript } from './faulty-file.ts';
import { FileServer } from './file-server.ts';
import { ScriptedServer, type Act, type CorsRule, type SeenRequest } from './scripted-server.ts';

/** What a page orders: a script for a server of its own. */
export interface ServerScript {
  readonly chat?: readonly Act[];
  readonly models?: readonly Act[];
  readonly cors?: CorsRule;
  /** Cuts the line of every answer that is under way. */
  readonly cut?: true;
}

export interface ServerNews {
  readonly requests: readonly SeenRequest[];
  /** Answers that are still being streamed, or never will be. */
  readonly open: number;
}

/**
 * Lets a page have scripted servers, which only Node can run: `POST /` starts one and tells its origin
 * (`?kind=file`: a server that has a file, see `FileServer`); at
 * `/?origin=…`, `PUT` gives it a script, `GET` tells what it saw, `GET` with `quiet=` waits until nothing is under way,
 * `DELETE` stops it.
 */
export class ScriptedServerControl {
  readonly #servers = new Map<string, ScriptedServer | FileServer>();
  readonly #server: Server;

  private constructor() {
    this.#server = createServer((request, response) => {
      response.setHeader('access-control-allow-origin', '*');
      response.setHeader('access-control-allow-methods', 'GET, POST, PUT, DELETE');
      response.setHeader('access-control-allow-headers', 'content-type');
      this.#answer(request).then(
        (told) => response.end(JSON.stringify(told ?? null)),
        (thrown: unknown) => response.writeHead(500).end(String(thrown)),
      );
    });
  }

  static async start(): Promise<ScriptedServerControl> {
    const control = new ScriptedServerControl();
    await new Promise<void>((resolve) => control.#server.listen(0, '127.0.0.1', resolve));
    return control;
  }

  get origin(): string {
    return `http://127.0.0.1:${String((this.#server.address() as AddressInfo).port)}`;
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#servers.values()].map((server) => server.stop()));
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #answer(request: IncomingMessage): Promise<unknown> {
    const { searchParams } = new URL(request.url ?? '/', this.origin);
    if (request.method === 'OPTIONS') return null;
    if (request.method === 'POST') {
      const server = await (searchParams.get('kind') === 'file' ? FileServer : ScriptedServer).start();
      this.#servers.set(server.origin, server);
      return server.origin;
    }
    const origin = searchParams.get('origin') ?? '';
    const server = this.#servers.get(origin);
    if (server === undefined) throw new Error(`no server ${origin}`);
    if (request.method === 'DELETE') {
      this.#servers.delete(origin);
      return server.stop();
    }
    if (request.method === 'PUT') return obey(server, await scriptOf(request));
    if (searchParams.has('quiet')) await server.quiet();
    return server instanceof FileServer
      ? server.news()
      : ({ requests: server.requests, open: server.open } satisfies ServerNews);
  }
}

async function scriptOf(request: IncomingMessage): Promise<ServerScript & FileScript> {
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece as Buffer);
  return JSON.parse(Buffer.concat(pieces).toString()) as ServerScript & FileScript;
}

function obey(server: ScriptedServer | FileServer, script: ServerScript & FileScript): null {
  if (server instanceof FileServer) {
    server.obey(script);
    return null;
  }
  const { chat, models, cors, cut } = script;
  if (chat !== undefined) server.chat(...chat);
  if (models !== undefined) server.models(...models);
  if (cors !== undefined) server.cors = cors;
  if (cut === true) server.cut();
  return null;
}
