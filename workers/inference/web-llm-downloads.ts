import type { LoadProgress } from '#contracts/engine';
import { failure, WitanError } from '#contracts/errors';

/** The part of the Cache API that web-llm uses of a cache, and `put`, with which `add` is made here. */
export type DownloadCache = Pick<Cache, 'match' | 'add' | 'put' | 'keys' | 'delete'>;
export interface DownloadCaches {
  open(name: string): Promise<DownloadCache>;
}

/** A file of weights: where it is, and how long. */
export interface Shard {
  readonly url: string;
  readonly bytes: number;
}

/** For whom files are fetched just now. */
interface Follower {
  readonly model: string;
  readonly sizes: ReadonlyMap<string, number>;
  readonly totalBytes: number;
  readonly onProgress: (progress: LoadProgress) => void;
  doneBytes: number;
}

/**
 * Stands in for the worker's `caches`, so that web-llm's downloads, which it leaves to `Cache.add`, can be watched: bytes
 * are counted as they come, a shard that is not as long as the list of tensors says is refused before it is kept, a server's
 * refusal keeps its status, and the browser's HTTP cache keeps no second copy.
 */
export class WebLlmDownloads implements DownloadCaches {
  readonly #storage: DownloadCaches;
  #follower: Follower | null = null;

  constructor(storage: DownloadCaches) {
    this.#storage = storage;
  }

  /** Puts it in the place of this worker's `caches`; null where there are none (then there is no WebGPU either). */
  static install(): WebLlmDownloads | null {
    if (!('caches' in globalThis)) return null;
    const downloads = new WebLlmDownloads(caches);
    Object.defineProperty(globalThis, 'caches', { value: downloads, configurable: true });
    return downloads;
  }

  async open(name: string): Promise<DownloadCache> {
    const cache = await this.#storage.open(name);
    return {
      match: (request, options) => cache.match(request, options),
      keys: (request, options) => cache.keys(request, options),
      delete: (request, options) => cache.delete(request, options),
      put: (request, response) => cache.put(request, response),
      add: (request) => this.#add(cache, new Request(request)),
    };
  }

  /**
   * From now on what is fetched belongs to this model, until the function it returns is called.
   * @param shards of the model
   * @param kept addresses of what need not be fetched
   */
  follow(
    model: string,
    shards: readonly Shard[],
    kept: ReadonlySet<string>,
    onProgress: (progress: LoadProgress) => void,
  ): () => void {
    const bytesOf = (some: readonly Shard[]): number => some.reduce((sum, { bytes }) => sum + bytes, 0);
    const follower: Follower = {
      model,
      sizes: new Map(shards.map(({ url, bytes }) => [url, bytes])),
      totalBytes: bytesOf(shards),
      doneBytes: bytesOf(shards.filter(({ url }) => kept.has(url))),
      onProgress,
    };
    this.#follower = follower;
    return () => {
      if (this.#follower === follower) this.#follower = null;
    };
  }

  async #add(cache: DownloadCache, request: Request): Promise<void> {
    const follower = this.#follower;
    const size = follower?.sizes.get(request.url) ?? null;
    const named = follower === null ? {} : { model: follower.model };
    const file = new URL(request.url).pathname.replace(/^.*\//, '');
    const response = await fetch(new Request(request, { cache: 'no-store' }));
    if (!response.ok || response.body === null)
      throw new WitanError(failure('model-fetch-failed', { ...named, file, status: response.status }));
    const reader = response.body.getReader();
    let bytes = 0;
    let broke: unknown = null;
    const counted = new ReadableStream<Uint8Array<ArrayBuffer>>({
      pull: async (out) => {
        try {
          const read = await reader.read();
          if (read.done) {
            if (size !== null && bytes !== size) throw wrongSize(named, file, size, bytes);
            out.close();
            return;
          }
          bytes += read.value.byteLength;
          if (size !== null && bytes > size) throw wrongSize(named, file, size, bytes);
          report(follower, size === null ? 0 : read.value.byteLength);
          out.enqueue(read.value);
        } catch (thrown) {
          broke =
            request.signal.aborted || thrown instanceof WitanError ? thrown : cutOff(named, file, thrown);
          out.error(broke);
          void reader.cancel().catch(() => undefined);
        }
      },
      cancel: (reason) => reader.cancel(reason),
    });
    try {
      await cache.put(request, new Response(counted, { headers: headersOf(response) }));
    } catch (thrown) {
      if (request.signal.aborted) throw new DOMException('The download was given up.', 'AbortError');
      // What the store says of a stream that broke is not why it broke.
      throw broke ?? thrown;
    }
  }
}

type Named = Readonly<Record<string, string>>;

const wrongSize = (named: Named, file: string, expectedBytes: number, bytes: number): WitanError =>
  new WitanError(failure('model-invalid', { ...named, reason: 'shard', file, expectedBytes, bytes }));

const cutOff = (named: Named, file: string, thrown: unknown): WitanError =>
  new WitanError(failure('model-fetch-failed', { ...named, file, reason: 'cut' }, thrown));

function headersOf(response: Response): Record<string, string> {
  const type = response.headers.get('content-type');
  return type === null ? {} : { 'content-type': type };
}

/** Files of no known size count for nothing, but say that the line is alive. */
function report(follower: Follower | null, bytes: number): void {
  if (follower === null) return;
  follower.doneBytes += bytes;
  const { doneBytes, totalBytes } = follower;
  const fraction = totalBytes === 0 ? 0 : Math.min(1, doneBytes / totalBytes);
  follower.onProgress({ phase: 'fetch', fraction, bytes: doneBytes });
}
