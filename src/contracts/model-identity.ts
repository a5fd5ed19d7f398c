import * as v from 'valibot';
import { BACKENDS, ENGINE_KINDS, type Backend, type EngineKind, type LoadOptions } from './engine.ts';

/** Which weights speak, and where their arithmetic runs: what an answer depends on besides the question. */
export const ModelIdentitySchema = v.object({
  engine: v.picklist(ENGINE_KINDS),
  backend: v.picklist(BACKENDS),
  id: v.pipe(v.string(), v.maxLength(500)),
  /** Hash of the file, or the addresses of the files; null: nobody can say which weights there are today. */
  revision: v.nullable(v.pipe(v.string(), v.maxLength(2_000))),
  /** Tokens of one answer's context: a shorter one cuts off earlier. */
  contextTokens: v.number(),
});
export type ModelIdentity = v.InferOutput<typeof ModelIdentitySchema>;

/**
 * The identity of what is loaded with these options. A server, and the model that is built into the browser, may be another
 * one tomorrow under the same name: they have no revision.
 * @param backend where it really runs, or is meant to
 */
export function modelIdentity(engine: EngineKind, backend: Backend, load: LoadOptions): ModelIdentity {
  const { model, contextTokens } = load;
  return { engine, backend, id: model.id, revision: revisionOf(model), contextTokens };
}

function revisionOf(model: LoadOptions['model']): string | null {
  switch (model.format) {
    case 'gguf':
      return model.sha256;
    case 'stored':
      // The store proves its files against what it kept under this id.
      return `${model.id}/${String(model.sizeBytes)}`;
    case 'mlc':
      return `${model.weightsUrl} ${model.libraryUrl}`;
    case 'built-in':
    case 'remote':
      return null;
  }
}
