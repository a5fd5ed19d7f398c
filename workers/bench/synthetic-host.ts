import { err, ok } from '#kernel/result';
import type { SyntheticFile, SyntheticRequest, SyntheticWorkerApi } from '#contracts/capacity';
import { failure, type Outcome } from '#contracts/errors';
import type { MlcTwin, MlcTwinRequest, MlcTwinWorkerApi } from '#contracts/mlc-twin';
import { syntheticModel, syntheticShape } from '../../src/hardware/synthetic/synthetic-model.ts';
import { mlcTwin } from './mlc-twin.ts';

/** Builds models of random weights, in a worker, since their bytes are many. */
export class SyntheticHost implements SyntheticWorkerApi, MlcTwinWorkerApi {
  build({ shape, ...options }: SyntheticRequest): Promise<Outcome<SyntheticFile>> {
    return Promise.resolve(this.#build(shape, options));
  }

  buildMlc(request: MlcTwinRequest): Promise<Outcome<MlcTwin>> {
    return mlcTwin(request);
  }

  #build(shape: SyntheticRequest['shape'], options: Omit<SyntheticRequest, 'shape'>): Outcome<SyntheticFile> {
    const known = syntheticShape(shape);
    if (!known.ok) return known;
    try {
      const model = syntheticModel(known.value, options);
      if (!model.ok) return model;
      // A piece is used again for the next one, so each is copied at once.
      const pieces = Array.from(model.value.chunks(), (piece) => new Blob([piece]));
      return ok({ file: new Blob(pieces), parameters: model.value.parameters });
    } catch (thrown) {
      // A table of tokens, a buffer or a Blob that the browser has no room for.
      return err(failure('out-of-memory', { model: 'synthetic' }, thrown));
    }
  }
}
