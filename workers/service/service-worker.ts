import { clientsClaim, type WorkboxPlugin } from 'workbox-core';
import { PrecacheController, PrecacheRoute } from 'workbox-precaching';
import { ExpirationPlugin } from 'workbox-expiration';
import { NavigationRoute, registerRoute } from 'workbox-routing';
import { CacheFirst } from 'workbox-strategies';
import { securityHeaders } from '#contracts/security-headers';

declare const self: ServiceWorkerGlobalScope & {
  __WB_MANIFEST: { url: string; revision: string | null }[];
};

/**
 * Adds the isolation and policy headers where the host did not set them (GitHub Pages and the like), so that threads
 * and the content policy do not depend on the host.
 */
function withHeaders(url: string, response: Response): Response {
  if (response.type === 'opaque' || response.type === 'error' || response.status === 0) return response;
  if (response.headers.has('Cross-Origin-Embedder-Policy')) return response;
  const headers = new Headers(response.headers);
  for (const [name, value] of Object.entries(securityHeaders(new URL(url).pathname)))
    headers.set(name, value);
  return new Response(response.body, { status: response.status, statusText: response.statusText, headers });
}

const addHeaders = {
  handlerWillRespond: ({ request, response }: { request: Request; response: Response }) =>
    Promise.resolve(withHeaders(request.url, response)),
};

const precache = new PrecacheController({ plugins: [addHeaders] });
precache.addToCacheList(self.__WB_MANIFEST);

self.addEventListener('install', (event) => {
  event.waitUntil(precache.install(event));
});
self.addEventListener('activate', (event) => {
  event.waitUntil(precache.activate(event));
});

// The first visit is served by this worker as soon as everything is cached: no second visit is needed to be offline.
clientsClaim();

registerRoute(new PrecacheRoute(precache));
registerRoute(new NavigationRoute(precache.createHandlerBoundToURL('index.html')));
/** Engines that are not for everybody. Their names carry a hash of their contents, so what is kept never goes stale. */
const OPTIONAL_ENGINES = /\/assets\/(wllama-compat|web-llm\.worker|web-llm-package)-[^/]*$/;
/** Two versions of each. */
const KEPT_ENGINE_FILES = 6;

// Its types predate exact optional properties.
const fewEngines = new ExpirationPlugin({
  maxEntries: KEPT_ENGINE_FILES,
  purgeOnQuotaError: true,
}) as WorkboxPlugin;

registerRoute(
  ({ url, sameOrigin }) => sameOrigin && OPTIONAL_ENGINES.test(url.pathname),
  new CacheFirst({
    cacheName: 'witan.engines',
    plugins: [addHeaders, fewEngines],
  }),
);
// Other origins are none of its business: a worker that may reach them does so under its own policy, not under this one.
registerRoute(
  ({ sameOrigin }) => sameOrigin,
  async ({ request }) => withHeaders(request.url, await fetch(request)),
);

// A new version waits until the page says so: never in the middle of an answer, a benchmark or a download.
self.addEventListener('message', (event) => {
  if ((event.data as { type?: unknown } | null)?.type === 'SKIP_WAITING') void self.skipWaiting();
});

// A notification of a download that ended: back to the page, or to a new one where it was closed.
self.addEventListener('notificationclick', (event) => {
  event.notification.close();
  event.waitUntil(
    self.clients.matchAll({ type: 'window' }).then(async ([page]) => {
      await (page === undefined ? self.clients.openWindow('./#/models') : page.focus());
    }),
  );
});
