import * as v from 'valibot';
import { err, ok } from '#kernel/result';
import { folderOf, manifestOf } from '#contracts/catalogue';
import type { MlcSource } from '#contracts/engine';
import { failure, type Outcome } from '#contracts/errors';
import { parseTensorList, TENSOR_LIST, type ListedShard } from '#contracts/mlc-files';
import { parseWith } from '#contracts/schema-parse';

/** Of a chat configuration: what web-llm looks for. */
const ConfigSchema = v.object({ tokenizer_files: v.array(v.string()) });

/** Where a model with a manifest has its configuration and its list of tensors, if elsewhere. */
const ManifestSchema = v.object({
  chat_config: v.optional(v.string()),
  weights: v.optional(v.object({ manifest: v.optional(v.string()) })),
});

/** Of the tokenizer's files web-llm reads the first of these that the configuration names. */
const TOKENIZERS = ['tokenizer.json', 'tokenizer.model'];

export interface MlcShard extends Omit<ListedShard, 'path'> {
  readonly url: string;
}

/** All files that web-llm asks for when it loads a model. */
export interface MlcFileSet {
  /** Small ones: manifest, configuration, list of tensors, tokenizer, library. */
  readonly small: readonly string[];
  readonly shards: readonly MlcShard[];
  /** All shards, as files, bytes. */
  readonly weightBytes: number;
  /** The largest tensor in graphics memory, bytes. */
  readonly largestTensorBytes: number;
}

const isAddress = (url: string): boolean => URL.canParse(url) && !url.includes('#');

/**
 * Finds out which files a model consists of: some of them name the others. As @mlc-ai/web-llm 0.2.86 looks them up
 * (`reloadInternal`, `resolveModelPackageResourceURLs`, `fetchTensorCache`, `asyncLoadTokenizer`).
 * @param readJson gives the parsed content of a small file by its address
 * Errors: those of `readJson`; model-invalid with reason `config`, `tensor-list`, `tokenizer` or `file-name` (a file that
 * would lie outside of the model's folder).
 */
export async function mlcFileSet(
  model: MlcSource,
  readJson: (url: string) => Promise<Outcome<unknown>>,
): Promise<Outcome<MlcFileSet>> {
  const invalid = (reason: string): Outcome<never> =>
    err(failure('model-invalid', { model: model.name, reason }));
  const folder = folderOf(model);
  const within = (path: string, base = folder): string | null => {
    const url = URL.canParse(path, base) ? new URL(path, base).href : '';
    return url.startsWith(folder) && !/[#?]/.test(url) ? url : null;
  };
  const small: string[] = [];
  let configPath = 'mlc-chat-config.json';
  let listBase: string | null = folder;
  const manifest = manifestOf(model);
  if (manifest !== null) {
    const url = within(manifest);
    if (url === null) return invalid('file-name');
    const json = await readJson(url);
    if (!json.ok) return json;
    const details = { model: model.name, reason: 'config' };
    const parsed = parseWith(ManifestSchema, json.value, 'model-invalid', details);
    if (!parsed.ok) return parsed;
    small.push(url);
    configPath = parsed.value.chat_config ?? configPath;
    // Only its folder counts: the list in it has one name.
    listBase = within(parsed.value.weights?.manifest ?? TENSOR_LIST);
  }
  const configUrl = within(configPath);
  const listUrl = listBase === null ? null : within(TENSOR_LIST, listBase);
  if (configUrl === null || listUrl === null || !isAddress(model.libraryUrl)) return invalid('file-name');
  const config = await readJson(configUrl);
  if (!config.ok) return config;
  const details = { model: model.name, reason: 'config' };
  const parsedConfig = parseWith(ConfigSchema, config.value, 'model-invalid', details);
  if (!parsedConfig.ok) return parsedConfig;
  const tokenizer = TOKENIZERS.find((name) => parsedConfig.value.tokenizer_files.includes(name));
  const tokenizerUrl = tokenizer === undefined ? null : within(tokenizer);
  if (tokenizerUrl === null) return invalid('tokenizer');
  const list = await readJson(listUrl);
  if (!list.ok) return list;
  const sizes = parseTensorList(list.value, model.name);
  if (!sizes.ok) return sizes;
  const shards: MlcShard[] = [];
  for (const { path, sizeBytes, md5 } of sizes.value.shards) {
    const url = within(path, listUrl);
    if (url === null) return invalid('file-name');
    shards.push({ url, sizeBytes, md5 });
  }
  return ok({
    small: [...small, configUrl, listUrl, tokenizerUrl, model.libraryUrl],
    shards,
    weightBytes: shards.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
    largestTensorBytes: sizes.value.largestBytes,
  });
}
