import type { Connect, Plugin } from 'vite';
import { securityHeaders } from '../../src/contracts/security-headers.ts';

/** The headers are a contract with the service worker, which adds them on hosts that cannot set any. */
export type HeadersFor = (pathname: string) => Readonly<Record<string, string>>;

/** Where a worker of the source tree that may reach other hosts will be built to: in development its headers go by that place. */
const BUILT_INTO: readonly (readonly [source: string, folder: string])[] = [
  // Fetches models, and proves them before it keeps a byte.
  ['/model-store.worker', '/egress/hub/'],
  ['/remote.worker', '/egress/remote/'],
];

/** The folder of a worker script in the build; null for every other script. */
export function egressFolder(name: string): string | null {
  return BUILT_INTO.find(([source]) => `/${name}`.includes(source))?.[1] ?? null;
}

/** Sets our response headers by path, in development and preview. */
export function headersPlugin(headersFor: HeadersFor = securityHeaders): Plugin {
  const middleware: Connect.NextHandleFunction = (request, response, next) => {
    const { pathname } = new URL(request.url ?? '/', 'http://localhost');
    const headers = headersFor(`${egressFolder(pathname) ?? ''}${pathname}`);
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
    next();
  };
  return {
    name: 'witan-headers',
    configureServer: ({ middlewares }) => void middlewares.use(middleware),
    configurePreviewServer: ({ middlewares }) => void middlewares.use(middleware),
  };
}
