// The one place in `src` that names worker files (as URLs: nothing of them is bundled into the page).
import telemetryScript from '../../workers/telemetry/telemetry.worker.ts?worker&url';
import webLlmScript from '../../workers/inference/web-llm.worker.ts?worker&url';
import wllamaScript from '../../workers/inference/wllama.worker.ts?worker&url';
import type { Patience } from './worker-supervisor.ts';

export const WORKER_SCRIPTS = {
  wllama: wllamaScript,
  webLlm: webLlmScript,
  telemetry: telemetryScript,
} as const;

/**
 * web-llm computes in the worker's own thread: its script, a tokenizer of 150,000 words and a grammar over these keep that
 * busy for seconds. WEB_LLM_BLOCK_NOTE
 */
export const WEB_LLM_PATIENCE: Patience = { silenceAllowedMs: 30_000 };
