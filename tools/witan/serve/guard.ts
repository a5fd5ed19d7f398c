import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { isIP } from 'node:net';
import { apiError, type ApiError } from './api-error.ts';

export interface GuardOptions {
  /** Where the server listens. */
  readonly host: string;
  /** Null: whoever reaches the port may ask. */
  readonly token: string | null;
  /** Origins of pages that may call it, as browsers write them. */
  readonly allowOrigins: readonly string[];
}

/** True for addresses that no other machine can reach. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
}

/** The name in a Host header, without brackets and port; null when it is none. */
function nameIn(header: string | undefined): string | null {
  const parts = /^(?:\[([0-9a-f:.]+)\]|([^:[\]/@\s]+))(?::\d{1,5})?$/i.exec(header ?? '');
  return (parts?.[1] ?? parts?.[2])?.toLowerCase() ?? null;
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

/** Who may speak to the server. A browser is a stranger on this machine: any page in it can send requests to loopback. */
export class Guard {
  readonly #options: GuardOptions;
  readonly #expected: Buffer | null;

  constructor(options: GuardOptions) {
    this.#options = options;
    this.#expected = options.token === null ? null : digest(options.token);
  }

  /** Refuses foreign names and pages; null when the request may go on. */
  refuse(headers: IncomingHttpHeaders): ApiError | null {
    const name = nameIn(headers.host);
    if (name === null || !this.#isOurs(name)) {
      return apiError(403, 'host_not_allowed', 'This server does not go by the name in the Host header.');
    }
    if (this.allowedOrigin(headers) !== null) return null;
    // Requests without an Origin (an image, a link) still say that they come from a page of another site.
    const site = headers['sec-fetch-site'];
    const fromPage = headers.origin !== undefined || (site !== undefined && site !== 'none');
    if (!fromPage) return null;
    return apiError(
      403,
      'origin_not_allowed',
      'Pages may not call this server unless --allow-origin names them.',
    );
  }

  /** The origin of the page that calls, when it may. */
  allowedOrigin({ origin }: IncomingHttpHeaders): string | null {
    return origin !== undefined && this.#options.allowOrigins.includes(origin) ? origin : null;
  }

  /** Whether the bearer token is right. Digests are compared: they are equally long, and the time says nothing. */
  knows({ authorization }: IncomingHttpHeaders): boolean {
    if (this.#expected === null) return true;
    const given = /^Bearer +(\S+) *$/i.exec(authorization ?? '')?.[1];
    return given !== undefined && timingSafeEqual(digest(given), this.#expected);
  }

  /**
   * DNS rebinding: a page's own name may be made to point here, but its name then stands in the Host header. An address
   * cannot be rebound.
   */
  #isOurs(name: string): boolean {
    if (isLoopback(this.#options.host)) return isLoopback(name);
    return isLoopback(name) || isIP(name) !== 0 || name === this.#options.host.toLowerCase();
  }
}

/** What a page may be told and do: none without an allowed origin. */
export function corsHeaders(origin: string | null): Readonly<Record<string, string>> {
  if (origin === null) return {};
  return {
    'access-control-allow-origin': origin,
    'access-control-expose-headers': 'retry-after, x-request-id',
  };
}

/** The answer to a page that asks before it sends. Its own headers (`x-stainless-*` of OpenAI's client) harm nothing. */
export function preflightHeaders(headers: IncomingHttpHeaders): Readonly<Record<string, string>> {
  const asked = headers['access-control-request-headers'];
  const names = (asked ?? '').split(',').map((name) => name.trim());
  const safe = names.filter((name) => /^[a-z0-9-]{1,64}$/i.test(name));
  return {
    'access-control-allow-methods': 'GET, POST',
    'access-control-allow-headers': safe.join(', '),
    'access-control-max-age': '600',
    // Chromium asks so when a page of the wider net calls a machine like this one.
    ...(headers['access-control-request-private-network'] === 'true'
      ? { 'access-control-allow-private-network': 'true' }
      : {}),
  };
}
