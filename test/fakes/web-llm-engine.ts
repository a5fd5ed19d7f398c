import type { AppConfig, ChatCompletionChunk, ChatCompletionRequestStreaming } from '@mlc-ai/web-llm';
import type { WebLlmEngine, WebLlmPackage } from '../../workers/inference/web-llm-engine.ts';
import type { FakeGpu } from './web-llm-gpu.ts';

/** What a fake engine does where the real one works. Each step may wait, fail, or look at what was asked. */
export interface FakeScript {
  promptTokens: number;
  /** Tokens of the answer; null: one that ends inside a character, whose text comes with the next. */
  answer: readonly (string | null)[];
  /** Aborts when the engine is told to unload, as the real one's fetching does. */
  fetching(signal: AbortSignal): Promise<void>;
  /** Between the device and the model. */
  compiling(): Promise<void>;
  compilingGrammar(): Promise<void>;
  /** One run over `tokens` of the prompt, or (1) one decode step. */
  forward(tokens: number): Promise<void>;
  /** Whether a model is there in the end. */
  registers: boolean;
}

const CALM: FakeScript = {
  promptTokens: 10,
  answer: ['Hel', 'lo', '!'],
  fetching: () => Promise.resolve(),
  compiling: () => Promise.resolve(),
  compilingGrammar: () => Promise.resolve(),
  forward: () => Promise.resolve(),
  registers: true,
};

/** web-llm's LLMChatPipeline: what the host reaches of it, and the loops around that. */
export class FakePipeline {
  prefillChunkSize = 1024;
  readonly contextWindowSize: number;
  readonly fullVocabSize = 99;
  readonly forwarded: number[] = [];
  syncs = 0;
  completionTokens = 0;
  readonly #script: FakeScript;

  constructor(script: FakeScript, contextTokens: number) {
    this.#script = script;
    this.contextWindowSize = contextTokens;
  }

  async embedAndForward(_chunk: unknown, tokens: number): Promise<string> {
    this.forwarded.push(tokens);
    await this.#script.forward(tokens);
    return 'logits';
  }

  sync(): Promise<void> {
    this.syncs += 1;
    return Promise.resolve();
  }

  getTokenLogprobArray(): { token: string; logprob: number; bytes: number[] }[] {
    return this.#script.answer
      .slice(0, this.completionTokens)
      .map((token, index) => ({ token: token ?? '\uFFFD', logprob: -1 - index, bytes: [] }));
  }

  getCurRoundCompletionTotalTokens(): number {
    return this.completionTokens;
  }

  /** As the real one's: undefined where there is nothing to compile. */
  prepareGrammarMatcherForSampling(config: ChatCompletionRequestStreaming): Promise<void> | undefined {
    return config.response_format == null ? undefined : this.#script.compilingGrammar();
  }

  async prefill(request: ChatCompletionRequestStreaming): Promise<void> {
    const grammar = this.prepareGrammarMatcherForSampling(request);
    this.completionTokens = 0;
    for (let left = this.#script.promptTokens; left > 0; left -= this.prefillChunkSize)
      await this.embedAndForward([], Math.min(left, this.prefillChunkSize));
    await grammar;
    this.completionTokens = 1;
  }

  async decode(): Promise<void> {
    await this.embedAndForward([[1]], 1);
    this.completionTokens += 1;
  }
}

/** web-llm's MLCEngine 0.2.86: its order of steps, its interrupt flag, its unload that resolves a reload. */
export class FakeEngine implements WebLlmEngine {
  readonly loadedModelIdToPipeline = new Map<string, FakePipeline>();
  readonly requests: ChatCompletionRequestStreaming[] = [];
  readonly appConfig: AppConfig;
  resets = 0;
  unloads = 0;
  interrupts = 0;
  readonly #gpu: FakeGpu;
  readonly #script: FakeScript;
  #interrupted = false;
  #fetching: AbortController | null = null;

  constructor(appConfig: AppConfig, gpu: FakeGpu, script: FakeScript) {
    this.appConfig = appConfig;
    this.#gpu = gpu;
    this.#script = script;
  }

