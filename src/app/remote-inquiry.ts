import { err } from '#kernel/result';
import { untilAborted } from '#kernel/until-aborted';
import { failure, failureOf, type Outcome } from '#contracts/errors';
import type { RemoteWorkerApi } from '#contracts/worker-api';
import type { WorkerFactory } from '#contracts/worker-handle';
import { FIRST_CALL_MS } from './remote-member.ts';

/**
 * Asks something in a worker that lives as long as the question: a stop ends it, and the request to the server with it.
 * Errors: those of `use`, cancelled, worker-lost, deadline-exceeded, internal (a browser that lets no worker be made).
 */
export async function inquire<T>(
  signal: AbortSignal,
  startWorker: WorkerFactory<RemoteWorkerApi>,
  use: (api: RemoteWorkerApi) => Promise<Outcome<T>>,
): Promise<Outcome<T>> {
  if (signal.aborted) return err(failure('cancelled'));
  try {
    const worker = startWorker('remote-inquiry');
    const answer = await untilAborted(worker.call(FIRST_CALL_MS, use), signal);
    worker.terminate(failure('cancelled'));
    return answer ?? err(failure('cancelled'));
  } catch (thrown) {
    return err(failureOf(thrown));
  }
}
