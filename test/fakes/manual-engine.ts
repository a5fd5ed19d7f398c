import { err, ok } from '#kernel/result';
import type { Engine, Generation, LoadedModel, LoadOptions, Pacing } from '#contracts/engine';
import { failure, type Outcome, type WitanFailure } from '#contracts/errors';
import type { StarterMember } from '#contracts/starter';

/** An engine whose load settles when the test says so. As a real one, it fails its load when it is aborted or lost. */
export class ManualEngine implements Engine {
  readonly kind = 'wllama';
  readonly paces: Pacing[] = [];
  readonly memberId: string;
  loadOptions: LoadOptions | null = null;
  unloads = 0;
  readonly #onLost: (reason: WitanFailure) => void;
  #settle: (outcome: Outcome<LoadedModel>) => void = () => undefined;

  constructor(memberId: string, onLost: (reason: WitanFailure) => void) {
    this.memberId = memberId;
    this.#onLost = onLost;
  }

  load(signal: AbortSignal, options: LoadOptions): Promise<Outcome<LoadedModel>> {
    this.loadOptions = options;
    return new Promise((resolve) => {
      const cancel = (): void => {
        this.#settle(err(failure('cancelled')));
      };
      this.#settle = (outcome) => {
        signal.removeEventListener('abort', cancel);
        resolve(outcome);
      };
      if (signal.aborted) cancel();
      signal.addEventListener('abort', cancel, { once: true });
    });
  }

  loaded(): void {
    this.#settle(
      ok({
        modelId: this.memberId,
        backend: 'cpu',
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
    this.#onLost(reason);
    this.#settle(err(reason));
  }

  generate(): Promise<Outcome<Generation>> {
    return Promise.resolve(err(failure('engine-failed')));
  }

  setPacing(pacing: Pacing): void {
    this.paces.push(pacing);
  }

  unload(): Promise<void> {
    this.unloads += 1;
    this.#settle(err(failure('cancelled', { member: this.memberId })));
    return Promise.resolve();
  }
}

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
