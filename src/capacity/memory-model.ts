import type { Backend } from '#contracts/engine';
import type { Estimate } from '#contracts/estimate';
import { isFullShape, type FullShape, type ModelShape } from '#contracts/model-shape';
import {
  batchTokens,
  cacheBytes,
  cachedTokensOfSlot,
  graphNodes,
  keptBytes,
  scratch,
} from './engine-buffers.ts';

const MIB = 2 ** 20;

/** A model and how wllama would be asked to load it. */
export interface MemoryQuestion {
  readonly shape: ModelShape;
  /** All of its files together. */
  readonly fileBytes: number;
  /** Tensor data alone, where it is known: without the metadata, of which the tokenizer is the largest part. */
  readonly tensorBytes?: number;
  readonly contextTokens: number;
  /** Keys and values of the whole context, where only that is known of the shape; an upper bound. */
  readonly knownCacheBytes?: number | null;
  /** Any but `webgpu` is taken for the processor. */
  readonly backend: Backend;
  readonly threads: number;
  /** Answers at a time, among which the context is shared out; 1 unless given. */
  readonly slots?: number;
  /** Whether it is one of the models of random weights: then nothing of its architecture is in doubt. */
  readonly synthetic?: boolean;
}

export interface MemoryParts {
  /** Tensor data. On the graphics card also the copy of the table of tokens that stays with the processor. */
  readonly weightsBytes: number;
  /** Keys and values of the whole context, and the state of recurrent layers. */
  readonly cacheBytes: number;
  /** What the graph of one batch is computed in, and the logits that are handed out. */
  readonly scratchBytes: number;
  /** All that the browser takes beside: compiled code, tokenizer, graph, threads, the worker itself. */
  readonly engineBytes: number;
}

export interface MemoryPrediction {
  /** Medians; they add up to that of `total`. Null where the shape is not known. */
  readonly parts: MemoryParts | null;
  /** Bytes that it takes of the device's memory while it runs, graphics memory included. */
  readonly total: Estimate;
  /** The engine's own account of it: weights, cache and scratch. */
  readonly accounted: Estimate;
  /** How far the engine's WASM memory must grow; it holds 4 GiB at most. */
  readonly heap: Estimate;
  /** What must lie in graphics memory; null on the processor. */
  readonly graphics: Estimate | null;
  /**
   * What a conversation of `KEPT_QUESTIONS` adds to `total`, in the engine's WASM memory also beside a card: nothing where
   * each question begins as the one before, `high` where none does.
   */
  readonly kept: Estimate;
}

/**
 * Beyond what it accounts for, wllama 3.8.1's memory holds its constants and stacks, measured over 70 synthetic models of
 * 2 to 32 layers, widths of 128 to 960 and vocabularies of 512 to 49,152 (tools/measure/memory-sweep.ts, Chromium 156):
 * least squares of where the last byte lay that was not zero, residuals within 0.5 MiB.
 */
const HEAP_BASE_BYTES = 13.1e6;
/** A stack of 5 MB (`STACK_SIZE`) for each further thread; same measurement. */
const HEAP_THREAD_BYTES = 5.4e6;
/**
 * For each node that its graph may have. llama.cpp's scheduler allows every node to be a split with 30 inputs of two
 * tensors each (`ggml_backend_sched_new`): 60 × 336 B, of which next to nothing is ever written.
 */
const HEAP_NODE_BYTES = 22_600;
/** For each token it knows: both directions of the vocabulary and the pieces it prints (same measurement). */
const HEAP_TOKEN_BYTES = 126;
/** For each pair that its tokenizer may join, of which there are about as many as tokens: 89 to 109 B were measured. */
const HEAP_MERGE_BYTES = 115;
/** What the first answer adds: 0.7 to 1 MB, and candidates to choose a token among. */
const HEAP_ANSWER_BYTES = 1e6;
const HEAP_CANDIDATE_BYTES = 16;

