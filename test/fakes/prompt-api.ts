import type {
  Availability,
  CoreOptions,
  CreateOptions,
  LanguageModelSession,
  LanguageModelStatic,
  PromptOptions,
} from '../../src/engines/prompt-api/language-model.ts';

/** As `QuotaExceededError` in browsers since 2026: a DOMException with two figures. */
export class QuotaExceeded extends DOMException {
  readonly requested: number;
  readonly quota: number;

  constructor(requested: number, quota: number) {
    super('The input is too large.', 'QuotaExceededError');
    this.requested = requested;
    this.quota = quota;
  }
}

/** One answer under way: the test says what comes. As in browsers, an abort of its signal errors the stream. */
export class FakeAnswer {
  readonly prompt: string;
  readonly options: PromptOptions;
  readonly stream: ReadableStream<string>;
  #controller: ReadableStreamDefaultController<string> | null = null;

  constructor(prompt: string, options: PromptOptions) {
    this.prompt = prompt;
    this.options = options;
    this.stream = new ReadableStream<string>({
      start: (controller) => {
        this.#controller = controller;
      },
    });
    options.signal.addEventListener('abort', () => {
      this.fail(options.signal.reason);
    });
  }

  say(...pieces: readonly string[]): void {
    for (const piece of pieces) this.#controller?.enqueue(piece);
  }

  end(): void {
    this.#controller?.close();
    this.#controller = null;
  }

  fail(error: unknown): void {
    this.#controller?.error(error);
    this.#controller = null;
  }
}

export class FakeSession implements LanguageModelSession {
  contextUsage = 0;
  contextWindow = 9216;
  destroyed = false;
  readonly clones: FakeSession[] = [];
  readonly answers: FakeAnswer[] = [];
  /** Thrown by the next clone. */
  cloneError: Error | null = null;
  cloneHangs = false;
  measureError: Error | null = null;
  /** Called instead of the usual answer. */
  onPrompt: ((prompt: string) => void) | null = null;
  readonly #hanging: (() => void)[] = [];

  measureContextUsage(input: string): Promise<number> {
    if (this.measureError !== null) return Promise.reject(this.measureError);
    return Promise.resolve(input.length);
  }

  promptStreaming(input: string, options: PromptOptions): ReadableStream<string> {
    if (this.destroyed)
      throw new DOMException('The model execution session has been destroyed.', 'InvalidStateError');
    this.onPrompt?.(input);
    const answer = new FakeAnswer(input, options);
    this.answers.push(answer);
    return answer.stream;
  }

  clone(): Promise<LanguageModelSession> {
    if (this.destroyed) {
      return Promise.reject(
        new DOMException('The model execution session has been destroyed.', 'InvalidStateError'),
      );
    }
    if (this.cloneError !== null) return Promise.reject(this.cloneError);
    const clone = new FakeSession();
    clone.contextUsage = this.contextUsage;
    clone.contextWindow = this.contextWindow;
    clone.measureError = this.measureError;
    clone.onPrompt = this.onPrompt;
    this.clones.push(clone);
    if (!this.cloneHangs) return Promise.resolve(clone);
    return new Promise((resolve) => {
      this.#hanging.push(() => {
        resolve(clone);
      });
    });
  }

  /** The clones that hung come after all. */
  giveClones(): void {
    for (const give of this.#hanging.splice(0)) give();
  }

  destroy(): void {
    this.destroyed = true;
    for (const answer of this.answers) answer.fail(new DOMException('destroyed', 'AbortError'));
  }
}

interface Creation {
  readonly options: CreateOptions;
  /** Ends the creation. */
  readonly give: (session: FakeSession) => void;
  readonly refuse: (error: unknown) => void;
  /** The browser's download: a share, 0..1. */
  readonly progress: (share: number) => void;
}

/** `globalThis.LanguageModel` as the test wants it; sessions come at once unless `manual`. */
export class FakeLanguageModel implements LanguageModelStatic {
  /** Calls in order, arguments included. */
  readonly calls: (readonly ['availability', CoreOptions] | readonly ['create', CreateOptions])[] = [];
  readonly creations: Creation[] = [];
  readonly sessions: FakeSession[] = [];
  available: Promise<Availability> = Promise.resolve('available');
  manual = false;

  availability(options: CoreOptions): Promise<Availability> {
    this.calls.push(['availability', options]);
    return this.available;
  }

  create(options: CreateOptions): Promise<LanguageModelSession> {
    this.calls.push(['create', options]);
    return new Promise((resolve, reject) => {
      const listeners: ((event: { readonly loaded: number }) => void)[] = [];
      options.monitor?.({ addEventListener: (_type, listener) => listeners.push(listener) });
      const give = (session: FakeSession): void => {
        this.sessions.push(session);
        // The specification: a signal given to create() also destroys the finished session.
        options.signal.addEventListener('abort', () => {
          session.destroy();
        });
        resolve(session);
      };
      this.creations.push({
        options,
        give,
        refuse: reject,
        progress: (share) => {
          for (const listener of listeners) listener({ loaded: share });
        },
      });
      if (!this.manual) give(new FakeSession());
    });
  }
}
