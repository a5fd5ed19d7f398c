// The one file that imports web-llm. The worker imports it only to load a model: 6.8 MB of JavaScript.
import { MLCEngine, type AppConfig } from '@mlc-ai/web-llm';
import type { WebLlmEngine, WebLlmReport } from './web-llm-engine.ts';

/** An engine that knows the models of `appConfig` and has none in memory yet. */
export function createEngine(appConfig: AppConfig, onReport: (report: WebLlmReport) => void): WebLlmEngine {
  return new MLCEngine({ appConfig, logLevel: 'SILENT', initProgressCallback: onReport });
}