/**
 * What the processes of the page grew by beyond the engine's account (proportional set size in pages that had done nothing
 * else, a worker, wllama's worker and its compiled code among it; Chromium 156, six loads, before and after an answer): 86 to
 * 143 MiB with a vocabulary of 512, 149 to 193 MiB with one of 151,936 and its merges, 97 to 190 MiB for SmolLM2-135M's
 * shape on two threads. Compiled code comes and goes.
 */
const ENGINE_BASE_BYTES = { low: 80 * MIB, median: 115 * MIB, high: 190 * MIB };
const ENGINE_TOKEN_BYTES = { low: 150, median: 400, high: 550 };

/**
 * Metadata of a file for each token of the vocabulary: its text with a length (8 B), its kind (4 B) and about one merge.
 * The synthetic models have 19 B, having no merges.
 */
const HEADER_TOKEN_BYTES = { low: 15, median: 40, high: 60 };

/** A state of 64-bit products of keys and values: Qwen3.5's is 205 to 256 numbers of 4 B per value of the embedding. */
const RECURRENT_STATE_BYTES = { low: 0, median: 512, high: 1024 };

/**
 * How far a figure may be from that of the formula: of the scratch, which other architectures than llama's have more of
 * (norms of queries and keys, inputs for each layer); of the heap, by its residuals.
 */
const SCRATCH_DOUBT = { synthetic: { low: 0.85, high: 1.15 }, other: { low: 0.7, high: 1.6 } } as const;
const HEAP_DOUBT_BYTES = 2.5 * MIB;
/** Of the heap beside the graphics card, by eight models: up to 8 MiB above the formula. */
const HEAP_DOUBT_GRAPHICS_BYTES = 9 * MIB;

/** Vocabularies of models that run here; the bounds where one is not known. */
const VOCABULARY = { low: 0, median: 128_000, high: 262_144 };

/** That of a synthetic model of 1 M parameters, and of a 4B model with a vocabulary of 262,144 on a card, doubled. */
const UNKNOWN_SCRATCH_BYTES = { low: 0.3 * MIB, median: 16 * MIB, high: 128 * MIB };

/**
 * wllama does not let llama.cpp's prompt cache be turned off or limited, so it has its default of 8 GiB, more than there is:
 * a question that shares less than half of what the slot holds leaves a copy of that. Measured: 7.24 MiB for each question
 * of 232 tokens of 32 KiB, answer included (tools/measure/kept-prompts.ts, Chromium 150, 1, 3 and 9 questions). When the WASM memory is full the
 * oldest are let go (`server_prompt_cache::alloc` bears a failed allocation), hence the bound.
 */
export const KEPT_QUESTIONS = 50;
/** Of a question and its answer: a question of a few sentences, an answer of a few paragraphs. */
export const KEPT_TOKENS = 512;
/** Most that WASM memory holds. */
const HEAP_BYTES = 4 * 2 ** 30;

const scaled = ({ low, median, high }: Estimate, by: number): Estimate => ({
  low: low * by,
  median: median * by,
  high: high * by,
});
const exactly = (bytes: number): Estimate => ({ low: bytes, median: bytes, high: bytes });
const sum = (...terms: readonly Estimate[]): Estimate => ({
  low: terms.reduce((total, { low }) => total + low, 0),
  median: terms.reduce((total, { median }) => total + median, 0),
  high: terms.reduce((total, { high }) => total + high, 0),
});
const widened = ({ low, median, high }: Estimate, by: number): Estimate => ({
  low: Math.max(0, low - by),
  median,
  high: high + by,
});

