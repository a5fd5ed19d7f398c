import type { ModelArtifact } from '#contracts/engine';
import { failure, WitanError } from '#contracts/errors';

/** What web-llm's runtime calls of a cache (tvmjs in @mlc-ai/web-llm 0.2.86, `ArtifactCache`). */
type ArtifactCache = Pick<Cache, 'match' | 'add' | 'keys' | 'delete'>;

/** The name under which a file is looked up: an address without what no server is told. */
const addressOf = (request: RequestInfo | URL): string =>
  (request instanceof Request ? request.url : String(request)).replace(/#.*$/s, '');

/** Its bytes are read past the response, which would make a stream of them: up to 1.9 times as fast (180 MB, Chromium). */
const responseOf = (file: Blob): Response =>
  Object.assign(new Response(file), { arrayBuffer: () => file.arrayBuffer() });

/**
 * Stands in for the worker's `caches`: web-llm finds there the files that the model store has proved, read where they lie,
 * and nothing else. What is missing is a failure that names it; nothing is ever fetched.
 */
export class StoredCaches {
  #files: ReadonlyMap<string, Blob> = new Map();
  readonly #cache: ArtifactCache = {
    match: (request) => {
      const file = this.#files.get(addressOf(request));
      return Promise.resolve(file === undefined ? undefined : responseOf(file));
    },
    add: (request) => {
      const file = addressOf(request).replace(/^.*\//, '');
      return Promise.reject(new WitanError(failure('model-invalid', { reason: 'no-file', file })));
    },
    keys: () => Promise.resolve([...this.#files.keys()].map((url) => new Request(url))),
    // The store's files are the store's to delete.
    delete: () => Promise.resolve(false),
  };

  /** Puts it in the place of this worker's `caches`. */
  static install(): StoredCaches {
    const stored = new StoredCaches();
    Object.defineProperty(globalThis, 'caches', { value: stored, configurable: true });
    return stored;
  }

  /** From now on these are all files there are. */
  serve(files: readonly ModelArtifact[]): void {
    this.#files = new Map(files.map(({ url, file }) => [addressOf(url), file]));
  }

  /** All names mean the same files. */
  open(_name: string): Promise<ArtifactCache> {
    return Promise.resolve(this.#cache);
  }
}
