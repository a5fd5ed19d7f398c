import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { whatHappened } from '#contracts/error-messages';
import { webLlmFailure } from '../../../../workers/inference/web-llm-errors.ts';

function named(name: string, message: string): Error {
  return Object.assign(new Error(message), { name });
}

/** Texts of the package, filled in as it fills them in; the last column must stand in its source as it is. */
const FROM_PACKAGE: readonly (readonly [code: string, thrown: unknown, details: object, inSource: string])[] =
  [
    [
      'context-exceeded',
      named(
        'ContextWindowSizeExceededError',
        'Prompt tokens exceed context window size: number of prompt tokens: 5021; context window size: 4096\nConsider shortening the prompt, or increase `context_window_size`, or using sliding window via `sliding_window_size`.',
      ),
      { needed: 5021, available: 4096 },
      'Prompt tokens exceed context window size: number of prompt tokens: ${numPromptTokens}; `',
    ],
    [
      'engine-unavailable',
      named('WebGPUNotAvailableError', 'WebGPU is not supported in your current environment'),
      {},
      'this.name = "WebGPUNotAvailableError"',
    ],
    [
      'engine-unavailable',
      named('WebGPUNotFoundError', 'Cannot find WebGPU in the environment'),
      {},
      'this.name = "WebGPUNotFoundError"',
    ],
    [
      'engine-unavailable',
      new Error(
        "Unable to find a compatible GPU. This issue might be because your computer doesn't have a GPU",
      ),
      {},
      'throw Error("Unable to find a compatible GPU.',
    ],
    [
      'feature-missing',
      named('ShaderF16SupportError', 'This model requires WebGPU extension shader-f16, which is not enabled'),
      { feature: 'shader-f16' },
      'this.name = "ShaderF16SupportError"',
    ],
    [
      'feature-missing',
      named(
        'FeatureSupportError',
        'This model requires feature subgroups, which is not yet supported by this browser.',
      ),
      { feature: 'subgroups' },
      'This model requires feature ${feature}, which is not yet supported by this browser.',
    ],
    [
      'feature-missing',
      named('ArtifactManifestError', 'Compiled artifact requires unsupported WebGPU feature "subgroups"'),
      { feature: 'subgroups' },
      'Compiled artifact requires unsupported WebGPU feature ${JSON.stringify(feature)}',
    ],
    [
      'feature-missing',
      new Error(
        'Cannot initialize runtime because of requested maxBufferSize exceeds limit. requested=256MB, limit=128MB. Consider upgrading your browser.',
      ),
      { feature: 'maxBufferSize', needed: '256MB', available: '128MB' },
      'Cannot initialize runtime because of requested maxBufferSize `',
    ],
    [
      'feature-missing',
      new Error(
        'Cannot initialize runtime because of requested maxStorageBuffersPerShaderStage exceeds limit. requested=10, limit=8. ',
      ),
      { feature: 'maxStorageBuffersPerShaderStage', needed: '10', available: '8' },
      'Cannot initialize runtime because of requested maxStorageBuffersPerShaderStage `',
    ],
    [
      'feature-missing',
      named(
        'ArtifactManifestError',
        'Compiled artifact requires maxStorageBufferBindingSize 201326592, but this device exposes 134217728',
      ),
      { feature: 'maxStorageBufferBindingSize', needed: 201_326_592, available: 134_217_728 },
      'Compiled artifact requires maxStorageBufferBindingSize ${requiredBuffer}, `',
    ],
    [
      'device-lost',
      named('DeviceLostError', 'The WebGPU device was lost while loading the model. This issue often occurs'),
      {},
      'super("The WebGPU device was lost while loading the model.',
    ],
    [
      'engine-incompatible',
      named('ArtifactManifestError', 'mlc-model-manifest.json is present, but _metadata.artifact is missing'),
      {},
      'this.name = "ArtifactManifestError"',
    ],
    [
      'engine-incompatible',
      new Error('Cannot find required VM function `embed`. Available candidate functions: (none)'),
      {},
      'Cannot find required VM function \\`${name}\\`. Available candidate functions: ${availableStr}',
    ],
    [
      'engine-incompatible',
      new Error(
        'Invalid hybrid ABI. Missing required functions: batch_prefill. Available candidate functions: ',
      ),
      {},
      '"Invalid hybrid ABI. Missing required functions: "',
    ],
    [
      'engine-incompatible',
      new Error('Cannot find global function vm.builtin.kv_state_clear'),
      {},
      'throw Error("Cannot find global function " + name)',
    ],
    [
      'model-invalid',
      named('IntegrityError', 'Integrity verification failed for https://x/y'),
      { reason: 'hash' },
      'this.name = "IntegrityError"',
    ],
    [
      'model-invalid',
      named('UnsupportedTokenizerFilesError', 'Cannot handle tokenizer files vocab.json'),
      { reason: 'tokenizer' },
      'this.name = "UnsupportedTokenizerFilesError"',
    ],
    [
      'model-invalid',
      new Error('Tensor-cache record range [0, 4096) exceeds shard size 512'),
      { reason: 'shard' },
      'Tensor-cache record range [${byteOffset}, ${endOffset}) exceeds `',
    ],
    [
      'model-fetch-failed',
      new Error('Cannot fetch https://models.test/x'),
      {},
      'throw Error("Cannot fetch " + url)',
    ],
    [
      'request-unsupported',
      named(
        'GrammarMatcherInitError',
        'Failed to initialize the grammar matcher for response format `grammar`: EBNF',
      ),
      { reason: 'this answer format' },
      'this.name = "GrammarMatcherInitError"',
    ],
    [
      'request-unsupported',
      named('RangeError', 'Make sure 0 < top_p <= 1.'),
      { reason: 'top_p' },
      'super(`Make sure ${minValue} < ${paramName} <= ${maxValue}.',
    ],
    [
      'request-unsupported',
      named('MinValueError', 'Make sure `max_tokens` > 0.'),
      { reason: 'max_tokens' },
      'super(`Make sure \\`${paramName}\\` > ${minValue}.`)',
    ],
    [
      'request-unsupported',
      named('SeedTypeError', '`seed` should be an integer, but got 1.5'),
      { reason: 'seed' },
      'super("`seed` should be an integer, but got " + seed)',
    ],
    [
      'engine-failed',
      named('ModelNotLoadedError', 'Model not loaded before trying to complete ChatCompletionRequest.'),
      { reason: 'no-model' },
      'this.name = "ModelNotLoadedError"',
    ],
    ['cancelled', 'Engine.unload() is called.', {}, 'abort("Engine.unload() is called.")'],
  ];