function tensorData({ tensorBytes, fileBytes }: MemoryQuestion, vocabulary: Estimate): Estimate {
  if (tensorBytes !== undefined) return exactly(tensorBytes);
  const header = (perToken: number, tokens: number): number => Math.min(fileBytes, perToken * tokens);
  return {
    low: fileBytes - header(HEADER_TOKEN_BYTES.high, vocabulary.high),
    median: fileBytes - header(HEADER_TOKEN_BYTES.median, vocabulary.median),
    high: fileBytes - header(HEADER_TOKEN_BYTES.low, vocabulary.low),
  };
}

function heapBesides(vocabulary: Estimate, nodes: Estimate, threads: number, synthetic: boolean): Estimate {
  const merges = synthetic ? exactly(0) : { low: 0, median: 0.5 * HEAP_MERGE_BYTES, high: HEAP_MERGE_BYTES };
  const perToken = sum(exactly(HEAP_TOKEN_BYTES + HEAP_CANDIDATE_BYTES), merges);
  return sum(
    exactly(HEAP_BASE_BYTES + HEAP_ANSWER_BYTES + HEAP_THREAD_BYTES * (threads - 1)),
    scaled(nodes, HEAP_NODE_BYTES),
    {
      low: perToken.low * vocabulary.low,
      median: perToken.median * vocabulary.median,
      high: perToken.high * vocabulary.high,
    },
  );
}

function engineBytes(vocabulary: Estimate): Estimate {
  const of = (bound: keyof Estimate): number =>
    ENGINE_BASE_BYTES[bound] + ENGINE_TOKEN_BYTES[bound] * vocabulary[bound];
  return { low: of('low'), median: of('median'), high: of('high') };
}

/**
 * Bytes of the table of tokens. llama.cpp gives an output table 6.6 bits for each weight (`Q6_K`), 8.5 where a row is no
 * whole number of its blocks of 256, and in files that have as many everywhere.
 */
function tableBytes(shape: FullShape, weights: Estimate): Estimate {
  const { layers, heads, kvHeads, headDim, embeddingDim, feedForwardDim, vocabulary, tiedEmbeddings } = shape;
  const parameters = vocabulary * embeddingDim;
  const perLayer = embeddingDim * (2 * headDim * (heads + kvHeads) + 3 * feedForwardDim);
  const all = layers * perLayer + parameters * (tiedEmbeddings === false ? 2 : 1);
  const fine = embeddingDim % 256 !== 0 || (8 * weights.median) / all > 7.5;
  const of = (bits: number, most: number): number => Math.min(most, (parameters * bits) / 8);
  return {
    low: of(4.5, weights.low),
    median: of(fine ? 8.5 : 6.5625, weights.median),
    high: of(8.5, weights.high),
  };
}

function cacheOf(question: MemoryQuestion, shape: FullShape, batch: number): Estimate {
  const { attention, embeddingDim } = shape;
  const state = scaled(RECURRENT_STATE_BYTES, attention.recurrent * embeddingDim * (question.slots ?? 1));
  return sum(exactly(cacheBytes(shape, question, batch)), state);
}

/** @param each what a question and its answer leave, bytes */
function keptOf(each: Estimate, heap: Estimate): Estimate {
  const of = (bytes: number): number => Math.min(KEPT_QUESTIONS * bytes, Math.max(0, HEAP_BYTES - heap.low));
  return { low: 0, median: of(each.median), high: of(each.high) };
}

const keptTokens = (question: MemoryQuestion): number =>
  Math.min(KEPT_TOKENS, question.contextTokens / (question.slots ?? 1));

