import type { WllamaLogger } from '@wllama/wllama/esm/index.js';
import type { Backend, EngineMemory } from '#contracts/engine';

const MIB = 1024 * 1024;

/** `load_tensors:       WebGPU model buffer size =   123.45 MiB`, and so for KV, RS (recurrent state), compute, output. */
const BUFFER_SIZE = /(\S+)\s+(model|KV|RS|compute|output) buffer size\s*=\s*([\d.]+) MiB/;
const SLOT_CONTEXT = /llama_context: n_ctx_seq\s*=\s*(\d+)\s*$/;
/** The last words of ggml before it aborts, which come without a level: `/source/…/ggml-webgpu.cpp:506: the reason`. */
const ABORT_REASON = /^\S+\.(?:c|cpp|h|hpp):\d+: ./;

/** Lines kept to say why something failed: llama.cpp tells the cause in a few, the last of them the least. */
const LINES_KEPT = 6;

/**
 * Listens to llama.cpp's own log, the only place where wllama 3.8.1 tells which backend holds the weights (it stays on the
 * CPU without a word in its results when the adapter lacks shader-f16), what memory they take, and why an action failed
 * (of a C++ exception only a wrong array length comes out).
 */
export class NativeLog implements WllamaLogger {
  readonly #buffers = new Map<string, number>();
  #slotContextTokens: number | null = null;
  #problems: string[] = [];

  readonly debug = (...parts: readonly unknown[]): void => {
    this.#read(parts);
  };
  readonly log = (...parts: readonly unknown[]): void => {
    const [first] = parts;
    if (typeof first === 'string' && ABORT_REASON.test(first)) this.error(first);
    else this.#read(parts);
  };
  readonly warn = this.debug;
  readonly error = (...parts: readonly unknown[]): void => {
    this.#read(parts);
    const [first] = parts;
    // Besides text wllama logs the objects of what went wrong; their text reaches us with the failed action.
    if (typeof first !== 'string' || first.startsWith('Stack trace')) return;
    this.#problems.push(first.trim());
    this.#problems = this.#problems.slice(-LINES_KEPT);
  };

  /** Where the weights are, once a model is loaded. */
  get backend(): Backend {
    return this.#bytesOf(/^WebGPU model$/) > 0 ? 'webgpu' : 'cpu';
  }

  get memory(): EngineMemory {
    return {
      weightsBytes: this.#bytesOf(/ model$/),
      kvBytes: this.#bytesOf(/ (KV|RS)$/),
      computeBytes: this.#bytesOf(/ (compute|output)$/),
    };
  }

  /** Tokens of context that each slot has to itself; null before a context was made. */
  get slotContextTokens(): number | null {
    return this.#slotContextTokens;
  }

  /** The error lines since the last call, oldest first. */
  takeProblems(): readonly string[] {
    const problems = this.#problems;
    this.#problems = [];
    return problems;
  }

  #bytesOf(names: RegExp): number {
    let mebibytes = 0;
    for (const [name, size] of this.#buffers) if (names.test(name)) mebibytes += size;
    return Math.round(mebibytes * MIB);
  }

  #read(parts: readonly unknown[]): void {
    const [line] = parts;
    if (typeof line !== 'string') return;
    const [, device, kind, size] = BUFFER_SIZE.exec(line) ?? [];
    if (device !== undefined && kind !== undefined && size !== undefined) {
      const name = `${device} ${kind}`;
      // Compute buffers are reserved anew when a graph outgrows them; of the others there may be several (files, layers).
      const before = kind === 'compute' ? 0 : (this.#buffers.get(name) ?? 0);
      this.#buffers.set(name, before + Number(size));
      return;
    }
    const context = SLOT_CONTEXT.exec(line)?.[1];
    if (context !== undefined) this.#slotContextTokens = Number(context);
  }
}
