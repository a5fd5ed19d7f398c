import { failure, WitanError, type WitanFailure } from '#contracts/errors';

type Details = WitanFailure['details'];
/** One kind of error: the failure's code, and what of the text goes into its details. */
interface Rule {
  /** `name` of the error; all names when absent. */
  readonly name?: RegExp;
  /** Text of the error; all texts when absent. */
  readonly text?: RegExp;
  readonly code: WitanFailure['code'];
  readonly details?: (match: RegExpExecArray) => Details;
}

const reason = (why: string) => (): Details => ({ reason: why });

/**
 * Names and texts as @mlc-ai/web-llm 0.2.86, its runtime tvmjs and the browsers write them; mapped here once, at the
 * border. web-llm exports only one of its error classes, but sets `name` on all. The first rule that fits counts.
 */
const RULES: readonly Rule[] = [
  // Chromium names a request that was given up after its BodyStreamBuffer; of GPU buffers it says the same.
  {
    name: /^AbortError$/,
    code: 'cancelled',
    text: /^(?!.*(?:device|(?<!BodyStream)buffer|instance reference))/i,
  },
  { text: /^Engine\.unload\(\) is called\.$/, code: 'cancelled' },
  {
    name: /^ContextWindowSizeExceededError$/,
    text: /number of prompt tokens: (\d+); context window size: (\d+)/,
    code: 'context-exceeded',
    details: ([, needed, available]) => ({ needed: Number(needed), available: Number(available) }),
  },
  { name: /^WebGPUNot(?:Available|Found)Error$/, code: 'engine-unavailable' },
  { text: /^Unable to find a compatible GPU/, code: 'engine-unavailable' },
  { name: /^ShaderF16SupportError$/, code: 'feature-missing', details: () => ({ feature: 'shader-f16' }) },
  {
    text: /requires (?:feature|unsupported WebGPU feature) "?([a-z0-9-]+)"?/,
    code: 'feature-missing',
    details: ([, feature = '']) => ({ feature }),
  },
  {
    text: /requested (max\w+) exceeds limit\. requested=(\w+), limit=(\w+)/,
    code: 'feature-missing',
    details: ([, feature = '', needed = '', available = '']) => ({ feature, needed, available }),
  },
  {
    text: /requires (max\w+) (\d+), but this device exposes (\d+)/,
    code: 'feature-missing',
    details: ([, feature = '', needed, available]) => ({
      feature,
      needed: Number(needed),
      available: Number(available),
    }),
  },
  { name: /^DeviceLostError$/, code: 'device-lost' },
  {
    // Chromium, of a buffer that was being read and of an adapter whose GPU process is gone.
    text: /device (?:is|was) (?:lost|destroyed)|instance reference no longer exists|instance dropped/i,
    code: 'device-lost',
  },
  { name: /^LinkError$/, code: 'engine-incompatible' },
  { name: /^ArtifactManifestError$/, code: 'engine-incompatible' },
  {
    text: /^Cannot find required VM function|^Invalid (?:hybrid|rnn_state|kv_cache) ABI/,
    code: 'engine-incompatible',
  },
  { text: /^Cannot find global function /, code: 'engine-incompatible' },
  { name: /^CompileError$/, code: 'model-invalid', details: reason('library') },
  { name: /^SyntaxError$/, code: 'model-invalid', details: reason('json') },
  { name: /^IntegrityError$/, code: 'model-invalid', details: reason('hash') },
  { name: /^UnsupportedTokenizerFilesError$/, code: 'model-invalid', details: reason('tokenizer') },
  {
    text: /^Tensor-cache record range|^Invalid tensor-cache|^Packed BF16 record has/,
    code: 'model-invalid',
    details: reason('shard'),
  },
  // A file of the store that was deleted, or written anew, while it was being read.
  { name: /^NotReadableError$/, code: 'storage-failed', details: reason('unreadable') },
  {
    text: /dynamically imported module|importing a module script failed/i,
    code: 'model-fetch-failed',
    details: reason('engine'),
  },
  {
    // Chromium, Firefox and Safari in this order; then tvmjs.
    text: /^Failed to fetch|NetworkError when attempting|^Load failed|^Cannot fetch /,
    code: 'model-fetch-failed',
  },
  {
    text: /out of memory|could not allocate memory|Cannot allocate Wasm memory|allocation failed/i,
    code: 'out-of-memory',
  },
  { name: /^GPUOutOfMemoryError$/, code: 'out-of-memory' },
  { name: /^GrammarMatcherInitError$/, code: 'request-unsupported', details: reason('this answer format') },
  {
    name: /^(?:RangeError|MinValueError|NonNegativeError|SeedTypeError|DependencyError|UnsupportedFieldsError)$/,
    text: /`?\b(seed|top_p|temperature|max_tokens|top_logprobs|repetition_penalty)\b|not yet supported/,
    code: 'request-unsupported',
    details: ([, setting]) => ({ reason: setting ?? 'a setting of the request' }),
  },
  {
    name: /^(?:ModelNotLoaded|SpecifiedModelNotFound|ModelNotFound)Error$/,
    code: 'engine-failed',
    details: reason('no-model'),
  },
];

/** The typed failure behind anything that web-llm threw. What no rule knows is `engine-failed`. */
export function webLlmFailure(thrown: unknown, model: string): WitanFailure {
  if (thrown instanceof WitanError)
    return { ...thrown.failure, details: { model, ...thrown.failure.details } };
  const name = thrown instanceof Error || thrown instanceof DOMException ? thrown.name : '';
  const text = thrown instanceof Error || thrown instanceof DOMException ? thrown.message : String(thrown);
  for (const rule of RULES) {
    if (rule.name !== undefined && !rule.name.test(name)) continue;
    const match = (rule.text ?? /(?:)/).exec(text);
    if (match === null) continue;
    return failure(rule.code, { model, ...rule.details?.(match) }, thrown);
  }
  // Not every WASM trap is an Error: a C++ exception crosses as a bare number.
  return failure('engine-failed', { model }, typeof thrown === 'number' ? `exception ${thrown}` : thrown);
}