/** What is known of a model without its dimensions: bounds, in which nothing is left out. */
function bounded(question: MemoryQuestion): MemoryPrediction {
  const vocabulary = question.shape.vocabulary === null ? VOCABULARY : exactly(question.shape.vocabulary);
  const weights = tensorData(question, vocabulary);
  // At 4,096 tokens even models that do not share heads stay below their weights (32 heads of 7B: 2 GiB beside 4 GB at four
  // bits); a longer context in proportion.
  const most = question.knownCacheBytes ?? weights.high * Math.max(1, question.contextTokens / 4096);
  const cache = { low: 0, median: question.knownCacheBytes ?? 0.25 * weights.median, high: most };
  const accounted = sum(weights, cache, UNKNOWN_SCRATCH_BYTES);
  const nodes = { low: 1024, median: 3000, high: 16_000 };
  const onCard = question.backend === 'webgpu';
  const heap = (bytes: Estimate): Estimate => sum(bytes, widened(besides, HEAP_DOUBT_GRAPHICS_BYTES));
  const copy = onCard ? { low: 0, median: 0.1 * weights.median, high: 0.5 * weights.high } : exactly(0);
  const besides = heapBesides(vocabulary, nodes, question.threads, false);
  return {
    parts: null,
    accounted: sum(accounted, copy),
    total: sum(accounted, copy, engineBytes(vocabulary)),
    heap: heap(onCard ? copy : accounted),
    graphics: onCard ? accounted : null,
    kept: keptOf(
      scaled(cache, keptTokens(question) / Math.max(1, question.contextTokens)),
      heap(onCard ? copy : accounted),
    ),
  };
}

/**
 * The memory that a GGUF model takes in wllama 3.8.1 as `workers/inference` loads it: keys and values at half precision,
 * batches of `wllama-batch.ts`, flash attention on the card and for one answer at a time. Medians with intervals of 90 %,
 * bytes. What the engine keeps of earlier questions is not in `total` but in `kept`: as loaded there is none, and the interval
 * of `total` would not cover it (Llama 3.2 1B: 50 questions of 512 tokens leave 800 MiB).
 */
export function predictMemory(question: MemoryQuestion): MemoryPrediction {
  const { shape, backend, threads, synthetic = false } = question;
  if (!isFullShape(shape)) return bounded(question);
  const vocabulary = exactly(shape.vocabulary);
  const weights = tensorData(question, vocabulary);
  const onCard = backend === 'webgpu';
  const batch = batchTokens(question);
  const cache = cacheOf(question, shape, batch);
  const buffers = scratch(shape, {
    onCard,
    batch,
    slots: question.slots ?? 1,
    reach: cachedTokensOfSlot(question),
  });
  const doubt = SCRATCH_DOUBT[synthetic ? 'synthetic' : 'other'];
  const doubted = (bytes: number): Estimate => ({
    low: doubt.low * bytes,
    median: bytes,
    high: doubt.high * bytes,
  });
  const table = tableBytes(shape, weights);
  // The input table never leaves the processor. Where it is the output table too, the card has a copy.
  const tied = shape.tiedEmbeddings;
  const copied = onCard && tied !== false ? { ...table, low: tied === true ? table.low : 0 } : exactly(0);
  const held = sum(weights, copied);
  const accounted = sum(held, cache, doubted(buffers.bytes));
  const engine = engineBytes(vocabulary);
  const besides = heapBesides(vocabulary, graphNodes(shape, synthetic), threads, synthetic);
  const onProcessor = onCard ? sum(table, exactly(buffers.hostBytes)) : accounted;
  const total = sum(accounted, engine);
  const heap = widened(sum(onProcessor, besides), onCard ? HEAP_DOUBT_GRAPHICS_BYTES : HEAP_DOUBT_BYTES);
  const state = scaled(RECURRENT_STATE_BYTES, shape.attention.recurrent * shape.embeddingDim);
  const left = (stateBytes: number): number => keptBytes(shape, keptTokens(question), stateBytes);
  return {
    parts: {
      weightsBytes: held.median,
      cacheBytes: cache.median,
      scratchBytes: buffers.bytes,
      engineBytes: engine.median,
    },
    total,
    accounted,
    heap,
    graphics: onCard ? sum(weights, cache, doubted(buffers.bytes - buffers.hostBytes)) : null,
    kept: keptOf({ low: left(state.low), median: left(state.median), high: left(state.high) }, heap),
  };
}
