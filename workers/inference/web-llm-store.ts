import { WEB_LLM_CACHES } from '#contracts/catalogue';
import type { MlcSource } from '#contracts/engine';

type CacheName = (typeof WEB_LLM_CACHES)[keyof typeof WEB_LLM_CACHES];

/** The folder of weights with a slash at its end, as files are looked up in it. */
export const folderOf = (model: MlcSource): string => model.weightsUrl.replace(/\/*$/, '/');

/** Addresses of what a cache holds. Rejects where there is no store. */
export async function keptUrls(name: CacheName): Promise<ReadonlySet<string>> {
  const cache = await caches.open(name);
  return new Set((await cache.keys()).map((request) => request.url));
}

/** A kept file, parsed; with `mayFetch` one that is not kept is fetched and kept first. Undefined: not here. */
export async function keptJson(name: CacheName, url: URL, mayFetch: boolean): Promise<unknown> {
  const request = new Request(url);
  const cache = await caches.open(name);
  if (mayFetch && (await cache.match(request)) === undefined) await cache.add(request);
  return (await cache.match(request))?.json();
}

/** Whether an address belongs to a model. */
function owner(model: MlcSource, which: 'all' | 'library'): (url: string) => boolean {
  return (url) => url === model.libraryUrl || (which === 'all' && url.startsWith(folderOf(model)));
}

/**
 * Drops a model's files.
 * @param sharers their compiled libraries stay
 * @returns how many files went. Rejects where the store does.
 */
export async function removeArtifacts(
  model: MlcSource,
  which: 'all' | 'library',
  sharers: readonly MlcSource[] = [],
): Promise<number> {
  const isOurs = owner(model, which);
  const stays = new Set(sharers.map(({ libraryUrl }) => libraryUrl));
  let removed = 0;
  for (const name of which === 'all' ? Object.values(WEB_LLM_CACHES) : [WEB_LLM_CACHES.library]) {
    const cache = await caches.open(name);
    const ours = (await cache.keys()).filter(({ url }) => isOurs(url) && !stays.has(url));
    const gone = await Promise.all(ours.map((request) => cache.delete(request)));
    removed += gone.filter(Boolean).length;
  }
  return removed;
}

/** Drops fetched files, so that the next load fetches them again: damaged ones would fail for ever. Never rejects. */
export async function forgetArtifacts(model: MlcSource, which: 'all' | 'library'): Promise<void> {
  try {
    await removeArtifacts(model, which);
  } catch {
    // A store that cannot be opened keeps nothing either.
  }
}
