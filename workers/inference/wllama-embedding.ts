import { err, ok } from '#kernel/result';
import { failure, type Outcome } from '#contracts/errors';
import type { Embeddings } from '#contracts/worker-api';
import { EngineLost } from './wllama-actions.ts';
import type { Answering } from './wllama-answer.ts';
import { wllamaFailure } from './wllama-errors.ts';
import { cancelRequest, embeddingRequest, resultRequest } from './wllama-messages.ts';
import { embeddingOf, requestId, stepResult } from './wllama-results.ts';

/**
 * One vector of length 1 per text, in one slot: wllama returns only the last of several inputs, so each text is a request of
 * its own.
 * Errors: request-unsupported (an empty text), context-exceeded, engine-failed, and the failure of a lost engine.
 */
export async function embedTexts(engine: Answering, texts: readonly string[]): Promise<Outcome<Embeddings>> {
  const { model } = engine;
  if (texts.some((text) => text.trim() === ''))
    return err(failure('request-unsupported', { model, reason: 'empty-text' }));
  const vectors: Float32Array[] = [];
  let tokens = 0;
  try {
    for (const text of texts) {
      const found = await embedOne(engine, text);
      vectors.push(unitVector(found.vector));
      tokens += found.tokens;
    }
  } catch (thrown) {
    if (thrown instanceof EngineLost) return err(thrown.problem);
    return err(wllamaFailure(thrown, model, engine.log.takeProblems()));
  }
  return ok({ vectors, tokens });
}

async function embedOne({ actions }: Answering, text: string): Promise<ReturnType<typeof embeddingOf>> {
  const id = requestId(await actions.now('embedding', embeddingRequest(text)));
  let open: number | null = id;
  const { signal } = new AbortController();
  try {
    for (;;) {
      const { hasMore, data } = stepResult(await actions.step(signal, 'get_result', resultRequest(id)));
      if (!hasMore) open = null;
      if (data !== null) return embeddingOf(data);
      if (!hasMore) throw new Error('no embedding came');
    }
  } finally {
    if (open !== null) await actions.now('cancel', cancelRequest(open)).catch(() => undefined);
  }
}

/** llama.cpp makes them of length 1 already, except where a model pools by itself. */
function unitVector(values: readonly number[]): Float32Array {
  const length = Math.hypot(...values);
  return Float32Array.from(values, (value) => (length > 0 ? value / length : 0));
}
