import { failure, type WitanFailure } from '#contracts/errors';
import { errorOf, jsonOf, type ErrorBody } from './error-body.ts';

/** Whom a failure is about. Neither an address nor a key: failures are shown, logged and recorded. */
export interface About {
  /** The member's name, as the user knows it. */
  readonly model: string;
  /** The user's own name for the server. */
  readonly endpoint: string;
}

/**
 * How the servers say that question and answer do not fit:
 * llama.cpp `request (9412 tokens) exceeds the available context size (8192 tokens), try increasing it` and, in the
 * middle of an answer, `Context size has been exceeded.` · vLLM `This model's maximum context length is …` ·
 * SGLang `The input (…) is longer than the model's context length (…)`, `Requested token count exceeds …` ·
 * LM Studio `Input does not fit in context length`, `Trying to keep the first … tokens when context the overflows`,
 * `tokens to keep from the initial prompt is greater than the context length` ·
 * Ollama `the prompt is longer than the context length currently available`, `the input length exceeds the context length`.
 */
const CONTEXT_KIND = /exceed_context_size_error|context_length_exceeded/;
const CONTEXT_TEXT =
  /context size has been exceeded|available context size|maximum context length|(longer|greater) than the (model's )?context length|does not fit in context|when context (the )?overflows|exceeds the context length/i;
/** `model "x" not found, try pulling it first`, ``The model `x` does not exist.``, `model not found`, `No models loaded`. */
const MODEL_TEXT = /model_not_found|model .{0,200}(not found|does not exist)|no models? (is )?loaded/is;
const LOADING_TEXT = /loading/i;

/**
 * The typed failure behind an answer that is no 2xx. Its cause is all that the server said: `KeyRing.scrub` takes keys
 * out of it and shortens it.
 */
export function failureOfStatus(
  status: number,
  bodyText: string,
  about: About,
  retryAfterMs: number | null,
): WitanFailure {
  const body = errorOf(jsonOf(bodyText)) ?? { message: bodyText, kind: '', status: null };
  const mapped = ofBody(body, status, about);
  if (mapped.code !== 'remote-busy' || retryAfterMs === null) return mapped;
  return { ...mapped, details: { ...mapped.details, retryAfterMs } };
}

/**
 * The failure behind an error inside a stream, or behind JSON where a stream was expected; the HTTP status was 200
 * by then. Null when there is no error in it.
 */
export function failureOfEvent(event: unknown, about: About): WitanFailure | null {
  const body = errorOf(event);
  return body === null ? null : ofBody(body, body.status, about);
}

/**
 * What fetch or a body threw. Browsers tell a page nothing of the reason: no network, no such host, TLS, CORS and a
 * refused redirect are all `TypeError: Failed to fetch` (Chromium), `NetworkError when attempting to fetch resource.`
 * (Firefox), `Load failed` (Safari), `fetch failed` (Node).
 * @param started true when the answer had begun: then the line was cut
 */
export function failureOfThrown(thrown: unknown, about: About, started: boolean): WitanFailure {
  if (started) return failure('remote-silent', { ...about, phase: 'cut' }, thrown);
  return failure('remote-unreachable', { ...about }, thrown);
}

/** The answer is there and cannot be used. @param reason a word for logs and tests */
export function unreadable(reason: string, about: About, cause?: string): WitanFailure {
  return failure('remote-failed', { ...about, reason }, cause);
}

function ofBody(body: ErrorBody, status: number | null, about: About): WitanFailure {
  const said = `${body.kind} ${body.message}`;
  const cause = body.message === '' ? undefined : body.message;
  const known = status === null ? {} : { status };
  const named = (reason: string) => ({ ...about, ...known, reason });
  if (CONTEXT_KIND.test(body.kind) || CONTEXT_TEXT.test(body.message)) {
    return failure('context-exceeded', { ...about, ...known }, cause);
  }
  if (status === 401 || status === 403) return failure('remote-refused', named('key'), cause);
  if (MODEL_TEXT.test(said) && (status === null || status < 500)) {
    return failure('remote-refused', { ...named('model'), status: status ?? 404 }, cause);
  }
  if (status === 429) return failure('remote-busy', named('limit'), cause);
  if (status === 503) {
    return failure('remote-busy', named(LOADING_TEXT.test(said) ? 'loading' : 'overloaded'), cause);
  }
  if (status === 404) return failure('remote-refused', named('address'), cause);
  if (status !== null && status >= 300 && status < 500 && status !== 408) {
    return failure('remote-refused', named('request'), cause);
  }
  return failure('remote-failed', named('server'), cause);
}
