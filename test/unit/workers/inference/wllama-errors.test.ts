import { describe, expect, it } from 'vitest';
import { whatHappened } from '#contracts/error-messages';
import {
  isHalfCharacter,
  wllamaFailure,
  wllamaLoadFailure,
} from '../../../../workers/inference/wllama-errors.ts';

/** Of an exception in C++ only this comes out: the length is read from the request, whose first bytes are "GLUE". */
const CPP_EXCEPTION = new Error('Invalid typed array length: 1163217991');

// Texts as wllama 3.8.1, its llama.cpp, emscripten and the browsers write them.
describe('the thrown text alone', () => {
  it.each([
    ['cancelled', new DOMException('aborted', 'AbortError')],
    ['context-exceeded', 'Context size has been exceeded.'],
    ['context-exceeded', 'input (600 tokens) is larger than the max context size (512 tokens). skipping'],
    ['request-unsupported', 'Failed to initialize samplers: failed to parse grammar'],
    ['out-of-memory', 'std::bad_alloc'],
    ['out-of-memory', '(ABORT) OOM | Aborted(OOM)'],
    ['out-of-memory', 'Cannot allocate WebAssembly.Memory'],
    ['out-of-memory', 'WebAssembly.Memory(): could not allocate memory'],
    [
      'out-of-memory',
      'WebAssembly.instantiate(): Out of memory: Cannot allocate Wasm memory for new instance',
    ],
    ['out-of-memory', 'Array buffer allocation failed'],
    ['out-of-memory', 'Invalid typed array length: 2147483648'],
    ['engine-incompatible', 'Aborted(Error: 404 : https://page/assets/wllama-1.wasm)'],
    ['engine-incompatible', 'Aborted(both async and sync fetching of the wasm failed)'],
    [
      'engine-incompatible',
      'Aborted(LinkError: WebAssembly.instantiate(): Import #0 "env": module is not an object)',
    ],
    [
      'engine-incompatible',
      'Aborted(CompileError: WebAssembly.instantiate(): expected magic word 00 61 73 6d, found 3c 21 64 6f @+0)',
    ],
    [
      'engine-unavailable',
      'Aborted(CompileError: WebAssembly.instantiate(): invalid memory limits flags 0x7)',
    ],
    ['engine-unavailable', 'WebAssembly runtime does not support exception handling'],
    ['engine-unavailable', 'WebAssembly runtime does not support SIMD'],
    // Traps name no cause, and words like "instantiate" in them prove nothing.
    ['engine-failed', 'unreachable'],
    ['engine-failed', 'memory access out of bounds'],
    ['engine-failed', '(ABORT) '],
    ['engine-failed', 'could not compile the regular expression of a wasm tool'],
    ['engine-failed', CPP_EXCEPTION],
    ['engine-failed', 'wllama has crashed, please reload the module'],
  ])('%s: %s', (code, thrown) => {
    const error = typeof thrown === 'string' ? new Error(thrown) : thrown;
    expect(wllamaFailure(error, 'Alder')).toMatchObject({ code, details: { model: 'Alder' } });
  });

  it('may be no error object at all', () => {
    expect(wllamaFailure('wllama has crashed', 'Alder')).toMatchObject({ code: 'engine-failed' });
  });
});

