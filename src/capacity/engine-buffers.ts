import type { Backend } from '#contracts/engine';
import { cpuBatchTokens, GPU_BATCH_TOKENS } from '#contracts/prompt-batch';
import type { Estimate } from '#contracts/estimate';
import type { FullShape } from '#contracts/model-shape';

/** What llama.cpp's buffers depend on besides the shape. */
interface Loading {
  readonly fileBytes: number;
  readonly contextTokens: number;
  readonly backend: Backend;
  readonly threads: number;
  readonly slots?: number;
}

/** llama.cpp pads the context of each sequence to so many tokens (`llama_context`). */
const CONTEXT_STEP = 256;

const padded = (tokens: number): number => CONTEXT_STEP * Math.ceil(tokens / CONTEXT_STEP);

/** Cells of the cache that one answer has to itself, tokens. */
export function cachedTokensOfSlot({ contextTokens, slots = 1 }: Loading): number {
  return Math.max(CONTEXT_STEP, padded(Math.floor(contextTokens / slots)));
}

/** Tokens that are taken at once; no batch is longer than the cache. */
export function batchTokens(loading: Loading): number {
  const { backend, fileBytes, threads, slots = 1 } = loading;
  const cells = slots * cachedTokensOfSlot(loading);
  return Math.min(backend === 'webgpu' ? GPU_BATCH_TOKENS : cpuBatchTokens(fileBytes, threads), cells);
}

/**
 * Keys and values at half precision as llama.cpp keeps them: of the whole padded context in layers that see all of it; in
 * layers with a window of that, one batch, and padding (`llama_kv_cache_iswa`).
 */
export function cacheBytes(shape: FullShape, loading: Loading, batch: number): number {
  const { kvHeads, headDim, attention, sharedKv } = shape;
  const cells = cachedTokensOfSlot(loading);
  const window = attention.windowTokens;
  const reach = window === null ? cells : Math.min(cells, padded(window + batch));
  const full = (attention.full - sharedKv.full) * (shape.fullHeadDim ?? headDim) * cells;
  const sliding = (attention.sliding - sharedKv.sliding) * headDim * reach;
  return 2 * 2 * kvHeads * (full + sliding) * (loading.slots ?? 1);
}

/**
 * Copies of the state of layers that do not keep all of their past, besides that with the prompt: llama.cpp's server takes
 * two while it reads a prompt, a batch and a few tokens before its end (its log: "created context checkpoint").
 */
const CHECKPOINTS = 2;

/**
 * What llama.cpp's server keeps of a question when the next begins otherwise (`server_prompt_cache`): keys and values of its
 * tokens and of its answer's, not of the rest of the context. `stateBytes`: of all recurrent layers.
 */
export function keptBytes(shape: FullShape, tokens: number, stateBytes: number): number {
  const { kvHeads, headDim, attention, sharedKv } = shape;
  const reach = Math.min(tokens, attention.windowTokens ?? tokens);
  const full = (attention.full - sharedKv.full) * (shape.fullHeadDim ?? headDim) * tokens;
  const sliding = (attention.sliding - sharedKv.sliding) * headDim * reach;
  return 2 * 2 * kvHeads * (full + (1 + CHECKPOINTS) * sliding) + (1 + CHECKPOINTS) * stateBytes;
}

interface GraphSize {
  readonly onCard: boolean;
  readonly batch: number;
  readonly slots: number;
  /** Cells that a token is compared with. */
  readonly reach: number;
}

const F32 = 4;
const F16 = 2;

/**
 * Compute and output buffers, bytes; `hostBytes` of them with the processor where a graphics card computes. By llama.cpp's
 * graph of a llama layer and what ggml's allocator makes of it: the most that is alive at once, in the feed-forward block
 * (three tensors of its width, and up to four of the embedding's between whose places they do not fit), in attention (with
 * flash attention no more than queries, keys and values, and a mask in half precision; without it also each head's
 * scores), or at the end (logits of one token for each answer). Within 0.4 % of the engine's whole account over 70 models.
 */
export function scratch(
  shape: FullShape,
  size: GraphSize,
): { readonly bytes: number; readonly hostBytes: number } {
  const { heads, kvHeads, embeddingDim, feedForwardDim, vocabulary } = shape;
  const { onCard, batch, slots, reach } = size;
  const headDim = Math.max(shape.headDim, shape.fullHeadDim ?? 0);
  const embedding = embeddingDim * batch * F32;
  const query = heads * headDim * batch * F32;
  const key = kvHeads * headDim * batch * F32;
  const flash = onCard || slots === 1;
  const mask = reach * batch * (flash ? F16 : F32);
  const kept = onCard ? 4 : Math.min(4, 1 + Math.ceil(feedForwardDim / embeddingDim));
  const feedForward = 3 * feedForwardDim * batch * F32 + kept * embedding;
  const attention = flash
    ? 2 * (embedding + query + key)
    : reach * batch * heads * F32 + 4 * embedding + query + 2 * key;
  const logits = slots * (vocabulary + 4 * embeddingDim) * F32;
  const outputBytes = slots * vocabulary * F32;
  // The processor makes the card's inputs: the rows of the table, and the mask.
  const handedOver = onCard ? embedding + mask : 0;
  return {
    bytes: outputBytes + handedOver + Math.max(mask + Math.max(feedForward, attention), logits),
    hostBytes: onCard ? outputBytes + handedOver : 0,
  };
}

/** Tensors of a layer: llama's nine; norms of queries, keys and outputs in others; more in gated recurrent ones. */
const LAYER_TENSORS: Estimate = { low: 9, median: 11, high: 16 };
/** Beside the layers: the tables, the last norm, and factors of long contexts. */
const OTHER_TENSORS = 3;
const LEAST_NODES = 1024;
const NODES_PER_TENSOR = 8;
/** Of Qwen3.5 and its kin (`llama_context::graph_max_nodes`); not of LFM2, and a shape does not tell them apart. */
const RECURRENT_NODES_PER_TENSOR = 32;

/** Nodes that llama.cpp makes room for in its graph (`llama_context::graph_max_nodes`). */
export function graphNodes(shape: FullShape, synthetic: boolean): Estimate {
  const { layers, attention, tiedEmbeddings } = shape;
  const nodes = (tensors: number, each: number): number =>
    Math.max(LEAST_NODES, each * (tensors * layers + OTHER_TENSORS));
  if (synthetic) {
    const tensors = 9 * layers + (tiedEmbeddings === true ? 2 : 3);
    const exact = Math.max(LEAST_NODES, NODES_PER_TENSOR * tensors);
    return { low: exact, median: exact, high: exact };
  }
  const most = attention.recurrent > 0 ? RECURRENT_NODES_PER_TENSOR : NODES_PER_TENSOR;
  return {
    low: nodes(LAYER_TENSORS.low, NODES_PER_TENSOR),
    median: nodes(LAYER_TENSORS.median, attention.recurrent > 0 ? most / 2 : most),
    high: nodes(LAYER_TENSORS.high, most),
  };
}
