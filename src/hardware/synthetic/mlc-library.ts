import * as v from 'valibot';
import { err, ok } from '#kernel/result';
import { failure, type Outcome } from '#contracts/errors';
import { parseWith } from '#contracts/schema-parse';

const Size = v.pipe(v.number(), v.safeInteger(), v.minValue(1));
const Name = v.pipe(v.string(), v.minLength(1));

/** More than ten times what the largest model of the catalogue has. */
const MOST_TENSORS = 50_000;

const ParameterSchema = v.object({
  name: Name,
  /** A dimension that the library leaves open has a name: `vocab_size`. */
  shape: v.pipe(v.array(v.union([Size, Name])), v.minLength(1), v.maxLength(8)),
  dtype: v.string(),
});

const DocumentSchema = v.object({
  model_type: v.string(),
  quantization: v.string(),
  context_window_size: Size,
  prefill_chunk_size: Size,
  params: v.pipe(v.array(ParameterSchema), v.minLength(1), v.maxLength(MOST_TENSORS)),
});

/** What a compiled model library (MLC, WebGPU) says of the model that it runs. */
export interface MlcLibrary {
  readonly modelType: string;
  readonly quantization: string;
  /** Context that it was compiled for, tokens. */
  readonly contextTokens: number;
  /** Tokens of a prompt that it takes at once. */
  readonly prefillChunkTokens: number;
  readonly parameters: readonly v.InferOutput<typeof ParameterSchema>[];
}

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
/** The first bytes of every WebAssembly module (WebAssembly Core §5.5.16). */
const MAGIC = bytesOf('\0asm');
/** MLC writes its description as JSON into the module's data, this key first (`_metadata`, mlc_llm/compiler_pass). */
const BEGINNING = bytesOf('{"model_type"');
const [QUOTE = 0, BACKSLASH = 0, OPEN = 0, CLOSE = 0] = bytesOf('"\\{}');

function startsAt(bytes: Uint8Array, at: number, wanted: Uint8Array): boolean {
  return wanted.every((byte, index) => bytes[at + index] === byte);
}

/** The byte behind the object that begins at `start`; null where it has no end. */
function endOfObject(bytes: Uint8Array, start: number): number | null {
  let depth = 0;
  let quoted = false;
  for (let at = start; at < bytes.length; at += 1) {
    const byte = bytes[at];
    if (quoted) {
      if (byte === BACKSLASH) at += 1;
      else if (byte === QUOTE) quoted = false;
    } else if (byte === QUOTE) quoted = true;
    else if (byte === OPEN) depth += 1;
    else if (byte === CLOSE) {
      depth -= 1;
      if (depth === 0) return at + 1;
    }
  }
  return null;
}

/** The first of what looks like the description and is JSON; undefined where there is none. */
function documentIn(wasm: Uint8Array): unknown {
  const [first = 0] = BEGINNING;
  for (let at = wasm.indexOf(first); at >= 0; at = wasm.indexOf(first, at + 1)) {
    if (!startsAt(wasm, at, BEGINNING)) continue;
    const end = endOfObject(wasm, at);
    if (end === null) continue;
    try {
      return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(wasm.subarray(at, end)));
    } catch {
      // Words that look like it; the document may stand behind them.
    }
  }
  return undefined;
}

/**
 * Reads what a compiled library says of its model.
 * Errors: model-invalid with reason `library` (these bytes are no WebAssembly) or `document` (no description in them, or
 * one of another form). @param name of the model, for the failure
 */
export function readMlcLibrary(wasm: Uint8Array, name: string): Outcome<MlcLibrary> {
  if (!startsAt(wasm, 0, MAGIC)) return err(failure('model-invalid', { model: name, reason: 'library' }));
  const details = { model: name, reason: 'document' };
  const document = documentIn(wasm);
  if (document === undefined) return err(failure('model-invalid', details));
  const parsed = parseWith(DocumentSchema, document, 'model-invalid', details);
  if (!parsed.ok) return parsed;
  const { model_type, quantization, context_window_size, prefill_chunk_size, params } = parsed.value;
  return ok({
    modelType: model_type,
    quantization,
    contextTokens: context_window_size,
    prefillChunkTokens: prefill_chunk_size,
    parameters: params,
  });
}
