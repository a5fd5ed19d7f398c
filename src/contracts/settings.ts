import * as v from 'valibot';

const id = v.pipe(v.string(), v.minLength(1), v.maxLength(200));

/** One seat of the council, as the user chose it. What the id means depends on the engine. */
export const MemberChoiceSchema = v.variant('engine', [
  /** A model that comes with the app. */
  v.object({ engine: v.literal('starter'), id }),
  /** A model of the WebLLM catalogue, by web-llm's `model_id`. */
  v.object({ engine: v.literal('web-llm'), id }),
  /** A GGUF model of the model store, by its id there. */
  v.object({ engine: v.literal('wllama'), id }),
  /** The model built into the browser. */
  v.object({ engine: v.literal('prompt-api'), id }),
  /** A model on servers of the user's, by the id of its remote member. */
  v.object({ engine: v.literal('remote'), id }),
]);
export type MemberChoice = v.InferOutput<typeof MemberChoiceSchema>;

/** More seats than this no device runs at once. */
export const MOST_MEMBERS = 8;

/** What the user chose. Keys of servers are never part of it: an export of the settings holds no secret. */
export const SettingsSchema = v.object({
  schema: v.literal('witan.settings'),
  version: v.literal(1),
  /** Null: the council that comes with the app. */
  members: v.nullable(v.pipe(v.array(MemberChoiceSchema), v.minLength(1), v.maxLength(MOST_MEMBERS))),
  /** True once the user has allowed the browser's own model, its download included. */
  builtInAllowed: v.boolean(),
});
export type Settings = v.InferOutput<typeof SettingsSchema>;

export const DEFAULT_SETTINGS: Settings = {
  schema: 'witan.settings',
  version: 1,
  members: null,
  builtInAllowed: false,
};
