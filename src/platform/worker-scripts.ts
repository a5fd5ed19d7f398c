// The one place in `src` that names worker files (as URLs: nothing of them is bundled into the page).
import telemetryScript from '../../workers/telemetry/telemetry.worker.ts?worker&url';
import webLlmScript from '../../workers/inference/web-llm.worker.ts?worker&url';
import wllamaScript from '../../workers/inference/wllama.worker.ts?worker&url';

export const WORKER_SCRIPTS = {
  wllama: wllamaScript,
  webLlm: webLlmScript,
  telemetry: telemetryScript,
} as const;
