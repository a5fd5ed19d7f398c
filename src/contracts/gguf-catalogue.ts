import * as v from 'valibot';
import { LicenceSchema, SourceKeysSchema, SourceSchema, SourcedShapeSchema } from './model-facts.ts';

const Name = v.pipe(v.string(), v.minLength(1));
const Count = v.pipe(v.number(), v.integer(), v.minValue(1));
const Sha256 = v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/));

export const TIERS = ['low', 'mid', 'high'] as const;
export type Tier = (typeof TIERS)[number];

/**
 * Largest file that wllama can load without JSPI: the whole file then lies in the memory of the engine, which refuses more.
 * Source: `MAX_GGUF_SIZE` of the wllama demo, ngxson/wllama, examples/main/src/config.ts.
 */
export const MAX_BYTES_WITHOUT_JSPI = 2 * 2 ** 30;

export const GgufFileSchema = v.strictObject({
  /** `weights`, or `projector`: what turns a picture into tokens. */
  role: v.picklist(['weights', 'projector']),
  name: v.pipe(v.string(), v.regex(/\.gguf$/)),
  bytes: v.nullable(Count),
  sha256: v.nullable(Sha256),
});

/** One model as GGUF. Null: no source was found; what a header says is read from the file itself. */
export const GgufModelSchema = v.strictObject({
  id: v.pipe(v.string(), v.regex(/^[a-z0-9][a-z0-9.-]*$/)),
  name: Name,
  tier: v.picklist(TIERS),
  /** Whose architecture it is: members of one family err alike. */
  family: Name,
  parameters: v.nullable(Count),
  /** llama.cpp's name of the weights' format, Q4_K_M. */
  quantization: v.pipe(v.string(), v.regex(/^(?:Q\d_(?:0|1|K_[SML])|F16|BF16)$/)),
  /** Of Hugging Face, owner/name. */
  repository: v.pipe(v.string(), v.regex(/^\w[\w.-]*\/\w[\w.-]*$/)),
  /**
   * Commit that the files are fetched at. Null: not pinned, the newest is fetched, and what its hash was at the first
   * download holds from then on.
   */
  commit: v.nullable(v.pipe(v.string(), v.regex(/^[0-9a-f]{40}$/))),
  files: v.pipe(v.array(GgufFileSchema), v.minLength(1)),
  /** Context that it was trained for, tokens. */
  contextTokens: v.nullable(Count),
  licence: LicenceSchema,
  shape: SourcedShapeSchema,
  /** Whether it sees pictures with these files. */
  vision: v.boolean(),
  /** What the browser must have: `jspi` for a file larger than `MAX_BYTES_WITHOUT_JSPI`. */
  needs: v.array(v.picklist(['jspi'])),
  /** Keys of the catalogue's `sources` for every figure above that is not null. */
  sources: v.record(Name, SourceKeysSchema),
  /** What a reader of the sources should know: where they disagree, what was chosen. */
  note: v.optional(v.nullable(Name), null),
});
export type GgufModel = v.InferOutput<typeof GgufModelSchema>;

/** `catalogue/gguf.json`. */
export const GgufCatalogueSchema = v.strictObject({
  schema: v.literal('witan.gguf-catalogue'),
  version: v.literal(1),
  /** Day on which the sources were read, ISO 8601. */
  date: v.pipe(v.string(), v.regex(/^\d{4}-\d{2}-\d{2}$/)),
  /**
   * Addresses that give the same bytes, the preferred first: `{repository}`, `{commit}` and `{file}` are replaced. One that
   * begins with `./` lies beside the app, for those who serve the models themselves.
   */
  mirrors: v.pipe(v.array(v.pipe(v.string(), v.regex(/^(?:https:\/\/|\.\/)/))), v.minLength(1)),
  sources: v.record(Name, SourceSchema),
  models: v.pipe(v.array(GgufModelSchema), v.minLength(1)),
});
export type GgufCatalogue = v.InferOutput<typeof GgufCatalogueSchema>;

/** Addresses of one file of a model, the preferred first; `main` where no commit is pinned. */
export function ggufUrls(
  mirrors: readonly string[],
  model: Pick<GgufModel, 'repository' | 'commit'>,
  fileName: string,
): readonly string[] {
  const filled: Readonly<Record<string, string>> = {
    '{repository}': model.repository,
    '{commit}': model.commit ?? 'main',
    '{file}': encodeURIComponent(fileName),
  };
  return mirrors.map((mirror) => mirror.replace(/\{\w+\}/g, (part) => filled[part] ?? part));
}
