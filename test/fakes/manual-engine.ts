import { err, ok } from '#kernel/result';
import type {
  Backend,
  Engine,
  EngineKind,
  GenerateRequest,
  Generation,
  LoadedModel,
  LoadOptions,
  LoadProgress,
  Pacing,
  TokenChunk,
} from '#contracts/engine';
import { failure, type Outcome, type WitanFailure } from '#contracts/errors';
import type { StarterMember } from '#contracts/starter';

/** One question under way at a `ManualEngine`. */
export interface ManualAnswer {
  readonly request: GenerateRequest;
  readonly signal: AbortSignal;
  /** Sends the next piece. */
  readonly say: (text: string) => void;
  /** Ends the answer with what was said. */
  readonly end: (finish?: Generation['finish']) => void;
  readonly fail: (problem: WitanFailure) => void;
}

/**
 * An engine whose load and answers settle when the test says so. As a real one, it fails them when it is aborted, lost or
 * unloaded.
 */
export class ManualEngine implements Engine {
  readonly kind: EngineKind;
  readonly paces: Pacing[] = [];
  readonly answers: ManualAnswer[] = [];
  readonly memberId: string;
  loadOptions: LoadOptions | null = null;
  /** Tells how far the load has come. */
  progresses: (progress: LoadProgress) => void = () => undefined;
  unloads = 0;
  /** True after a load that succeeded, until the engine is lost or unloaded. */
  alive = false;
  /** True from the call of `load` until it settles. */
  loading = false;
  readonly #onLost: (reason: WitanFailure) => void;
  #settle: (outcome: Outcome<LoadedModel>) => void = () => undefined;
  readonly #underWay = new Set<(problem: WitanFailure) => void>();

  constructor(memberId: string, onLost: (reason: WitanFailure) => void, kind: EngineKind = 'wllama') {
    this.memberId = memberId;
    this.#onLost = onLost;
    this.kind = kind;
  }

  load(
    signal: AbortSignal,
    options: LoadOptions,
    onProgress: (progress: LoadProgress) => void = () => undefined,
  ): Promise<Outcome<LoadedModel>> {
    this.loadOptions = options;
    this.progresses = onProgress;
    this.loading = true;
    return new Promise((resolve) => {
      const cancel = (): void => {
        this.#settle(err(failure('cancelled')));
      };
      this.#settle = (outcome) => {
        signal.removeEventListener('abort', cancel);
        this.#settle = () => undefined;
        this.alive = outcome.ok;
        this.loading = false;
        resolve(outcome);
      };
      if (signal.aborted) cancel();
      signal.addEventListener('abort', cancel, { once: true });
    });
  }

  loaded(backend: Backend = this.loadOptions?.backend ?? 'cpu'): void {
    this.#settle(
      ok({
        modelId: this.memberId,
        backend,
        threads: this.loadOptions?.threads ?? 0,
        contextTokens: 256,
        vocabularySize: 99,
        weightBytes: 1000,
        loadMs: 123,
      }),
    );
  }

  fails(problem: WitanFailure): void {
    this.#settle(err(problem));
  }

  /** The worker dies: its owner hears of it first, then every call under way fails. */
  lose(reason: WitanFailure = failure('worker-lost', { member: this.memberId })): void {
    this.alive = false;
    this.#onLost(reason);
    this.#failAll(reason);
  }

  /** Its answers and loads under way fail, and the owner hears of it from those only. */
  breaks(problem: WitanFailure): void {
    this.#failAll(problem);
  }

  generate(
    signal: AbortSignal,
    request: GenerateRequest,
    onChunk: (chunk: TokenChunk) => void,
  ): Promise<Outcome<Generation>> {
    return new Promise((resolve) => {
      let text = '';
      let tokens = 0;
      const settle = (outcome: Outcome<Generation>): void => {
        this.#underWay.delete(fail);
        resolve(outcome);
      };
      const end = (finish: Generation['finish'] = 'stop'): void => {
        settle(ok({ ...NO_ANSWER, text, finish, completionTokens: tokens }));
      };
      const fail = (problem: WitanFailure): void => {
        settle(err(problem));
      };
      const say = (piece: string): void => {
        text += piece;
        tokens += 1;
        onChunk({ text: piece, tokens, elapsedMs: tokens * 10 });
      };
      signal.addEventListener('abort', () => {
        end('cancelled');
      });
      this.#underWay.add(fail);
      this.answers.push({ request, signal, say, end, fail });
    });
  }

  setPacing(pacing: Pacing): void {
    this.paces.push(pacing);
  }

  unload(): Promise<void> {
    this.unloads += 1;
    this.alive = false;
    this.#failAll(failure('cancelled', { member: this.memberId }));
    return Promise.resolve();
  }

  #failAll(problem: WitanFailure): void {
    this.#settle(err(problem));
    for (const fail of [...this.#underWay]) fail(problem);
  }
}

const NO_ANSWER: Generation = {
  text: '',
  finish: 'stop',
  promptTokens: 0,
  completionTokens: 0,
  timeToFirstTokenMs: null,
  prefillTokensPerSecond: null,
  decodeTokensPerSecond: null,
  durationMs: 0,
};

/** What the catalogue says of a member, with plausible figures. */
export function starterMember(id: string): StarterMember {
  return {
    id,
    name: id.slice(0, 1).toUpperCase() + id.slice(1),
    file: `${id}.gguf`,
    sizeBytes: 2048,
    sha256: '0'.repeat(64),
    parameters: 1_000_000,
    layers: 4,
    embedding: 128,
    heads: 4,
    kvHeads: 2,
    feedForward: 256,
    vocabulary: 99,
    context: 256,
    quantization: 'Q8_0',
    seed: 1,
    underweighted: [],
    accuracy: { dev: 0.9, test: 0.8, byFamily: {} },
  };
}
