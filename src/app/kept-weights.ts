import { WEB_LLM_CACHES } from '#contracts/catalogue';

/** Addresses of the files of weights that web-llm keeps on this device; none where the page may keep nothing. */
export async function keptWeights(): Promise<ReadonlySet<string>> {
  try {
    // `open` would make a cache where there is none.
    if (!(await caches.has(WEB_LLM_CACHES.weights))) return new Set();
    const kept = await (await caches.open(WEB_LLM_CACHES.weights)).keys();
    return new Set(kept.map(({ url }) => url));
  } catch {
    return new Set();
  }
}
