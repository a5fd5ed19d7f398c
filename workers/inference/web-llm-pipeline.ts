import type { TokenLogprob } from '#contracts/engine';
import { PrefillStep } from './web-llm-prefill-step.ts';

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

/** The tokens of a chunk of pure text; null when there is more in it. */
function tokenIdsOf(chunk: unknown, tokens: number): readonly number[] | null {
  if (!Array.isArray(chunk) || !chunk.every((part) => Array.isArray(part))) return null;
  const ids = (chunk as readonly (readonly number[])[]).flat();
  return ids.length === tokens ? ids : null;
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
  #onGrammar: (compiles: boolean) => void = () => undefined;
  #grammar: Promise<unknown> = Promise.resolve();
  readonly #step: PrefillStep;
  readonly #nowMs: () => number;

  private constructor(pipeline: ChatPipeline, nowMs: () => number) {
    this.#pipeline = pipeline;
    this.#nowMs = nowMs;
    this.#step = new PrefillStep(pipeline.prefillChunkSize);
    pipeline.prefillChunkSize = this.#step.tokens;
    this.#stepPrefill(pipeline);
    this.#stepManifestPrefill(pipeline);
    const prepare = pipeline.prepareGrammarMatcherForSampling?.bind(pipeline);
    if (prepare !== undefined)
      pipeline.prepareGrammarMatcherForSampling = (config) => {
        const preparing = prepare(config);
        // Undefined: no grammar, or that of the answer before.
        if (preparing === undefined) return undefined;
        const onGrammar = this.#onGrammar;
        onGrammar(true);
        this.#grammar = preparing
          .catch(() => undefined)
          .finally(() => {
            onGrammar(false);
          });
        return preparing;
      };
  }

  /**
   * The model that an engine has in memory: null when it has none, 'incompatible' when this web-llm is built otherwise
   * than the one this file was written for.
   */
  static of(
    engine: object,
    modelId: string,
    nowMs: () => number = () => performance.now(),
  ): SteppedPipeline | null | 'incompatible' {
    const pipelines: unknown = Reflect.get(engine, 'loadedModelIdToPipeline');
    if (!(pipelines instanceof Map)) return 'incompatible';
    const pipeline: unknown = pipelines.get(modelId);
    if (pipeline === undefined) return null;
    return isChatPipeline(pipeline) ? new SteppedPipeline(pipeline, nowMs) : 'incompatible';
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
   * @param onGrammar called before a grammar is compiled, which may block this thread for long, and after
   */
  follow(
    stop: AbortSignal,
    onStep: () => void,
    onGrammar: (compiles: boolean) => void = () => undefined,
  ): void {
    this.#stop = stop;
    this.#onGrammar = onGrammar;
    this.#onStep = onStep;
    // Never within an answer: its chunks are cut already, and web-llm refuses one that is larger than this.
    this.#pipeline.prefillChunkSize = this.#step.tokens;
  }

  /** A grammar that is compiled beside a prefill outlives its stop, and the next request must not meet it half done. */
  async idle(): Promise<void> {
    await this.#grammar;
  }

  #stepPrefill(pipeline: ChatPipeline): void {
    const forward = pipeline.embedAndForward.bind(pipeline);
    pipeline.embedAndForward = async (chunk, tokens) => {
      // One token is a decode step, which web-llm waits for and its own interrupt ends.
      if (tokens === 1) {
        const logits = await forward(chunk, tokens);
        this.#onStep();
        return logits;
      }
      const ids = tokenIdsOf(chunk, tokens);
      if (ids === null) return this.#timed(tokens, () => forward(chunk, tokens));
      let logits: unknown;
      for (let from = 0; from < ids.length;) {
        const some = ids.slice(from, from + this.#step.tokens);
        from += some.length;
        logits = await this.#timed(some.length, () => forward([some], some.length));
      }
      return logits;
    };
  }

  /** Models with a manifest forward all chunks without a pause: here all but the last go one by one, before. */
  #stepManifestPrefill(pipeline: ChatPipeline): void {
    const chunksOf = pipeline.getArtifactPrefillChunks?.bind(pipeline);
    if (chunksOf === undefined) return;
    pipeline.getArtifactPrefillChunks = async () => {
      const [chunks, promptTokens] = await chunksOf();
      for (const { tokenIds, modalityIds, embeddings } of chunks.slice(0, -1))
        await this.#timed(tokenIds.length, () => {
          const input = embeddings ?? pipeline.getArtifactTextEmbeddings?.(tokenIds);
          return pipeline.artifactPrefillAndForward?.(input, tokenIds, modalityIds);
        });
      this.#throwIfStopped();
      return [chunks.slice(-1), promptTokens];
    };
  }

  /** One step of a prefill, waited for, with a look at the stop before and after it. */
  async #timed<T>(tokens: number, forward: () => T): Promise<Awaited<T>> {
    this.#throwIfStopped();
    const startedMs = this.#nowMs();
    const logits = await forward();
    await this.#pipeline.sync();
    this.#step.took(tokens, this.#nowMs() - startedMs);
    this.#onStep();
    this.#throwIfStopped();
    return logits;
  }

  #throwIfStopped(): void {
    if (this.#stop?.aborted === true) throw new PrefillStopped('stopped');
  }
}
