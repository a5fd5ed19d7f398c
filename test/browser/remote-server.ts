import { inject } from 'vitest';
import type { Act, CorsRule } from '../fakes/scripted-server.ts';
import type { ServerNews, ServerScript } from '../fakes/scripted-server-control.ts';

/** A real HTTP server of this test's own, on another origin than the page. */
export class RemoteServer {
  readonly origin: string;

  private constructor(origin: string) {
    this.origin = origin;
  }

  static async start(): Promise<RemoteServer> {
    const response = await fetch(inject('serverControl'), { method: 'POST' });
    return new RemoteServer((await response.json()) as string);
  }

  get baseUrl(): string {
    return `${this.origin}/v1`;
  }

  chat(...acts: readonly Act[]): Promise<void> {
    return this.#order({ chat: acts });
  }

  models(...acts: readonly Act[]): Promise<void> {
    return this.#order({ models: acts });
  }

  cors(cors: CorsRule): Promise<void> {
    return this.#order({ cors });
  }

  /** Cuts the line of every answer that is under way. */
  cut(): Promise<void> {
    return this.#order({ cut: true });
  }

  async seen(): Promise<ServerNews> {
    return (await (await this.#call('GET')).json()) as ServerNews;
  }

  /** Resolves when the server has nothing under way: every answer is whole, or its client has hung up. */
  async quiet(): Promise<void> {
    await this.#call('GET', { also: '&quiet=' });
  }

  async stop(): Promise<void> {
    await this.#call('DELETE');
  }

  async #order(script: ServerScript): Promise<void> {
    await this.#call('PUT', { body: JSON.stringify(script) });
  }

  async #call(method: string, { body, also = '' }: { body?: string; also?: string } = {}): Promise<Response> {
    const url = `${inject('serverControl')}/?origin=${encodeURIComponent(this.origin)}${also}`;
    const response = await fetch(url, { method, ...(body === undefined ? {} : { body }) });
    if (!response.ok) throw new Error(await response.text());
    return response;
  }
}