/** Texts of the browsers themselves. */
const FROM_BROWSERS: readonly (readonly [code: string, thrown: unknown, details: object])[] = [
  ['cancelled', new DOMException('The user aborted a request.', 'AbortError'), {}],
  ['cancelled', new DOMException('BodyStreamBuffer was aborted', 'AbortError'), {}],
  [
    'device-lost',
    new DOMException("Failed to execute 'mapAsync' on 'GPUBuffer': Device is lost.", 'AbortError'),
    {},
  ],
  [
    'device-lost',
    new DOMException('A valid external Instance reference no longer exists.', 'AbortError'),
    {},
  ],
  [
    'engine-incompatible',
    named(
      'LinkError',
      'WebAssembly.instantiate(): Import #2 "env" "TVMWasmPackedCFunc": function import requires a callable',
    ),
    {},
  ],
  [
    'model-invalid',
    named(
      'CompileError',
      'WebAssembly.instantiate(): expected magic word 00 61 73 6d, found 3c 21 64 6f @+0',
    ),
    { reason: 'library' },
  ],
  [
    'model-invalid',
    new SyntaxError(`Unexpected token '<', "<!doctype "... is not valid JSON`),
    { reason: 'json' },
  ],
  ['model-fetch-failed', new TypeError('Failed to fetch'), {}],
  ['model-fetch-failed', new TypeError('NetworkError when attempting to fetch resource.'), {}],
  ['model-fetch-failed', new TypeError('Load failed'), {}],
  [
    'storage-failed',
    new DOMException(
      'The requested file could not be read, typically due to permission problems that have occurred after a reference to a file was acquired.',
      'NotReadableError',
    ),
    { reason: 'unreadable' },
  ],
  [
    'model-fetch-failed',
    new TypeError(
      'Failed to fetch dynamically imported module: https://witan.test/assets/web-llm-package-1.js',
    ),
    { reason: 'engine' },
  ],
  ['out-of-memory', new RangeError('Array buffer allocation failed'), {}],
  [
    'out-of-memory',
    new RangeError('WebAssembly.instantiate(): Out of memory: Cannot allocate Wasm memory for new instance'),
    {},
  ],
  ['engine-failed', named('RuntimeError', 'unreachable'), {}],
  ['engine-failed', new Error('something else'), {}],
  ['engine-failed', 5_246_816, {}],
  ['engine-failed', undefined, {}],
];

const details = (thrown: unknown): Record<string, unknown> => {
  const { model, ...rest } = webLlmFailure(thrown, 'Tiny').details;
  expect(model).toBe('Tiny');
  return rest;
};

describe('errors of web-llm', () => {
  const source = readFileSync('node_modules/@mlc-ai/web-llm/lib/index.js', 'utf8');

  it.each(FROM_PACKAGE)('%s: %s', (code, thrown, expected, inSource) => {
    expect(webLlmFailure(thrown, 'Tiny').code).toBe(code);
    expect(details(thrown)).toEqual(expected);
    expect(source).toContain(inSource);
  });
});

it.each(FROM_BROWSERS)('%s: %s', (code, thrown, expected) => {
  expect(webLlmFailure(thrown, 'Tiny').code).toBe(code);
  expect(details(thrown)).toEqual(expected);
});

it('leaves no gap in what people read', () => {
  for (const [, thrown] of [...FROM_PACKAGE, ...FROM_BROWSERS])
    expect(whatHappened(webLlmFailure(thrown, 'Tiny'))).not.toMatch(/[{}]/);
});

it('keeps the text of the error for the log', () => {
  expect(webLlmFailure(new Error('something else'), 'Tiny').cause).toBe('Error: something else');
  expect(webLlmFailure(5_246_816, 'Tiny').cause).toBe('exception 5246816');
});
