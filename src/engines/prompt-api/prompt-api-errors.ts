import { failure, type WitanFailure } from '#contracts/errors';

/** create: while the session is made, with its download · prompt: while one is cloned, measured or asked. */
export type PromptApiPhase = 'create' | 'prompt';

type Mapped = (model: string, thrown: unknown) => WitanFailure;

/** The figures of a QuotaExceededError; Chromium before 2026 left them out. */
function quotaOf(thrown: unknown): WitanFailure['details'] {
  if (typeof thrown !== 'object' || thrown === null) return {};
  const needed: unknown = Reflect.get(thrown, 'requested');
  const available: unknown = Reflect.get(thrown, 'quota');
  return typeof needed === 'number' && typeof available === 'number' ? { needed, available } : {};
}

const tooLong: Mapped = (model, thrown) => failure('context-exceeded', { model, ...quotaOf(thrown) }, thrown);
const unsupported =
  (reason: string): Mapped =>
  (model, thrown) =>
    failure('request-unsupported', { model, reason }, thrown);
const notLoaded: Mapped = (model, thrown) => failure('model-load-failed', { model }, thrown);
const failed: Mapped = (model, thrown) => failure('engine-failed', { model }, thrown);

/**
 * By the names of DOMException, which are the API's contract; texts differ between browsers. Sources: the specification,
 * "Errors" and "create an AI model object"; Chromium's `modules/ai/exception_helpers.cc` and `language_model.cc`.
 */
const BY_NAME: Readonly<Record<PromptApiPhase, ReadonlyMap<string, Mapped>>> = {
  create: new Map<string, Mapped>([
    // No click just now although there is something to download, or the user, a policy or the browser said no.
    ['NotAllowedError', (model, thrown) => failure('consent-required', { model }, thrown)],
    // `availability()` would have said "unavailable".
    ['NotSupportedError', (model, thrown) => failure('engine-unavailable', { model }, thrown)],
    ['NetworkError', (model, thrown) => failure('model-fetch-failed', { model }, thrown)],
    ['QuotaExceededError', tooLong],
  ]),
  prompt: new Map<string, Mapped>([
    ['QuotaExceededError', tooLong],
    // The session was destroyed under us: its process died, or the browser took the model away. A new one may work.
    ['InvalidStateError', (model, thrown) => failure('worker-lost', { member: model }, thrown)],
    ['NotAllowedError', unsupported('the browser does not allow its model to be asked')],
    ['NotReadableError', unsupported('the browser withheld the answer')],
    ['NotSupportedError', unsupported('the browser refuses the language or the form of the answer')],
    ['SyntaxError', unsupported('the browser could not give the answer the form that was asked for')],
  ]),
};

const OTHERWISE: Readonly<Record<PromptApiPhase, Mapped>> = { create: notLoaded, prompt: failed };

/**
 * The typed failure behind an error of the Prompt API. An AbortError is an error like any other here: Chromium also uses
 * it when the browser itself ends an answer ("The response was disabled"), so only whoever aborted can tell.
 * @param model the name to show
 */
export function promptApiFailure(thrown: unknown, phase: PromptApiPhase, model: string): WitanFailure {
  const name = thrown instanceof Error ? thrown.name : '';
  return (BY_NAME[phase].get(name) ?? OTHERWISE[phase])(model, thrown);
}