describe('with the native log', () => {
  it.each([
    [
      'request-unsupported',
      'json-schema',
      'Automatic parser generation failed: JSON schema error at #: unrecognized type x',
    ],
    [
      'request-unsupported',
      'request',
      "Field 'max_tokens': Value must be between -1 <= value <= 2147483647, but got -5",
    ],
    ['request-unsupported', 'request', '[json.exception.parse_error.101] parse error at line 1, column 46'],
    [
      'out-of-memory',
      undefined,
      'ggml_backend_cpu_buffer_type_alloc_buffer: failed to allocate buffer of size 3072000000',
    ],
    [
      'out-of-memory',
      undefined,
      'ggml_aligned_malloc: insufficient memory (attempted to allocate 97656.25 MB)',
    ],
    ['out-of-memory', undefined, 'alloc_tensor_range: unable to allocate WebGPU buffer'],
    [
      'device-lost',
      undefined,
      'ggml_webgpu: Device lost! Reason: 1, Message: A valid external Instance reference no longer exists.',
    ],
    [
      'device-lost',
      undefined,
      "/source/llama.cpp/ggml/src/ggml-webgpu/ggml-webgpu.cpp:506: ggml_webgpu: Buffer map failed with status 4: Failed to execute 'mapAsync' on 'GPUBuffer': The Device was lost before mapping was resolved.",
    ],
  ])('%s (%s): %s', (code, reason, line) => {
    const problem = wllamaFailure(CPP_EXCEPTION, 'Alder', ['srv: something before', line]);
    expect(problem.code).toBe(code);
    expect(problem.details['reason']).toBe(reason);
    expect(problem.cause).toContain(line);
  });
});

it('does not take the words about another answer for its own', () => {
  const other =
    'srv    send_error: task id = 298, error: request (3019 tokens) exceeds the available context size';
  const own = new Error('Failed to initialize samplers: failed to parse grammar');
  expect(wllamaFailure(own, 'Alder', [other])).toMatchObject({ code: 'request-unsupported' });
  const native = [other, 'JSON schema error at #: unrecognized type x'];
  expect(wllamaFailure(CPP_EXCEPTION, 'Alder', native)).toMatchObject({ details: { reason: 'json-schema' } });
});

describe('a load that failed', () => {
  it.each([
    ['model-invalid', "gguf_init_from_reader: invalid magic characters: '?GUF', expected 'GGUF'"],
    ['model-invalid', 'gguf_init_from_reader: failed to read key-value pairs'],
    [
      'model-invalid',
      'gguf_init_from_reader: this GGUF file is version 2308615100 but this software only supports up to version 3',
    ],
    [
      'model-invalid',
      "llama_model_load: error loading model: tensor 'blk.1.ffn_down.weight' data is not within the file bounds, model is corrupted or incomplete",
    ],
    ['model-load-failed', "llama_model_load: error loading model: unknown model architecture: 'xlama'"],
    ['model-load-failed', 'srv          init: init: chat template parsing error: std::exception'],
    ['out-of-memory', 'llama_kv_cache: failed to allocate buffer for kv cache'],
    ['model-load-failed', 'srv    load_model: failed to load model'],
  ])('%s: %s', (code, line) => {
    expect(
      wllamaLoadFailure('no vocabulary', 'Alder', [line, 'srv    load_model: failed to load model']),
    ).toMatchObject({
      code,
      details: { model: 'Alder' },
    });
  });
});

it('knows an answer that failed over half a character', () => {
  expect(isHalfCharacter(['[json.exception.type_error.316] invalid UTF-8 byte at index 1: 0x20'])).toBe(true);
  expect(isHalfCharacter(['[json.exception.type_error.302] type must be number, but is string'])).toBe(false);
});

it.each([
  ['request (418 tokens) exceeds the available context size (256 tokens), try increasing it', 418, 256],
  [
    'input (1200 tokens) is too large to process. increase the physical batch size (current batch size: 512)',
    1200,
    512,
  ],
])('reads the figures of an overflow: %s', (text, needed, available) => {
  expect(wllamaFailure(new Error(text), 'Alder')).toEqual({
    code: 'context-exceeded',
    details: { model: 'Alder', needed, available },
    cause: `Error: ${text}`,
  });
});

it('makes up no figures when the text has none', () => {
  const problem = wllamaFailure(new Error('Context size has been exceeded.'), 'Alder');
  expect(problem.details).toEqual({ model: 'Alder' });
  expect(whatHappened(problem)).not.toMatch(/[{}0-9]/);
});
