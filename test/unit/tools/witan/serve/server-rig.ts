import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { connect } from 'node:net';
import { systemClock } from '#kernel/clock';
import { ApiServer, type ApiServerPorts } from '../../../../../tools/witan/serve/api-server.ts';
import { TurnQueue } from '../../../../../tools/witan/serve/turn-queue.ts';
import { FakeBackend } from '../../../../fakes/serve-backend.ts';

export interface Reply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

export const QUESTION = 'What is 38 + 47?';
export const chatOf = (more: object = {}): object => ({
  model: 'witan-council',
  messages: [{ role: 'user', content: QUESTION }],
  ...more,
});

/** A server with a fake council, on a real socket. */
export class ServerRig {
  readonly backend = new FakeBackend();
  readonly lines: string[] = [];
  readonly queue: TurnQueue;
  readonly server: ApiServer;
  baseUrl = '';
  #onLine: () => void = () => undefined;

  constructor(more: Partial<ApiServerPorts> & { readonly queueLimit?: number } = {}) {
    this.queue = new TurnQueue(systemClock, more.queueLimit ?? 8);
    let ids = 0;
    this.server = new ApiServer({
      backend: this.backend,
      queue: this.queue,
      clock: systemClock,
      rules: { seed: 1, leaveOut: [] },
      newId: () => `id-${String((ids += 1))}`,
      guard: { host: '127.0.0.1', token: null, allowOrigins: [] },
      port: 0,
      log: (line) => {
        this.lines.push(line);
        this.#onLine();
      },
      ...more,
    });
  }

  async start(): Promise<this> {
    this.baseUrl = await this.server.listen();
    return this;
  }

  async stop(): Promise<void> {
    const closing = this.server.close(30_000);
    this.server.cut();
    await closing;
  }

  get port(): number {
    return Number(new URL(this.baseUrl).port);
  }

  /** Resolves when so many requests have ended. */
  logged(count: number): Promise<void> {
    return new Promise((resolve) => {
      this.#onLine = () => {
        if (this.lines.length >= count) resolve();
      };
      this.#onLine();
    });
  }

  /** One request with the headers exactly as given. */
  send(
    path: string,
    options: {
      readonly method?: string;
      readonly headers?: Readonly<Record<string, string>>;
      readonly body?: string;
    } = {},
  ): Promise<Reply> {
    const { method = 'GET', headers = {}, body } = options;
    return new Promise((resolve, reject) => {
      const sent = httpRequest(
        { host: '127.0.0.1', port: this.port, path, method, headers, agent: false },
        (response) => {
          let text = '';
          response.setEncoding('utf8');
          response.on('data', (piece: string) => (text += piece));
          response.on('end', () => {
            resolve({ status: response.statusCode ?? 0, headers: response.headers, text });
          });
          response.on('error', reject);
        },
      );
      sent.on('error', reject);
      sent.end(body);
    });
  }

  post(body: unknown, headers: Readonly<Record<string, string>> = {}): Promise<Reply> {
    return this.send('/v1/chat/completions', {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });
  }

  /** Writes bytes on a bare socket, and reads until the server hangs up. */
  raw(bytes: string): Promise<string> {
    return new Promise((resolve, reject) => {
      const socket = connect(this.port, '127.0.0.1', () => socket.write(bytes));
      let text = '';
      socket.setEncoding('utf8');
      socket.on('data', (piece) => (text += String(piece)));
      socket.on('close', () => {
        resolve(text);
      });
      socket.on('error', reject);
    });
  }
}

export function errorIn({ text }: Reply): {
  message: string;
  type: string;
  param: string | null;
  code: string;
} {
  return (JSON.parse(text) as { error: ReturnType<typeof errorIn> }).error;
}
