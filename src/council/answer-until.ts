import { err } from '#kernel/result';
import { untilAborted } from '#kernel/until-aborted';
import type { CouncilMember } from '#contracts/council';
import type { GenerateRequest, Generation } from '#contracts/engine';
import { failure, failureOf, type Outcome } from '#contracts/errors';

/** An answer that nobody waits for beyond `signal`, whatever the engine does. Errors: cancelled, those of `Engine.generate`. */
export async function answerUntil(
  signal: AbortSignal,
  { engine }: CouncilMember,
  request: GenerateRequest,
): Promise<Outcome<Generation>> {
  try {
    const answering = engine.generate(signal, request, () => undefined);
    return (await untilAborted(answering, signal)) ?? err(failure('cancelled'));
  } catch (thrown) {
    return err(failureOf(thrown));
  }
}
