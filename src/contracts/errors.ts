import type { Result } from '#kernel/result';

/** Every failure Witan can name. The text a person reads is looked up in `error-messages.ts`. */
export type ErrorCode =
  | 'prompt-empty'
  | 'prompt-too-long'
  | 'queue-full'
  | 'council-unavailable'
  | 'member-unknown'
  | 'model-fetch-failed'
  | 'model-invalid'
  | 'model-load-failed'
  | 'engine-unavailable'
  | 'engine-incompatible'
  | 'engine-failed'
  | 'feature-missing'
  | 'out-of-memory'
  | 'device-lost'
  | 'request-unsupported'
  | 'consent-required'
  | 'model-downloading'
  | 'remote-unreachable'
  | 'remote-refused'
  | 'remote-busy'
  | 'remote-failed'
  | 'remote-silent'
  | 'context-exceeded'
  | 'slots-exhausted'
  | 'worker-lost'
  | 'worker-silent'
  | 'deadline-exceeded'
  | 'cancelled'
  | 'storage-unavailable'
  | 'storage-failed'
  | 'storage-full'
  | 'record-invalid'
  | 'archive-invalid'
  | 'archive-too-large'
  | 'archive-version-unsupported'
  | 'link-invalid'
  | 'link-too-long'
  | 'link-version-unsupported'
  | 'link-checksum-mismatch'
  | 'benchmark-void'
  | 'question-set-invalid'
  | 'unsupported-browser'
  | 'usage'
  | 'internal';

/** A failure as plain data: what happened (`code`), the figures (`details`), and where it came from (`cause`). */
export interface WitanFailure {
  readonly code: ErrorCode;
  readonly details: Readonly<Record<string, string | number | boolean>>;
  /** Text of the underlying error, for logs; never shown alone. */
  readonly cause?: string;
}

export type Outcome<T> = Result<T, WitanFailure>;

export function failure(
  code: ErrorCode,
  details: WitanFailure['details'] = {},
  cause?: unknown,
): WitanFailure {
  return cause === undefined ? { code, details } : { code, details, cause: textOf(cause) };
}

function textOf(cause: unknown): string {
  if (cause instanceof Error) return `${cause.name}: ${cause.message}`;
  if (typeof cause === 'string') return cause;
  try {
    return JSON.stringify(cause) ?? typeof cause;
  } catch {
    return typeof cause; // a cycle, or a bigint
  }
}

/** The throwable form, for use inside one room; at a border it becomes a `WitanFailure` again. */
export class WitanError extends Error {
  override readonly name = 'WitanError';
  readonly failure: WitanFailure;

  constructor(failureData: WitanFailure) {
    super(failureData.code);
    this.failure = failureData;
  }
}

/** The failure behind anything that was thrown; unknown errors become `internal`. */
export function failureOf(thrown: unknown): WitanFailure {
  if (thrown instanceof WitanError) return thrown.failure;
  if (thrown instanceof DOMException && thrown.name === 'AbortError') return failure('cancelled');
  return failure('internal', {}, thrown);
}
