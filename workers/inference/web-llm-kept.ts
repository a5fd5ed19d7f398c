import * as v from 'valibot';
import { WEB_LLM_CACHES } from '#contracts/catalogue';
import { err, ok } from '#kernel/result';
import type { MlcSource, ModelSource } from '#contracts/engine';
import { failure, type Outcome } from '#contracts/errors';
import type { KeptModel } from '#contracts/worker-api';
import { readTensorSizes } from './web-llm-artifacts.ts';
import { folderOf, keptJson, keptUrls, removeArtifacts } from './web-llm-store.ts';

const ConfigSchema = v.object({ tokenizer_files: v.array(v.string()) });

const notOurs = (model: ModelSource): Outcome<never> =>
  err(failure('request-unsupported', { model: model.name, reason: model.format }));

/** Of the tokenizer's files web-llm reads the first of these that the configuration names. */
const TOKENIZERS = ['tokenizer.json', 'tokenizer.model'];

/** web-llm keeps no library of the page's own host, nor of one named localhost. */
const isKeptLibrary = (url: string): boolean => url.startsWith('http') && !url.includes('localhost');

/** What web-llm needs besides the shards, as far as it is kept. */
async function hasRest(model: MlcSource, weights: ReadonlySet<string>): Promise<boolean> {
  const inFolder = (name: string): string => new URL(name, folderOf(model)).href;
  const config = v.safeParse(
    ConfigSchema,
    await keptJson(WEB_LLM_CACHES.config, new URL('mlc-chat-config.json', folderOf(model)), false),
  );
  if (!config.success) return false;
  const tokenizer = TOKENIZERS.find((name) => config.output.tokenizer_files.includes(name));
  if (tokenizer === undefined || !weights.has(inFolder(tokenizer))) return false;
  return !isKeptLibrary(model.libraryUrl) || (await keptUrls(WEB_LLM_CACHES.library)).has(model.libraryUrl);
}

/** See `InferenceWorkerApi.keptModel`. */
export async function keptModel(model: ModelSource, ask: 'kept' | 'size'): Promise<Outcome<KeptModel>> {
  if (model.format !== 'mlc') return notOurs(model);
  try {
    const sizes = await readTensorSizes(model, ask === 'size');
    if (!sizes.ok) return sizes;
    if (sizes.value === null) return ok({ complete: false, keptBytes: 0, totalBytes: null });
    const weights = await keptUrls(WEB_LLM_CACHES.weights);
    const { shards } = sizes.value;
    const here = shards.filter(({ url }) => weights.has(url));
    const sum = (some: typeof shards): number => some.reduce((total, { bytes }) => total + bytes, 0);
    return ok({
      complete: here.length === shards.length && (await hasRest(model, weights)),
      keptBytes: sum(here),
      totalBytes: sum(shards),
    });
  } catch (thrown) {
    return err(failure('storage-failed', { model: model.name }, thrown));
  }
}

/** See `InferenceWorkerApi.removeModel`. */
export async function removeModel(
  model: ModelSource,
  what: 'all' | 'library',
  sharers: readonly ModelSource[],
): Promise<Outcome<null>> {
  if (model.format !== 'mlc') return notOurs(model);
  try {
    await removeArtifacts(
      model,
      what,
      sharers.filter((each) => each.format === 'mlc' && each.id !== model.id) as readonly MlcSource[],
    );
    return ok(null);
  } catch (thrown) {
    return err(failure('storage-failed', { model: model.name }, thrown));
  }
}
