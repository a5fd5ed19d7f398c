import { folderOf, WEB_LLM_CACHES } from '#contracts/catalogue';
import type { MlcSource } from '#contracts/engine';
import { addressOf, isShard } from '../storage/mlc/file-marks.ts';
import type { ModelsService } from './models-service.ts';

type Store = () => Promise<Pick<ModelsService, 'list'>>;

/** Of files of weights that the store has at least a part of. */
async function storedWeights(store: Store): Promise<readonly string[]> {
  try {
    const models = await (await store()).list();
    if (!models.ok) return [];
    const files = models.value.filter(({ format }) => format === 'mlc').flatMap((model) => model.files);
    return files.filter((file) => file.keptBytes > 0 && isShard(file)).map(addressOf);
  } catch {
    return []; // its code could not be fetched
  }
}

/** Of what web-llm kept of weights before the store did; none where the page may keep nothing. */
async function earlierWeights(): Promise<readonly string[]> {
  try {
    // `open` would make a cache where there is none.
    if (!(await caches.has(WEB_LLM_CACHES.weights))) return [];
    return (await (await caches.open(WEB_LLM_CACHES.weights)).keys()).map(({ url }) => url);
  } catch {
    return [];
  }
}

/** Addresses of the files of weights for web-llm on this device. */
export async function keptWeights(store: Store): Promise<ReadonlySet<string>> {
  return new Set((await Promise.all([storedWeights(store), earlierWeights()])).flat());
}

/**
 * Deletes what web-llm kept of a model before the store did. Never rejects: a page that may not look has kept nothing.
 * @param others their compiled libraries stay
 */
export async function forgetEarlier(model: MlcSource, others: readonly MlcSource[]): Promise<void> {
  const folder = folderOf(model);
  const stays = others.some(({ libraryUrl }) => libraryUrl === model.libraryUrl);
  try {
    for (const name of Object.values(WEB_LLM_CACHES)) {
      if (!(await caches.has(name))) continue;
      const cache = await caches.open(name);
      for (const request of await cache.keys())
        if (request.url.startsWith(folder) || (!stays && request.url === model.libraryUrl))
          await cache.delete(request);
    }
  } catch {
    // Nothing was kept.
  }
}
