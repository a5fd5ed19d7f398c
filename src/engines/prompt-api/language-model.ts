/**
 * The parts of the Prompt API that Witan uses, as the specification of 2026-06-22 has them
 * (webmachinelearning.github.io/prompt-api; shared parts: writing-assistance-apis). TypeScript's own DOM library has no
 * types for it yet. `topK` and `temperature` are left out on purpose: web pages may set them and are ignored.
 */

export type SamplingMode = 'most-predictable' | 'predictable' | 'balanced' | 'creative' | 'most-creative';

export const AVAILABILITIES = ['unavailable', 'downloadable', 'downloading', 'available'] as const;
export type Availability = (typeof AVAILABILITIES)[number];

export interface LanguageModelMessage {
  readonly role: 'system' | 'user' | 'assistant';
  readonly content: string;
}

interface Expected {
  readonly type: 'text';
  /** BCP 47. */
  readonly languages: readonly string[];
}

/** What `availability()` and `create()` must both be given alike. */
export interface CoreOptions {
  readonly samplingMode: SamplingMode;
  readonly expectedInputs: readonly Expected[];
  readonly expectedOutputs: readonly Expected[];
}

export interface CreateMonitor {
  addEventListener(
    type: 'downloadprogress',
    /** `loaded` is a share, 0..1; sizes in bytes are never told. */
    listener: (event: { readonly loaded: number }) => void,
  ): void;
}

export interface CreateOptions extends CoreOptions {
  readonly initialPrompts: readonly LanguageModelMessage[];
  /** Also destroys the finished session when it aborts later. */
  readonly signal: AbortSignal;
  readonly monitor?: (monitor: CreateMonitor) => void;
}

export interface PromptOptions {
  readonly signal: AbortSignal;
  /** A JSON schema, or a regular expression of which Chromium reads the source only, without its flags. */
  readonly responseConstraint?: RegExp | Readonly<Record<string, unknown>>;
}

export interface LanguageModelSession {
  /** Context in use, in the browser's own unit (tokens in Chromium). */
  readonly contextUsage: number;
  /** May be +∞. */
  readonly contextWindow: number;
  measureContextUsage(input: string, options: PromptOptions): Promise<number>;
  /** Throws at once when the session is gone, and errors the stream for everything that comes later. */
  promptStreaming(input: string, options: PromptOptions): ReadableStream<string>;
  clone(options: { readonly signal: AbortSignal }): Promise<LanguageModelSession>;
  destroy(): void;
}

/** `globalThis.LanguageModel`. */
export interface LanguageModelStatic {
  availability(options: CoreOptions): Promise<Availability>;
  create(options: CreateOptions): Promise<LanguageModelSession>;
}

/** The browser's built-in model, or null where there is none. Looks, and calls nothing. */
export function languageModelOf(scope: object): LanguageModelStatic | null {
  const found: unknown = Reflect.get(scope, 'LanguageModel');
  const usable = typeof found === 'function' && typeof Reflect.get(found, 'create') === 'function';
  return usable ? (found as unknown as LanguageModelStatic) : null;
}
