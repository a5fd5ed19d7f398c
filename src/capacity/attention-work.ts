import type { SpeedMeasurement } from '#contracts/capacity';
import type { TokenWork } from './token-work.ts';

/** Where a model runs: how attention is shared out depends on it. */
export type Placement = Pick<SpeedMeasurement, 'backend' | 'threads'>;

/** llama.cpp looks at its cache of keys and values in pieces of so many tokens (`llama_kv_cache::get_n_kv`). */
const CACHE_PIECE = 256;
/** From so many on, the threads share out the tokens of the context; below, the heads (`ggml_compute_forward_flash_attn_ext`). */
const SPLIT_CONTEXT = 512;
/** Batches of so many tokens are compared as blocks of a matrix (`GGML_FA_TILE_Q`). */
const TILE_TOKENS = 64;
/** Time of such a comparison ÷ that of one by one: 20 layers of 256, prompts of 104 to 1,000 tokens, wllama 3.8.1. */
const TILED = 0.2;

/**
 * Tokens of the context that the busiest thread compares with the one that is written. Measured with two threads: 8.8 ms a
 * token at 226 tokens, 11.8 at 276, 12.8 at 488, 15.5 at 616; with one it grows evenly.
 */
function busiest(contextTokens: number, heads: number, { backend, threads }: Placement): number {
  if (backend === 'webgpu' || threads === 1) return contextTokens;
  const looked = CACHE_PIECE * Math.ceil(contextTokens / CACHE_PIECE);
  return looked >= SPLIT_CONTEXT
    ? Math.min(contextTokens, Math.ceil(looked / threads))
    : (contextTokens * Math.ceil(heads / threads)) / heads;
}

/** Comparisons of queries with a context of so many tokens that the busiest thread makes for one written token. */
export function decodeComparisons(work: TokenWork, contextTokens: number, placement: Placement): number {
  const { attention, slidingAttention, windowTokens, heads } = work;
  const reach = Math.min(contextTokens, windowTokens ?? contextTokens);
  return (
    attention * busiest(contextTokens, heads, placement) + slidingAttention * busiest(reach, heads, placement)
  );
}

/**
 * Comparisons for a whole prompt, all threads together: those of whole tiles count for less. Windows end their growth, which
 * is counted at half the prompt's length, on average.
 */
export function promptComparisons(work: TokenWork, promptTokens: number, { backend }: Placement): number {
  const { attention, slidingAttention, windowTokens, batchTokens } = work;
  const context = promptTokens / 2;
  const reach = Math.min(context, windowTokens ?? context);
  const tiled =
    backend === 'cpu' && batchTokens >= TILE_TOKENS
      ? batchTokens * Math.floor(promptTokens / batchTokens)
      : 0;
  return (tiled * TILED + promptTokens - tiled) * (attention * context + slidingAttention * reach);
}
