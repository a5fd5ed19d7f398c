import { beforeEach, expect, it } from 'vitest';
import { NativeLog } from '../../../../workers/inference/wllama-native-log.ts';

const MIB = 1024 * 1024;

let log: NativeLog;

beforeEach(() => {
  log = new NativeLog();
});

it('knows nothing before a model is loaded', () => {
  expect(log).toMatchObject({
    backend: 'cpu',
    slotContextTokens: null,
    memory: { weightsBytes: 0, kvBytes: 0, computeBytes: 0 },
  });
});

it('reads a load on the CPU, as llama.cpp b11364 writes it', () => {
  for (const line of [
    'load_tensors:          CPU model buffer size =     0.46 MiB',
    'llama_context: n_ctx                 = 1024',
    'llama_context: n_ctx_seq             = 256',
    'llama_context:        CPU  output buffer size =     0.01 MiB',
    'llama_kv_cache:        CPU KV buffer size =     1.00 MiB',
    'llama_kv_cache: size =    1.00 MiB (  1024 cells,   4 layers,  4/1 seqs), K (f16):    0.50 MiB, V (f16):    0.50 MiB',
    'sched_reserve:        CPU compute buffer size =     0.53 MiB',
  ])
    log.debug(line);
  expect(log.backend).toBe('cpu');
  expect(log.slotContextTokens).toBe(256);
  expect(log.memory).toEqual({
    weightsBytes: Math.round(0.46 * MIB),
    kvBytes: MIB,
    computeBytes: Math.round(0.54 * MIB),
  });
});

it('reads a load on the GPU, which keeps a little on the CPU', () => {
  log.debug('load_tensors:   CPU_Mapped model buffer size =     2.00 MiB');
  log.debug('load_tensors:       WebGPU model buffer size =    10.50 MiB');
  log.debug('llama_kv_cache:     WebGPU KV buffer size =     4.00 MiB');
  log.debug('sched_reserve:     WebGPU compute buffer size =     8.00 MiB');
  log.debug('sched_reserve:        CPU compute buffer size =     1.00 MiB');
  expect(log.backend).toBe('webgpu');
  expect(log.memory).toEqual({ weightsBytes: 12.5 * MIB, kvBytes: 4 * MIB, computeBytes: 9 * MIB });
});

it('does not take a GPU that only scratches for one that holds the weights', () => {
  log.debug('load_tensors:       WebGPU model buffer size =     0.00 MiB');
  log.debug('load_tensors:          CPU model buffer size =     2.00 MiB');
  log.debug('sched_reserve:     WebGPU compute buffer size =     8.00 MiB');
  expect(log.backend).toBe('cpu');
});

it('adds several caches up, and takes the last word on scratch space', () => {
  log.debug('llama_kv_cache:        CPU KV buffer size =     1.00 MiB');
  log.debug('llama_kv_cache:        CPU KV buffer size =     2.00 MiB');
  log.debug('llama_memory_recurrent:        CPU RS buffer size =     0.50 MiB');
  log.debug('sched_reserve:        CPU compute buffer size =     5.00 MiB');
  log.debug('sched_reserve:        CPU compute buffer size =     3.00 MiB');
  expect(log.memory).toMatchObject({ kvBytes: 3.5 * MIB, computeBytes: 3 * MIB });
});

it('keeps the last error lines until they are taken', () => {
  log.warn('slot launch: need to evaluate at least 1 token');
  for (let line = 1; line <= 8; line += 1) log.error(` line ${String(line)}`);
  log.error(new RangeError('Invalid typed array length: 1163217991'));
  log.error('Stack trace (exception):\nRangeError');
  expect(log.takeProblems()).toEqual(['line 3', 'line 4', 'line 5', 'line 6', 'line 7', 'line 8']);
  expect(log.takeProblems()).toEqual([]);
});

it('keeps the reason of an abort, which has no level', () => {
  const reason = '/source/llama.cpp/ggml/src/ggml-webgpu/ggml-webgpu.cpp:506: ggml_webgpu: Buffer map failed';
  log.log('llama_context: n_ctx_seq             = 256');
  log.log(reason);
  log.log('');
  expect(log.takeProblems()).toEqual([reason]);
});

it('survives what is no text', () => {
  log.debug({ loadedCtxInfo: {} });
  log.log();
  expect(log.takeProblems()).toEqual([]);
});
