import type { TokenLogprob } from '#contracts/engine';

/** Tokens of a prompt between two looks at a stop. Whole GPU tiles (64); at 130 tokens/s a look each second. */
const PREFILL_CHUNK_TOKENS = 128;

/** Thrown through web-llm's prefill, which has no other way out. */
export class PrefillStopped extends Error {
  override readonly name = 'PrefillStopped';
}

interface PromptChunk {
  readonly tokenIds: readonly number[];
  readonly modalityIds: readonly number[];
  readonly embeddings?: unknown;
}

/** The part of web-llm's `LLMChatPipeline` (0.2.86) that we reach behind its public face. */
interface ChatPipeline {
  prefillChunkSize: number;
  readonly contextWindowSize: number;
  readonly fullVocabSize: number;
  embedAndForward(chunk: unknown, tokens: number): Promise<unknown>;
  sync(): Promise<void>;
  getTokenLogprobArray(): readonly TokenLogprob[];
  getCurRoundCompletionTotalTokens?(): number;
  prepareGrammarMatcherForSampling?(config: unknown): Promise<void> | undefined;
  /** Only models that are loaded through a manifest take these three. */
  getArtifactPrefillChunks?(): Promise<[chunks: readonly PromptChunk[], promptTokens: number]>;
  getArtifactTextEmbeddings?(tokenIds: readonly number[]): unknown;
  artifactPrefillAndForward?(
    embeddings: unknown,
    tokenIds: readonly number[],
    modalityIds: readonly number[],
  ): unknown;
}

const METHODS = ['embedAndForward', 'sync', 'getTokenLogprobArray'] as const;
const FIGURES = ['prefillChunkSize', 'contextWindowSize', 'fullVocabSize'] as const;

function isChatPipeline(value: unknown): value is ChatPipeline {
  return (
    typeof value === 'object' &&
    value !== null &&
    METHODS.every((name) => typeof Reflect.get(value, name) === 'function') &&
    FIGURES.every((name) => Number(Reflect.get(value, name)) > 0)
  );
}

/**
 * A loaded model inside web-llm. Makes the prefill stoppable: web-llm looks at an interrupt only between decoded tokens,
 * takes a prompt in chunks as large as the library was compiled for (1024 or 4096 tokens, whatever the configuration
 * says), and gives all of them to the GPU before it waits for the first. Here chunks are small, each is waited for, and
 * a stop is seen before the next.
 */
export class SteppedPipeline {
  readonly #pipeline: ChatPipeline;
  #stop: AbortSignal | null = null;
  #onStep: () => void = () => undefined;
  #grammar: Promise<unknown> = Promise.resolve();

  private constructor(pipeline: ChatPipeline) {
    this.#pipeline = pipeline;
    pipeline.prefillChunkSize = Math.min(pipeline.prefillChunkSize, PREFILL_CHUNK_TOKENS);
    this.#stepPrefill(pipeline);
    this.#stepManifestPrefill(pipeline);
    const prepare = pipeline.prepareGrammarMatcherForSampling?.bind(pipeline);
    if (prepare !== undefined)
      pipeline.prepareGrammarMatcherForSampling = (config) => {
        const preparing = prepare(config);
        this.#grammar = Promise.resolve(preparing).catch(() => undefined);
        return preparing;
      };
  }

  /**
   * The model that an engine has in memory: null when it has none, 'incompatible' when this web-llm is built otherwise
   * than the one this file was written for.
   */
  static of(engine: object, modelId: string): SteppedPipeline | null | 'incompatible' {
    const pipelines: unknown = Reflect.get(engine, 'loadedModelIdToPipeline');
    if (!(pipelines instanceof Map)) return 'incompatible';
    const pipeline: unknown = pipelines.get(modelId);
    if (pipeline === undefined) return null;
    return isChatPipeline(pipeline) ? new SteppedPipeline(pipeline) : 'incompatible';
  }

  get contextTokens(): number {
    return this.#pipeline.contextWindowSize;
  }

  get vocabularySize(): number {
    return this.#pipeline.fullVocabSize;
  }

  /** Tokens of the current answer, its end token included; null when this web-llm does not count them. */
  get tokens(): number | null {
    return this.#pipeline.getCurRoundCompletionTotalTokens?.() ?? null;
  }

  /** Of the current answer's tokens; empty unless they were asked for. */
  get logprobs(): readonly TokenLogprob[] {
    return this.#pipeline.getTokenLogprobArray().map(({ token, logprob }) => ({ token, logprob }));
  }

  /**
   * For the answer that comes next: its prefill throws `PrefillStopped` soon after `stop` aborts, and `onStep` is called
   * after each chunk of the prompt and each token.
   */
  follow(stop: AbortSignal, onStep: () => void): void {
    this.#stop = stop;
    this.#onStep = onStep;
  }

  /** A grammar that is compiled beside a prefill outlives its stop, and the next request must not meet it half done. */
  async idle(): Promise<void> {
    await this.#grammar;
  }

  #stepPrefill(pipeline: ChatPipeline): void {
    const forward = pipeline.embedAndForward.bind(pipeline);
    pipeline.embedAndForward = async (chunk, tokens) => {
      // One token is a decode step, which web-llm waits for and its own interrupt ends.
      if (tokens > 1) this.#throwIfStopped();
      const logits = await forward(chunk, tokens);
      if (tokens > 1) await pipeline.sync();
      this.#onStep();
      if (tokens > 1) this.#throwIfStopped();
      return logits;
    };
  }

  /** Models with a manifest forward all chunks without a pause: here all but the last go one by one, before. */
  #stepManifestPrefill(pipeline: ChatPipeline): void {
    const chunksOf = pipeline.getArtifactPrefillChunks?.bind(pipeline);
    if (chunksOf === undefined) return;
    pipeline.getArtifactPrefillChunks = async () => {
      const [chunks, promptTokens] = await chunksOf();
      for (const { tokenIds, modalityIds, embeddings } of chunks.slice(0, -1)) {
        this.#throwIfStopped();
        const input = embeddings ?? pipeline.getArtifactTextEmbeddings?.(tokenIds);
        pipeline.artifactPrefillAndForward?.(input, tokenIds, modalityIds);
        await pipeline.sync();
        this.#onStep();
      }
      this.#throwIfStopped();
      return [chunks.slice(-1), promptTokens];
    };
  }

  #throwIfStopped(): void {
    if (this.#stop?.aborted === true) throw new PrefillStopped('stopped');
  }
}
