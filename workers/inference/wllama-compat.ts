import wasmUrl from '@wllama/wllama-compat/wasm/wllama.wasm?url';
import workerCode from '@wllama/wllama-compat/wasm/wllama.js?raw';
import type { WllamaCompat } from '@wllama/wllama/esm/index.js';

/**
 * llama.cpp built without 64-bit memories and without JavaScript promise integration (16 MB, Asyncify, slower), from this
 * site and never from wllama's CDN. In a module of its own, because most browsers never need a byte of it.
 */
export const COMPAT_BUILD: WllamaCompat = { wasm: wasmUrl, worker: { code: workerCode } };
