import type {
  AppConfig,
  ChatCompletionChunk,
  ChatCompletionRequestStreaming,
  InitProgressReport,
  MLCEngine,
} from '@mlc-ai/web-llm';
import { manifestOf } from '#contracts/catalogue';
import type { LoadOptions, LoadProgress, MlcSource } from '#contracts/engine';

/** The part of web-llm's `MLCEngine` that the host uses. */
export interface WebLlmEngine extends Pick<
  MLCEngine,
  'reload' | 'unload' | 'interruptGenerate' | 'resetChat'
> {
  readonly chat: {
    readonly completions: {
      create(request: ChatCompletionRequestStreaming): Promise<AsyncIterable<ChatCompletionChunk>>;
    };
  };
}

/** What web-llm says of a load while it goes on. */
export type WebLlmReport = Pick<InitProgressReport, 'progress' | 'text'>;

/** What `web-llm-package.ts` exports. */
export interface WebLlmPackage {
  createEngine(appConfig: AppConfig, onReport: (report: WebLlmReport) => void): WebLlmEngine;
}

/** The phases that web-llm names in its text. (Its third, fetching, it tells file by file: see `WebLlmDownloads`.) */
const PHASES = [
  [/^Loading model from cache/, 'upload'],
  [/^Loading GPU shader modules/, 'compile'],
] as const;

/**
 * A report in our words; null for those that tell nothing new.
 * @param weightBytes all weights, bytes
 */
export function progressOf({ progress, text }: WebLlmReport, weightBytes: number): LoadProgress | null {
  const phase = PHASES.find(([words]) => words.test(text))?.[1];
  if (phase === undefined || !Number.isFinite(progress)) return null;
  const fraction = Math.min(1, Math.max(0, progress));
  return phase === 'upload'
    ? { phase, fraction, bytes: Math.round(fraction * weightBytes) }
    : { phase, fraction };
}

/**
 * The folder in a form that web-llm leaves alone: to an address without `/resolve/<revision>/` (Hugging Face's form) it
 * adds `resolve/main/`. A fragment with those words satisfies it, and is dropped when files are looked up in the folder.
 */
export function folderForWebLlm(weightsUrl: string): string {
  const folder = weightsUrl.endsWith('/') ? weightsUrl : `${weightsUrl}/`;
  return /.+\/resolve\/.+\//.test(folder) ? folder : `${folder}#/resolve/main/`;
}

/**
 * Where web-llm finds the compiled library among its files. From some addresses (with `localhost` in them, or without
 * `http`) it would fetch it by itself, past every cache; nobody is at this one.
 */
export const LIBRARY_ADDRESS = 'https://library.witan.invalid/model.wasm';

/** web-llm's configuration for exactly one model of ours. */
export function appConfigFor(model: MlcSource, options: LoadOptions): AppConfig {
  const manifest = manifestOf(model);
  return {
    cacheBackend: 'cache',
    model_list: [
      {
        model: folderForWebLlm(model.weightsUrl),
        model_id: model.id,
        model_lib: LIBRARY_ADDRESS,
        overrides: {
          // Only one of the two windows may be positive, and some models come with a sliding one.
          sliding_window_size: -1,
          ...model.overrides,
          context_window_size: options.contextTokens,
        },
        required_features: [...model.requiredFeatures],
        ...(manifest === null ? {} : { model_manifest: manifest }),
      },
    ],
  };
}
