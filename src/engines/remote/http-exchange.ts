import type { Clock } from '#kernel/clock';
import { err, ok } from '#kernel/result';
import { retryAfterMs } from '#kernel/retry-after';
import type { SilenceWatch } from '#kernel/silence-watch';
import { untilAborted } from '#kernel/until-aborted';
import { failure, type Outcome } from '#contracts/errors';
import type { RemoteEndpoint } from '#contracts/remote';
import { failureOfStatus, failureOfThrown, type About } from './remote-errors.ts';
import type { KeyRing } from './key-ring.ts';

/** The part of `fetch` that is used; tests inject faults here. */
export type FetchLike = (url: string, init: RequestInit) => Promise<Response>;

/** An error page is read this far; what tells them apart stands in the first lines. */
const ERROR_BODY_LIMIT = 65_536;

export interface Exchange {
  readonly fetch: FetchLike;
  readonly clock: Clock;
  readonly keys: KeyRing;
}

export interface Call {
  readonly endpoint: RemoteEndpoint;
  readonly url: string;
  /** Sent as JSON with POST; without it the request is a GET. */
  readonly body?: unknown;
  readonly accept: string;
  readonly about: About;
}

/**
 * Sends one request and waits for the head of the answer. Nothing of this page travels along: no cookies, no referrer,
 * no cache; the key goes to its own origin only, and a redirect, which could carry it elsewhere, is refused.
 *
 * Errors: remote-unreachable, remote-refused (with reason `key-missing` when the server's key is not in the ring, or is
 * another origin's: then nothing is sent), remote-busy, remote-failed, context-exceeded, remote-silent (nothing was
 * heard), cancelled.
 */
export async function send(watch: SilenceWatch, exchange: Exchange, call: Call): Promise<Outcome<Response>> {
  const key = exchange.keys.authorization(call.endpoint.id, call.url);
  if (call.endpoint.hasKey && key === null) {
    return err(failure('remote-refused', { ...call.about, status: 401, reason: 'key-missing' }));
  }
  const init: RequestInit = {
    method: call.body === undefined ? 'GET' : 'POST',
    headers: {
      accept: call.accept,
      ...(call.body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(key === null ? {} : { authorization: key }),
    },
    ...(call.body === undefined ? {} : { body: JSON.stringify(call.body) }),
    signal: watch.signal,
    mode: 'cors',
    redirect: 'error',
    credentials: 'omit',
    referrerPolicy: 'no-referrer',
    cache: 'no-store',
  };
  let response: Response | null;
  try {
    response = watch.signal.aborted ? null : await untilAborted(exchange.fetch(call.url, init), watch.signal);
  } catch (thrown) {
    return watch.signal.aborted
      ? err(endedBy(watch, call.about))
      : err(failureOfThrown(thrown, call.about, false));
  }
  if (response === null) return err(endedBy(watch, call.about));
  if (response.ok) return ok(response);
  const text = await readText(watch, response, ERROR_BODY_LIMIT);
  if (watch.signal.aborted && watch.silence === null) return err(endedBy(watch, call.about));
  const restMs = retryAfterMs(response.headers.get('retry-after'), exchange.clock.epochMs());
  return err(failureOfStatus(response.status, text ?? '', call.about, restMs));
}

/** Why the watch ended an exchange: stopped by us, or silence of the server. */
export function endedBy(watch: SilenceWatch, about: About): ReturnType<typeof failure> {
  if (watch.silence === null) return failure('cancelled', { ...about });
  return failure('remote-silent', { ...about, ...watch.silence });
}

/**
 * Lets go of a body that is not read to its end, and of the connection with it. Ending the watch should do that; in Node
 * 20 the abort of a fetch that has answered is lost when the garbage collector was there in between.
 */
export function hangUp(reader: ReadableStreamDefaultReader<Uint8Array>): void {
  reader.cancel().catch(() => undefined);
}

/**
 * The body as text, at most `limitBytes` of it.
 * @returns null when it could not be read to its end or to the limit: the line was cut, or the watch ended it
 */
export async function readText(
  watch: SilenceWatch,
  response: Response,
  limitBytes: number,
): Promise<string | null> {
  const reader = response.body?.getReader();
  if (reader === undefined) return '';
  const decoder = new TextDecoder();
  let text = '';
  let bytes = 0;
  try {
    while (bytes < limitBytes) {
      if (watch.signal.aborted) return null; // untilAborted would leave the read alone, and its rejection unheard
      const piece = await untilAborted(reader.read(), watch.signal);
      if (piece === null) return null;
      if (piece.done) return text + decoder.decode();
      bytes += piece.value.byteLength;
      text += decoder.decode(piece.value, { stream: true });
    }
    return text;
  } catch {
    return null;
  } finally {
    hangUp(reader);
  }
}
