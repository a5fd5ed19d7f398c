import { WEB_LLM_CACHES } from '#contracts/catalogue';

/** Files that earlier visits left in the caches of web-llm, by their addresses. */
export interface EarlierFiles {
  /** Null: it is not there, or cannot be read. Never rejects. */
  find(url: string): Promise<Blob | null>;
  /** Never rejects. */
  forget(url: string): Promise<void>;
}

/** Looks into the browser's Cache API, where web-llm kept its files before the model store did. */
export class CachedEarlier implements EarlierFiles {
  readonly #caches: CacheStorage | null;

  /** @param caches null where the browser has none */
  constructor(caches: CacheStorage | null) {
    this.#caches = caches;
  }

  async find(url: string): Promise<Blob | null> {
    for (const name of Object.values(WEB_LLM_CACHES)) {
      try {
        // `open` would make a cache where there is none.
        if ((await this.#caches?.has(name)) !== true) continue;
        const kept = await (await this.#caches?.open(name))?.match(url);
        if (kept?.ok === true) return await kept.blob();
      } catch {
        // What cannot be read is fetched, like what is not there.
      }
    }
    return null;
  }

  async forget(url: string): Promise<void> {
    for (const name of Object.values(WEB_LLM_CACHES)) {
      try {
        if ((await this.#caches?.has(name)) === true) await (await this.#caches?.open(name))?.delete(url);
      } catch {
        // It stays, and does no harm but for its room.
      }
    }
  }
}
