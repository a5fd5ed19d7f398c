import { failure, type ErrorCode, type WitanFailure } from '#contracts/errors';

/**
 * What llama.cpp, its server core, emscripten and the browsers say, as found in wllama 3.8.1 (llama.cpp b11364, emscripten
 * 4.0.20); mapped here once, at the border. The first rule that matches wins.
 */
const RULES: readonly (readonly [RegExp, ErrorCode, string?])[] = [
  [/ggml_webgpu: Device lost|Device (is|was) lost/i, 'device-lost'],
  [/exceeds? the available context size|Context size has been exceeded/i, 'context-exceeded'],
  [/larger than the max context size|is too large to process/i, 'context-exceeded'],
  // ggml, llama.cpp and C++; then emscripten and wllama's worker; then V8, SpiderMonkey, JavaScriptCore and Dawn.
  [/failed to allocate|unable to allocate|insufficient memory|bad_alloc/i, 'out-of-memory'],
  [/Aborted\(OOM|Cannot enlarge memory|Cannot allocate WebAssembly\.Memory/, 'out-of-memory'],
  [/Array buffer allocation failed|could not allocate memory|out of memory|OutOfMemory/i, 'out-of-memory'],
  [/Invalid typed array length: (?!1163217991)|Maximum memory size exceeded/i, 'out-of-memory'],
  [/failed to parse grammar|Failed to initialize samplers/i, 'request-unsupported', 'grammar'],
  [/JSON schema/i, 'request-unsupported', 'json-schema'],
  [/Unable to generate parser for this template|roles must alternate/i, 'request-unsupported', 'template'],
  [/^Field '|json\.exception\.(parse|type)_error/, 'request-unsupported', 'request'],
  [/unknown model architecture|unknown pre-tokenizer|chat template parsing error/i, 'model-load-failed'],
  [/invalid magic characters|GGUF file is version|corrupted or incomplete/i, 'model-invalid'],
  [
    /failed to read (header|key-value pairs|tensor info)|duplicated tensor|wrong number of tensors/i,
    'model-invalid',
  ],
  // What was fetched is not what this page was built with, or nothing at all: a deploy in between, a stale cache.
  [
    /LinkError|magic word|fetching of the wasm failed|Error: \d{3} : |Failed to fetch|NetworkError/i,
    'engine-incompatible',
  ],
  [/CompileError|does not support (exception handling|SIMD)|No supported storage/i, 'engine-unavailable'],
];

const TOKEN_COUNTS = /\((\d+) tokens\)(?:.*?\((\d+) tokens\)|.*batch size: (\d+)\))/;

/** The exception of the server core's JSON writer over a token that ends, or begins, inside a character. */
const HALF_CHARACTER = /json\.exception\.type_error\.316/;

/** Whether an action failed because half a character cannot be written as JSON. */
export function isHalfCharacter(native: readonly string[]): boolean {
  return native.some((line) => HALF_CHARACTER.test(line));
}

function textOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

/**
 * The typed failure behind an error of wllama.
 * @param native lines of the native log, oldest first: they name the cause where the error only shows its effect. The
 * last that says anything counts; those before it may be about another answer
 */
export function wllamaFailure(thrown: unknown, model: string, native: readonly string[] = []): WitanFailure {
  if (thrown instanceof Error && thrown.name === 'AbortError') return failure('cancelled', { model });
  const texts = [textOf(thrown), ...native.toReversed()];
  const cause = native.length === 0 ? thrown : [textOf(thrown), ...native].join(' | ');
  for (const text of texts) {
    const rule = RULES.find(([pattern]) => pattern.test(text));
    if (rule === undefined) continue;
    const [, code, reason] = rule;
    if (code === 'context-exceeded') return failure(code, { model, ...countsIn(text) }, cause);
    return failure(code, reason === undefined ? { model } : { model, reason }, cause);
  }
  return failure('engine-failed', { model }, cause);
}

function countsIn(text: string): { needed: number; available: number } | Record<string, never> {
  const [, needed, available, batch] = TOKEN_COUNTS.exec(text) ?? [];
  const limit = available ?? batch;
  return needed === undefined || limit === undefined
    ? {}
    : { needed: Number(needed), available: Number(limit) };
}

/** As `wllamaFailure`, for a load: what is not understood is a load that failed, and not a model that misbehaves. */
export function wllamaLoadFailure(thrown: unknown, model: string, native: readonly string[]): WitanFailure {
  const problem = wllamaFailure(thrown, model, native);
  return problem.code === 'engine-failed' ? { ...problem, code: 'model-load-failed' } : problem;
}
