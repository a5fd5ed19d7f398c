import type { GenerateRequest } from '#contracts/engine';
import type { CoreOptions, CreateOptions, LanguageModelMessage } from './language-model.ts';
import { samplingModeOf } from './sampling-mode.ts';

/** What has to be said before the question: fixed when a session is made, so questions that share it share a session. */
export type SessionOptions = Omit<CreateOptions, 'signal' | 'monitor'>;

/**
 * Options common to all sessions; `availability()` and `create()` must be given the same.
 * @param languages BCP 47 tags in which questions are asked and answers wanted
 */
export function coreOptions(temperature: number, languages: readonly string[]): CoreOptions {
  return {
    samplingMode: samplingModeOf(temperature),
    expectedInputs: [{ type: 'text', languages }],
    expectedOutputs: [{ type: 'text', languages }],
  };
}

/** The session that a request needs: its sampling mode, its system prompt and the conversation so far. */
export function sessionOptions(
  request: Pick<GenerateRequest, 'temperature' | 'system' | 'history'>,
  languages: readonly string[],
): SessionOptions {
  const system: LanguageModelMessage[] =
    request.system === undefined ? [] : [{ role: 'system', content: request.system }];
  return {
    ...coreOptions(request.temperature, languages),
    initialPrompts: [...system, ...(request.history ?? [])],
  };
}

/** Two requests with the same key may be answered by clones of one session. */
export function sessionKey(options: SessionOptions): string {
  return JSON.stringify([options.samplingMode, options.initialPrompts]);
}
