import { err, ok } from '#kernel/result';
import type { GenerateRequest, Generation, LoadedModel, Pacing } from '#contracts/engine';
import type { Outcome, WitanFailure } from '#contracts/errors';
import type {
  Embeddings,
  InferenceLoadOptions,
  InferenceWorkerApi,
  StreamToWorker,
} from '#contracts/worker-api';

/** One answer under way in a `FakeInferenceWorker`: the test streams it and ends it. */
export interface Answer {
  readonly request: GenerateRequest;
  readonly port: MessagePort;
  /** What the page has sent: credits and stops. */
  readonly heard: StreamToWorker[];
  end(text: string, finish?: Generation['finish']): void;
}

/** The inference worker's side of the border, driven by the test. Chunks travel over real ports. */
export class FakeInferenceWorker implements InferenceWorkerApi {
  readonly answers: Answer[] = [];
  readonly paces: Pacing[] = [];
  readonly embedded: (readonly string[])[] = [];
  loads: InferenceLoadOptions[] = [];
  /** Where the load that began last tells how far it is. */
  progress: MessagePort | null = null;
  loadOutcome: Promise<Outcome<LoadedModel>> | null = null;
  embedOutcome: Promise<Outcome<Embeddings>> = Promise.resolve(ok({ vectors: [], tokens: 0 }));
  #loseEngine: (problem: WitanFailure) => void = () => undefined;

  load(options: InferenceLoadOptions, progress?: MessagePort): Promise<Outcome<LoadedModel>> {
    this.loads.push(options);
    this.progress = progress ?? null;
    const { model, threads, contextTokens } = options;
    const loaded: LoadedModel = {
      modelId: model.id,
      backend: 'cpu',
      threads,
      contextTokens,
      vocabularySize: 99,
      weightBytes: 'sizeBytes' in model ? (model.sizeBytes ?? 0) : 0,
      loadMs: 5,
    };
    return this.loadOutcome ?? Promise.resolve(ok(loaded));
  }

  generate(request: GenerateRequest, port: MessagePort): Promise<Outcome<Generation>> {
    return new Promise((resolve) => {
      const heard: StreamToWorker[] = [];
      port.onmessage = (event: MessageEvent<StreamToWorker>) => heard.push(event.data);
      const end = (text: string, finish: Generation['finish'] = 'stop'): void => {
        port.close();
        resolve(
          ok({
            text,
            finish,
            promptTokens: 1,
            completionTokens: text.length,
            timeToFirstTokenMs: 1,
            prefillTokensPerSecond: null,
            decodeTokensPerSecond: null,
            durationMs: 2,
          }),
        );
      };
      this.answers.push({ request, port, heard, end });
    });
  }

  setPacing(pacing: Pacing): Promise<Outcome<null>> {
    this.paces.push(pacing);
    return Promise.resolve(ok(null));
  }

  unload(): Promise<Outcome<null>> {
    return Promise.resolve(ok(null));
  }

  embed(texts: readonly string[]): Promise<Outcome<Embeddings>> {
    this.embedded.push(texts);
    return this.embedOutcome;
  }

  engineLost(): Promise<Outcome<never>> {
    return new Promise((resolve) => {
      this.#loseEngine = (problem) => {
        resolve(err(problem));
      };
    });
  }

  /** The engine within the worker is gone; the worker itself lives on. */
  loseEngine(problem: WitanFailure): void {
    this.#loseEngine(problem);
  }
}
