import * as v from 'valibot';
import { ModelShapeSchema } from './model-shape.ts';

const Name = v.pipe(v.string(), v.minLength(1));
const HttpsUrl = v.pipe(v.string(), v.regex(/^https:\/\/\S+$/));

/** Where a figure was read. */
export const SourceSchema = v.strictObject({
  title: Name,
  /** Null where the text was seen but not its address. */
  url: v.nullable(HttpsUrl),
});
export type Source = v.InferOutput<typeof SourceSchema>;

/** Keys of a catalogue's `sources`, for one figure. */
export const SourceKeysSchema = v.pipe(v.array(Name), v.minLength(1));

export const LicenceSchema = v.strictObject({
  /** SPDX identifier; null for a licence that has none. */
  spdx: v.nullable(v.pipe(v.string(), v.regex(/^[A-Za-z0-9.+-]+$/))),
  name: Name,
  url: HttpsUrl,
});
export type Licence = v.InferOutput<typeof LicenceSchema>;

/** A shape with the sources of its figures: by the figure's name, or `*` for all that are not named. */
export const SourcedShapeSchema = v.strictObject({
  ...ModelShapeSchema.entries,
  sources: v.record(Name, SourceKeysSchema),
});
export type SourcedShape = v.InferOutput<typeof SourcedShapeSchema>;

/**
 * `catalogue/model-facts.json`: what web-llm's own list does not say of its models. By model, not by quantization: see
 * `modelOfWebLlm`.
 */
export const ModelFactsSchema = v.strictObject({
  schema: v.literal('witan.model-facts'),
  version: v.literal(1),
  sources: v.record(Name, SourceSchema),
  licences: v.record(Name, LicenceSchema),
  shapes: v.record(Name, SourcedShapeSchema),
  models: v.record(
    Name,
    v.strictObject({
      /** Key of `shapes`; null when nobody was found who says it. */
      shape: v.nullable(Name),
      /** Key of `licences`; null when no source was found: then ask the address of the weights. */
      licence: v.nullable(Name),
      /** Of the shape being this model's, where the shape's own sources do not say so, and of the licence. */
      sources: v.strictObject({
        shape: v.optional(SourceKeysSchema),
        licence: v.optional(SourceKeysSchema),
      }),
    }),
  ),
});
export type ModelFacts = v.InferOutput<typeof ModelFactsSchema>;

/** The model of a web-llm id, without quantization and context: Qwen3-0.6B-q4f16_1-MLC is Qwen3-0.6B. */
export function modelOfWebLlm(id: string): string {
  return id.replace(/-q\d+f(?:16|32)(?:_\d+)?-MLC(?:-\d+k)?$/, '');
}
