import { err, ok } from '#kernel/result';
import { failure, type Outcome } from '#contracts/errors';

/** A JSON document of this site. Errors: model-fetch-failed (it is not JSON, too), cancelled. */
export async function fetchJson(signal: AbortSignal, url: string): Promise<Outcome<unknown>> {
  try {
    const response = await fetch(url, { signal });
    if (!response.ok) return err(failure('model-fetch-failed', { model: url, status: response.status }));
    return ok(await response.json());
  } catch (thrown) {
    if (signal.aborted) return err(failure('cancelled'));
    return err(failure('model-fetch-failed', { model: url }, thrown));
  }
}
