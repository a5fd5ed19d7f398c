// The one place in `src` that names worker files (as URLs: nothing of them is bundled into the page).
import evaluationScript from '../../workers/evaluation/evaluation.worker.ts?worker&url';
import microBenchScript from '../../workers/bench/micro-bench.worker.ts?worker&url';
import modelStoreScript from '../../workers/storage/model-store.worker.ts?worker&url';
import hashScript from '../../workers/storage/hash.worker.ts?worker&url';
import remoteScript from '../../workers/inference/remote.worker.ts?worker&url';
import syntheticScript from '../../workers/bench/synthetic.worker.ts?worker&url';
import telemetryScript from '../../workers/telemetry/telemetry.worker.ts?worker&url';
import webLlmScript from '../../workers/inference/web-llm.worker.ts?worker&url';
import wllamaScript from '../../workers/inference/wllama.worker.ts?worker&url';
import type { Patience } from './worker-supervisor.ts';

export const WORKER_SCRIPTS = {
  wllama: wllamaScript,
  webLlm: webLlmScript,
  remote: remoteScript,
  modelStore: modelStoreScript,
  hash: hashScript,
  telemetry: telemetryScript,
  synthetic: syntheticScript,
  microBench: microBenchScript,
  evaluation: evaluationScript,
} as const;

/**
 * web-llm computes in the worker's own thread. Measured on two slow cores with a vocabulary of 150,000: at one go up to
 * 2.3 s in loading (script, tokenizer), 1 s for a grammar, 0.6 s in a step of a prefill; a phone may be ten times slower.
 */
export const WEB_LLM_PATIENCE: Patience = { silenceAllowedMs: 30_000 };
