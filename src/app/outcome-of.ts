import { err } from '#kernel/result';
import { untilAborted } from '#kernel/until-aborted';
import { failure, failureOf, type Outcome } from '#contracts/errors';

/**
 * How a task ends, and no later than the signal says, whatever the task waits for: it goes on, and nobody hears of it.
 * Errors: cancelled, those of the task, and what it throws as a failure.
 */
export async function outcomeOf<T>(
  signal: AbortSignal,
  task: () => Promise<Outcome<T>>,
): Promise<Outcome<T>> {
  if (signal.aborted) return err(failure('cancelled'));
  try {
    return (await untilAborted(task(), signal)) ?? err(failure('cancelled'));
  } catch (thrown) {
    return err(failureOf(thrown));
  }
}
