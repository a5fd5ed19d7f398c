import * as v from 'valibot';
import { TIERS } from './gguf-catalogue.ts';
import { SourceKeysSchema, SourceSchema } from './model-facts.ts';

const Name = v.pipe(v.string(), v.minLength(1));
const Count = v.pipe(v.number(), v.integer(), v.minValue(1));

/**
 * How far below its best member a member may stand. Where the best had 60 of 100 right and two others 45 and 40, three votes
 * did worse than the best alone by 5.7; at 70, 65, 60 they did better by 1.8 (own simulation, research/council.md §2).
 */
export const MAX_SCORE_SPREAD = 10;

const MemberSchema = v.strictObject({
  /** web-llm's `model_id`, or an id of the GGUF catalogue. */
  id: Name,
  family: Name,
  /**
   * Of one public ranking that puts results of many tests on one scale. Not an accuracy and not measured here: the nearest
   * published thing to one scale for all of these models.
   */
  score: v.number(),
  /** web-llm: as its list says it; GGUF: files and 16-bit keys and values for `contextTokens`, without scratch. */
  memoryBytes: Count,
  sources: SourceKeysSchema,
});

const CouncilSchema = v.strictObject({
  id: v.pipe(v.string(), v.regex(/^[a-z0-9-]+$/)),
  tier: v.picklist(TIERS),
  engine: v.picklist(['web-llm', 'wllama']),
  /** WebGPU features that its members need; empty for a card without `shader-f16`, and for the processor. */
  requiredFeatures: v.array(v.literal('shader-f16')),
  contextTokens: Count,
  members: v.pipe(v.array(MemberSchema), v.length(3)),
  /** Sum over the members. */
  memoryBytes: Count,
  /** Best score less the worst. */
  scoreSpread: v.number(),
  reason: Name,
});
export type RecommendedCouncil = v.InferOutput<typeof CouncilSchema>;

/** `catalogue/councils.json`: three members of three families for each tier. */
export const CouncilCatalogueSchema = v.strictObject({
  schema: v.literal('witan.council-catalogue'),
  version: v.literal(1),
  /** Day on which the sources were read, ISO 8601. */
  date: v.pipe(v.string(), v.regex(/^\d{4}-\d{2}-\d{2}$/)),
  sources: v.record(Name, SourceSchema),
  councils: v.pipe(v.array(CouncilSchema), v.minLength(1)),
  /** Proposed before, and not recommended: `reason` says why. */
  rejected: v.array(CouncilSchema),
});
export type CouncilCatalogue = v.InferOutput<typeof CouncilCatalogueSchema>;
