import { whatHappened } from '../../../src/contracts/error-messages.ts';
import type { ErrorCode, WitanFailure } from '../../../src/contracts/errors.ts';

/** A refusal in OpenAI's shape: what clients switch on is `status`, `type` and `code`. */
export interface ApiError {
  readonly status: number;
  readonly type: string;
  readonly code: string;
  readonly message: string;
  /** The field of the request that it is about. */
  readonly param: string | null;
  /** Whole seconds after which a client may try again. */
  readonly retryAfterS: number | null;
}

/** As OpenAI names the kinds; clients show them and seldom look further. */
const TYPES: Readonly<Record<number, string>> = {
  401: 'authentication_error',
  403: 'permission_error',
  408: 'timeout_error',
  429: 'rate_limit_error',
};

export function apiError(
  status: number,
  code: string,
  message: string,
  { param = null, retryAfterS = null }: Partial<Pick<ApiError, 'param' | 'retryAfterS'>> = {},
): ApiError {
  const type = TYPES[status] ?? (status >= 500 ? 'server_error' : 'invalid_request_error');
  return { status, type, code, message, param, retryAfterS };
}

/** The body of the answer, and the data of an error event inside a stream. */
export function errorBody({ message, type, param, code }: ApiError): object {
  return { error: { message, type, param, code } };
}

/** Which refusal a failure of the app is; what is not named is ours (500). */
const BY_CODE: Readonly<Partial<Record<ErrorCode, readonly [status: number, code: string]>>> = {
  'prompt-empty': [400, 'prompt_empty'],
  'prompt-too-long': [400, 'context_length_exceeded'],
  'context-exceeded': [400, 'context_length_exceeded'],
  'request-unsupported': [400, 'unsupported_value'],
  'consent-required': [403, 'consent_required'],
  'member-unknown': [404, 'model_not_found'],
  'queue-full': [429, 'queue_full'],
  'slots-exhausted': [429, 'queue_full'],
  'remote-busy': [429, 'member_busy'],
  'council-unavailable': [503, 'council_unavailable'],
  'worker-lost': [503, 'member_lost'],
  'worker-silent': [503, 'member_lost'],
  'device-lost': [503, 'member_lost'],
  'out-of-memory': [503, 'out_of_memory'],
  'engine-unavailable': [503, 'member_unavailable'],
  'model-load-failed': [503, 'member_unavailable'],
  'model-fetch-failed': [503, 'member_unavailable'],
  'remote-unreachable': [503, 'member_unavailable'],
  'remote-silent': [503, 'member_unavailable'],
  'remote-failed': [503, 'member_unavailable'],
  cancelled: [503, 'stopped'],
  // Not 408: the request came in time, it is the answer that did not.
  'deadline-exceeded': [504, 'deadline_exceeded'],
};

/** Busy members tell no time; this is about one answer of the bundled ones on two cores. */
const BUSY_RETRY_S = 2;

/** The refusal behind a failure of the app. Its cause stays in the log: it may quote what was asked. */
export function ofFailure(problem: WitanFailure): ApiError {
  const [status, code] = BY_CODE[problem.code] ?? [500, problem.code.replaceAll('-', '_')];
  const cause = problem.details['cause'];
  const message = whatHappened(problem) + (cause === undefined ? '' : ` (${String(cause)})`);
  const retryAfterS = status === 429 ? BUSY_RETRY_S : null;
  const about: Partial<Record<string, string>> = { 400: 'messages', 404: 'model' };
  return apiError(status, code, message, { param: about[status] ?? null, retryAfterS });
}
