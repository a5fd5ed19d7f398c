import { createServer, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { FaultyFile } from './faulty-file.ts';

/** A real HTTP server on the loopback that has one file and serves it with one fault after the other. */
export class FileServer extends FaultyFile {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor() {
    super();
    this.#server = createServer(this.serve);
    this.#server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
    });
  }

  static async start(): Promise<FileServer> {
    const started = new FileServer();
    await new Promise<void>((resolve) => started.#server.listen(0, '127.0.0.1', resolve));
    return started;
  }

  get origin(): string {
    return `http://127.0.0.1:${String((this.#server.address() as AddressInfo).port)}`;
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
