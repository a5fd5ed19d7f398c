import { failure, type WitanFailure } from '#contracts/errors';
import type { FetchReason } from '#contracts/download';

/** What went wrong with one request. */
export interface FetchFault {
  readonly reason: FetchReason;
  readonly status: number | null;
  /** What the server asked for (`Retry-After`), ms. */
  readonly restMs: number | null;
  /** Asking this server again is of no use. */
  readonly lasting: boolean;
}

export function fault(reason: FetchReason, more: Partial<FetchFault> = {}): FetchFault {
  return { reason, status: null, restMs: null, lasting: false, ...more };
}

/** Refusals that may pass (RFC 9110 §15.5, RFC 8470, RFC 6585); all others of 400 to 499 are meant. */
const PASSING_REFUSALS: readonly number[] = [408, 421, 425, 429];

export function faultOfStatus(status: number, restMs: number | null): FetchFault {
  const lasting = status >= 400 && status < 500 && !PASSING_REFUSALS.includes(status);
  return fault('status', { status, restMs, lasting });
}

/** From least to most telling: what the user should hear of when several servers failed in different ways. */
const telling = ({ reason }: FetchFault): number =>
  reason === 'unreachable' ? 0 : reason === 'status' ? 2 : reason === 'bad-chunk' ? 3 : 1;

export function mostTellingFault(faults: readonly FetchFault[]): FetchFault {
  return faults.reduce(
    (best, next) => (telling(next) > telling(best) ? next : best),
    faults[0] ?? fault('no-address', { lasting: true }),
  );
}

/** What a person hears: bad bytes are a bad file, everything else a file that does not come. */
export function failureOfFault({ reason, status }: FetchFault, about: WitanFailure['details']): WitanFailure {
  if (reason === 'bad-chunk') return failure('model-invalid', { ...about, reason: 'chunk' });
  return failure('model-fetch-failed', { ...about, reason, ...(status === null ? {} : { status }) });
}
