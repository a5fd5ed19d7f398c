import { err, ok } from '#kernel/result';
import type { SyntheticRequest, SyntheticWorkerApi } from '#contracts/capacity';
import type { GenerateRequest, Generation } from '#contracts/engine';
import { failure } from '#contracts/errors';
import type { InferenceLoadOptions, InferenceWorkerApi } from '#contracts/worker-api';
import { FakeWorkerHandle } from './fake-worker-handle.ts';

/** Workers that build models of random weights and run them, at speeds that follow from the size of the file. */
export class SpeedWorkers {
  readonly built: SyntheticRequest[] = [];
  readonly loads: InferenceLoadOptions[] = [];
  /** What the engine is given to load from now on fails. */
  fails = false;
  #fileBytes = 0;

  builder(): FakeWorkerHandle<SyntheticWorkerApi> {
    return new FakeWorkerHandle<SyntheticWorkerApi>({
      build: (request) => {
        this.built.push(request);
        const { layers, embeddingDim } = request.shape;
        const parameters = 1000 * (layers ?? 0) + (embeddingDim ?? 0);
        return Promise.resolve(ok({ file: new Blob([new Uint8Array(parameters)]), parameters }));
      },
    });
  }

  engine(): FakeWorkerHandle<InferenceWorkerApi> {
    return new FakeWorkerHandle<InferenceWorkerApi>({
      load: (options) => {
        this.loads.push(options);
        if (this.fails) return Promise.resolve(err(failure('out-of-memory')));
        const { model, backend = 'cpu', threads, contextTokens } = options;
        this.#fileBytes = 'sizeBytes' in model ? (model.sizeBytes ?? 0) : 0;
        return Promise.resolve(
          ok({
            modelId: model.id,
            backend,
            threads,
            contextTokens,
            vocabularySize: 100,
            weightBytes: this.#fileBytes,
            loadMs: 5,
            memory: { weightsBytes: this.#fileBytes, kvBytes: 1e6, computeBytes: 1e6 },
          }),
        );
      },
      generate: (request) => Promise.resolve(ok(this.#answer(request))),
      setPacing: () => Promise.resolve(ok(null)),
      unload: () => Promise.resolve(ok(null)),
    });
  }

  #answer({ prompt, maxTokens }: GenerateRequest): Generation {
    const tokenMs = 1 + this.#fileBytes / 10_000;
    const prefillMs = 1 + (prompt.length * tokenMs) / 4;
    return {
      text: '',
      finish: 'length',
      promptTokens: prompt.length,
      completionTokens: maxTokens,
      timeToFirstTokenMs: prefillMs + tokenMs + 2,
      prefillTokensPerSecond: (1000 * prompt.length) / prefillMs,
      decodeTokensPerSecond: 1000 / tokenMs,
      durationMs: prefillMs + maxTokens * tokenMs,
    };
  }
}