  readonly chat = {
    completions: {
      create: (request: ChatCompletionRequestStreaming): Promise<AsyncIterable<ChatCompletionChunk>> => {
        this.requests.push(request);
        const [pipeline] = this.loadedModelIdToPipeline.values();
        if (pipeline === undefined) return Promise.reject(new Error('Model not loaded'));
        return Promise.resolve(this.#stream(request, pipeline));
      },
    },
  };

  async reload(modelId: string | string[]): Promise<void> {
    this.#fetching = new AbortController();
    try {
      await this.#script.fetching(this.#fetching.signal);
    } catch (thrown) {
      if (thrown instanceof DOMException && thrown.name === 'AbortError') return;
      throw thrown;
    }
    const adapter = await this.#gpu.requestAdapter();
    await adapter?.requestDevice();
    await this.#script.compiling();
    const context = this.appConfig.model_list[0]?.overrides?.context_window_size ?? 0;
    if (this.#script.registers)
      this.loadedModelIdToPipeline.set(String(modelId), new FakePipeline(this.#script, context));
  }

  unload(): Promise<void> {
    this.unloads += 1;
    if (this.loadedModelIdToPipeline.size > 0) this.#gpu.device.destroy();
    this.loadedModelIdToPipeline.clear();
    this.#fetching?.abort();
    return Promise.resolve();
  }

  interruptGenerate(): Promise<void> {
    this.interrupts += 1;
    this.#interrupted = true;
    return Promise.resolve();
  }

  resetChat(): Promise<void> {
    this.resets += 1;
    return Promise.resolve();
  }

  async *#stream(
    request: ChatCompletionRequestStreaming,
    pipeline: FakePipeline,
  ): AsyncGenerator<ChatCompletionChunk> {
    this.#interrupted = false;
    await pipeline.prefill(request);
    const limit = request.max_tokens ?? Infinity;
    let held = '';
    let finish = 'stop';
    for (let next = 0; next < this.#script.answer.length; next += 1) {
      if (next > 0 && this.#interrupted) {
        finish = 'abort';
        break;
      }
      if (next > 0) await pipeline.decode();
      const token = this.#script.answer[next] ?? null;
      if (token === null) held += 'x';
      else {
        yield chunkOf([
          { delta: { content: held + token, role: 'assistant' }, finish_reason: null, index: 0 },
        ]);
        held = '';
      }
      if (next + 1 >= limit) {
        finish = 'length';
        break;
      }
    }
    yield chunkOf([{ delta: {}, finish_reason: finish as 'stop', index: 0 }]);
    yield {
      ...chunkOf([]),
      usage: {
        prompt_tokens: this.#script.promptTokens,
        completion_tokens: pipeline.completionTokens,
        total_tokens: this.#script.promptTokens + pipeline.completionTokens,
        extra: {
          e2e_latency_s: 1,
          prefill_tokens_per_s: 250,
          decode_tokens_per_s: 20,
          time_to_first_token_s: 0.1,
          time_per_output_token_s: 0.05,
        },
      },
    };
  }
}

function chunkOf(choices: ChatCompletionChunk['choices']): ChatCompletionChunk {
  return { id: 'fake', created: 0, model: 'fake', object: 'chat.completion.chunk', choices };
}

/** The package: engines that follow a script, kept for the test to look at. */
export class FakeWebLlm implements WebLlmPackage {
  readonly engines: FakeEngine[] = [];
  readonly script: FakeScript;
  readonly #gpu: FakeGpu;

  constructor(gpu: FakeGpu, script: Partial<FakeScript> = {}) {
    this.#gpu = gpu;
    this.script = { ...CALM, ...script };
  }

  createEngine(appConfig: AppConfig): FakeEngine {
    const engine = new FakeEngine(appConfig, this.#gpu, this.script);
    this.engines.push(engine);
    return engine;
  }

  get engine(): FakeEngine {
    const engine = this.engines.at(-1);
    if (engine === undefined) throw new Error('no engine was made');
    return engine;
  }

  get pipeline(): FakePipeline {
    const [pipeline] = this.engine.loadedModelIdToPipeline.values();
    if (pipeline === undefined) throw new Error('no model is loaded');
    return pipeline;
  }
}
