import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/**
 * A proxy for everything that is not this machine. Chromium reaches loopback addresses directly, so whatever arrives
 * here, from a page, a worker, the service worker or the browser itself, was meant for a foreign host. It is noted and
 * refused.
 */
export class ForeignRecorder {
  /** `METHOD target` of each request, in order. */
  readonly seen: string[] = [];
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
    server.on('connect', (request, socket) => {
      this.seen.push(`CONNECT ${request.url ?? ''}`);
      socket.end('HTTP/1.1 403 Forbidden\r\n\r\n');
    });
    server.on('request', (request, response) => {
      this.seen.push(`${request.method ?? ''} ${request.url ?? ''}`);
      response.writeHead(403).end();
    });
  }

  static async start(): Promise<ForeignRecorder> {
    const server = createServer();
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    return new ForeignRecorder(server);
  }

  /** Sends the traffic of a browser here. */
  get flag(): string {
    const { port } = this.#server.address() as AddressInfo;
    return `--proxy-server=http://127.0.0.1:${port}`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
