/** Hosts of the models in our catalogue and of their libraries. */
const MODEL_HUBS = [
  'https://huggingface.co',
  'https://*.huggingface.co',
  'https://*.hf.co',
  'https://raw.githubusercontent.com',
];

/**
 * Worker scripts that may reach other hosts, by the folder they are built into. Each worker obeys the policy of its own
 * script's response, so the page, and every other worker, stays unable to send anything anywhere.
 */
const EGRESS: Readonly<Record<string, readonly string[]>> = {
  '/egress/hub/': MODEL_HUBS,
  // A server the user named: any address, also plain HTTP on the local network.
  '/egress/remote/': ['https:', 'http:'],
};

const policy = (connect: readonly string[]): string =>
  [
    "default-src 'none'",
    // wllama starts its WASM worker from a blob.
    "script-src 'self' 'wasm-unsafe-eval' blob:",
    "worker-src 'self' blob:",
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data: blob:",
    "font-src 'self'",
    `connect-src ${["'self'", 'blob:', ...connect].join(' ')}`,
    "manifest-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "object-src 'none'",
  ].join('; ');

/**
 * The headers of a response: cross-origin isolation (threads, fine clocks) and a policy under which nothing is fetched
 * from, or sent to, another origin, but for the workers in `/egress/`. `public/_headers` holds the same for hosts that
 * read such a file; elsewhere the service worker adds them.
 * @param pathname path of the response's URL, the app's own base included or not
 */
export function securityHeaders(pathname: string): Record<string, string> {
  const egress = Object.entries(EGRESS).find(([folder]) => pathname.includes(folder));
  return {
    'Cross-Origin-Opener-Policy': 'same-origin',
    'Cross-Origin-Embedder-Policy': 'require-corp',
    'Cross-Origin-Resource-Policy': 'same-origin',
    'Content-Security-Policy': policy(egress?.[1] ?? []),
    'X-Content-Type-Options': 'nosniff',
    'Referrer-Policy': 'no-referrer',
  };
}

/** The folders that need headers of their own. */
export const EGRESS_FOLDERS: readonly string[] = Object.keys(EGRESS);
