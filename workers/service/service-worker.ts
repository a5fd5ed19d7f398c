import { clientsClaim } from 'workbox-core';
import { PrecacheController, PrecacheRoute } from 'workbox-precaching';
import { NavigationRoute, registerRoute } from 'workbox-routing';
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

const precache = new PrecacheController({
  plugins: [
    { handlerWillRespond: ({ request, response }) => Promise.resolve(withHeaders(request.url, response)) },
  ],
});
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
// Other origins are none of its business: a worker that may reach them does so under its own policy, not under this one.
registerRoute(
  ({ sameOrigin }) => sameOrigin,
  async ({ request }) => withHeaders(request.url, await fetch(request)),
);

// A new version waits until the page says so: never in the middle of an answer, a benchmark or a download.
self.addEventListener('message', (event) => {
  if ((event.data as { type?: unknown } | null)?.type === 'SKIP_WAITING') void self.skipWaiting();
});
