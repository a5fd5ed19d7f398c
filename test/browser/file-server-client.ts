import { inject } from 'vitest';
import type { FileNews, FileScript } from '../fakes/faulty-file.ts';

/** A real HTTP server of this test's own that has a file, on another origin than the page. */
export class RemoteFile {
  readonly origin: string;

  private constructor(origin: string) {
    this.origin = origin;
  }

  static async start(script: FileScript): Promise<RemoteFile> {
    const response = await fetch(`${inject('serverControl')}/?kind=file`, { method: 'POST' });
    const remote = new RemoteFile((await response.json()) as string);
    await remote.order(script);
    return remote;
  }

  get url(): string {
    return `${this.origin}/model.gguf`;
  }

  async order(script: FileScript): Promise<void> {
    await this.#call('PUT', JSON.stringify(script));
  }

  async seen(): Promise<FileNews> {
    return (await (await this.#call('GET')).json()) as FileNews;
  }

  /** What it saw once nothing is under way any more: every answer is whole, or its client has hung up. */
  async quiet(): Promise<FileNews> {
    return (await (await this.#call('GET', undefined, '&quiet=')).json()) as FileNews;
  }

  async stop(): Promise<void> {
    await this.#call('DELETE');
  }

  async #call(method: string, body?: string, also = ''): Promise<Response> {
    const url = `${inject('serverControl')}/?origin=${encodeURIComponent(this.origin)}${also}`;
    const response = await fetch(url, { method, ...(body === undefined ? {} : { body }) });
    if (!response.ok) throw new Error(await response.text());
    return response;
  }
}
