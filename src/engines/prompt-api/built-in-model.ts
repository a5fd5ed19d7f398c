import type { Clock } from '#kernel/clock';
import { delay } from '#kernel/clock';
import { err, ok } from '#kernel/result';
import { untilAborted } from '#kernel/until-aborted';
import { failure, type Outcome } from '#contracts/errors';
import { AVAILABILITIES, type Availability, type LanguageModelStatic } from './language-model.ts';
import { promptApiFailure } from './prompt-api-errors.ts';
import { coreOptions } from './session-options.ts';

/** The browser answers from its own books; a minute means that it will not. */
const AVAILABILITY_DEADLINE_MS = 60_000;

export interface BuiltInModelPorts {
  /** `globalThis.LanguageModel`, or null where the browser has none. Called only after the opt-in. */
  readonly languageModel: () => LanguageModelStatic | null;
  /**
   * True once the user has opted in, knowing that the browser may fetch gigabytes. Asking for the availability alone is
   * reported to start that fetch (research/engines.md, complaint 15), so nothing at all is called before.
   */
  readonly allowed: () => boolean;
  readonly clock: Clock;
  /** BCP 47 tags of the languages in which questions are asked and answers wanted. */
  readonly languages: readonly string[];
}

/**
 * Whether the browser has its model at hand. `downloadable` may be a mask for the other states: browsers may hide what is
 * on the device until a page has made a session.
 * Errors: consent-required before the opt-in, engine-unavailable, deadline-exceeded, cancelled.
 * @param model the name to show
 */
export async function builtInAvailability(
  signal: AbortSignal,
  ports: BuiltInModelPorts,
  model: string,
): Promise<Outcome<Availability>> {
  if (!ports.allowed()) return err(failure('consent-required', { model }));
  const languageModel = ports.languageModel();
  if (languageModel === null) return ok('unavailable');
  if (signal.aborted) return err(failure('cancelled', { model }));
  const tooLate = failure('deadline-exceeded', { model, limitMs: AVAILABILITY_DEADLINE_MS });
  try {
    const asked = Promise.race([
      languageModel.availability(coreOptions(0, ports.languages)),
      delay(ports.clock, AVAILABILITY_DEADLINE_MS).then(() => tooLate),
    ]);
    const answer = await untilAborted(asked, signal);
    if (answer === null) return err(failure('cancelled', { model }));
    if (typeof answer === 'object') return err(answer);
    // A browser of tomorrow may know a fifth state: not one on which to start anything.
    return ok(AVAILABILITIES.includes(answer) ? answer : 'unavailable');
  } catch (thrown) {
    return err(promptApiFailure(thrown, 'create', model));
  }
}
