// The one file that imports web-llm. The worker imports it only to load a model: 6.8 MB of JavaScript.
import { MLCEngine, type AppConfig } from '@mlc-ai/web-llm';
import type { WebLlmEngine } from './web-llm-engine.ts';

/**
 * An engine that knows the models of `appConfig` and has none in memory yet. (The progress of a load would come through
 * `initProgressCallback`, here: bytes as text and a share that starts again at 0 when the weights go to the GPU.)
 */
export function createEngine(appConfig: AppConfig): WebLlmEngine {
  return new MLCEngine({ appConfig, logLevel: 'SILENT' });
}
