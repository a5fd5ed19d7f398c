import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { preview, type Connect, type Plugin } from 'vite';
import { headersPlugin, type HeadersFor } from './headers.ts';

export interface ServeOptions {
  /** The repository's root; `dist` below it is what is served. */
  readonly root: string;
  /** TCP port; the next free one is taken when it is in use. 0: any free port. */
  readonly port: number;
  /** The real headers unless given; a test may serve without them. */
  readonly headers?: HeadersFor;
  /** What is served besides the app. */
  readonly besides?: Connect.NextHandleFunction;
  /** Opens the person's browser. */
  readonly open?: boolean;
}

export interface AppServer {
  /** With a slash at the end. */
  readonly url: string;
  /** Ends every connection, then resolves. Safe to call twice. */
  close(): Promise<void>;
}

/** A port that nobody listens on at this moment. Loopback only. */
function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, 'localhost', () => {
      const { port } = probe.address() as AddressInfo;
      probe.close(() => {
        resolve(port);
      });
    });
  });
}

/** Answers before the app's own files are looked at. */
function besidesPlugin(
  handle: Connect.NextHandleFunction = (_request, _response, next) => void next(),
): Plugin {
  return { name: 'witan-besides', configurePreviewServer: ({ middlewares }) => void middlewares.use(handle) };
}

/** Serves the built app on this machine only. */
export async function serveApp(options: ServeOptions): Promise<AppServer> {
  const server = await preview({
    root: options.root,
    configFile: false,
    logLevel: 'error',
    build: { outDir: 'dist' },
    plugins: [headersPlugin(options.headers), besidesPlugin(options.besides)],
    preview: {
      host: 'localhost',
      port: options.port === 0 ? await freePort() : options.port,
      open: options.open ?? false,
    },
  });
  const { port } = server.httpServer.address() as AddressInfo;
  return { url: `http://localhost:${port}/`, close: () => server.close() };
}
