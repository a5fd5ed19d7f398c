import { assert } from '#kernel/assert';
import { err, ok } from '#kernel/result';
import { failure, type Outcome } from '#contracts/errors';
import type { MicroName, MicroPart, MicroPrepared, MicroSample } from '#contracts/micro-bench';
import {
  expectedMultiply,
  expectedRead,
  FLOPS_PER_TURN,
  wasmKernels,
  type WasmKernels,
} from '../../src/hardware/micro/wasm-kernels.ts';
import { nothingPrepared, type MicroRig, type NowMs } from './micro-rig.ts';
import { ThreadGate } from './micro-thread-gate.ts';

const PAGE_BYTES = 65_536;
const MIB = 2 ** 20;
/** The gate's words have a page of their own, in front of what is read. */
const READ_FROM = PAGE_BYTES;
/** Four times what the caches of common processors hold (up to 32 MiB); half of it where memory is scarce. */
const WORKING_SET_BYTES = 128 * MIB;
const SMALL_WORKING_SET_BYTES = 64 * MIB;
const SCARCE_MEMORY_GIB = 2;

/** What a thread takes at a time: large for the prefetcher, small enough that all threads end together. */
const CHUNK_BYTES = 512 * 1024;
const CHUNK_TURNS = 2048;
const CHUNKS_PER_BLOCK = 8;

const FIRST_SEED = 0x9e3779b9;

export interface MicroWasmPorts {
  readonly nowMs: NowMs;
  readonly clockStepUs: number;
  /** As the browser tells it; anything else than a number counts as enough. */
  readonly deviceMemoryGiB: unknown;
}

/** Marsaglia's xorshift32: random enough that nothing can compress it, and quick. */
function fillRandom(words: Uint32Array): void {
  let state = FIRST_SEED;
  for (let at = 0; at < words.length; at += 1) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    words[at] = state;
  }
}

const PROOF_TURNS = 100;
const PROOF_BYTES = 4096;
const START = 0.5;

function prove(kernels: WasmKernels, memory: WebAssembly.Memory): void {
  const words = new Uint32Array(memory.buffer, READ_FROM, PROOF_BYTES / 4);
  assert(kernels.read(READ_FROM, READ_FROM + PROOF_BYTES) === expectedRead(words), 'sum of what was read');
  assert(
    kernels.multiply(PROOF_TURNS, START) === expectedMultiply(PROOF_TURNS, START),
    'product of the chains',
  );
}

/** Reads memory and multiplies on the processor, alone or with other threads that share memory and gate. */
export class MicroWasm implements MicroRig {
  readonly prepared: MicroPrepared;
  readonly #kernels: WasmKernels;
  readonly #gate: ThreadGate | null;
  readonly #nowMs: NowMs;
  readonly #chunks: number;
  /** Where the next repetition of one thread goes on: what was read last is in the caches. */
  #next = 0;

  private constructor(
    kernels: WasmKernels,
    memory: WebAssembly.Memory,
    threads: number,
    { nowMs, clockStepUs }: MicroWasmPorts,
  ) {
    this.#kernels = kernels;
    this.#nowMs = nowMs;
    this.#chunks = Math.floor((memory.buffer.byteLength - READ_FROM) / CHUNK_BYTES);
    const alone = threads === 1;
    this.#gate = alone ? null : new ThreadGate(memory.buffer, threads);
    this.prepared = {
      ...nothingPrepared(clockStepUs),
      names: [
        'wasmReadGBps1',
        'wasmGflops1',
        ...(alone ? [] : (['wasmReadGBpsAll', 'wasmGflopsAll'] as const)),
      ],
      memory: alone ? null : memory,
    };
  }

  static async open(part: Extract<MicroPart, { kind: 'wasm' }>, ports: MicroWasmPorts): Promise<MicroWasm> {
    const { threads } = part;
    const shared = threads > 1;
    const scarce = typeof ports.deviceMemoryGiB === 'number' && ports.deviceMemoryGiB <= SCARCE_MEMORY_GIB;
    const pages = (READ_FROM + (scarce ? SMALL_WORKING_SET_BYTES : WORKING_SET_BYTES)) / PAGE_BYTES;
    const memory = part.memory ?? new WebAssembly.Memory({ initial: pages, maximum: pages, shared });
    if (part.memory === null) fillRandom(new Uint32Array(memory.buffer, READ_FROM));
    const kernels = await wasmKernels(memory, shared);
    prove(kernels, memory);
    return new MicroWasm(kernels, memory, threads, ports);
  }

  sample(name: MicroName, blocks: number): Outcome<MicroSample> {
    const reads = name === 'wasmReadGBps1' || name === 'wasmReadGBpsAll';
    const together = name === 'wasmReadGBpsAll' || name === 'wasmGflopsAll';
    const total = blocks * CHUNKS_PER_BLOCK;
    const chunk = reads ? this.#readChunk : this.#multiplyChunk;
    const elapsedMs =
      together && this.#gate !== null ? this.#sharedMs(this.#gate, total, chunk) : this.#ownMs(total, chunk);
    if (elapsedMs === null) return err(failure('deadline-exceeded', { reason: 'threads' }));
    const work = total * (reads ? CHUNK_BYTES : CHUNK_TURNS * FLOPS_PER_TURN);
    // Bytes or operations a millisecond, in thousand millions a second.
    return ok({ value: elapsedMs > 0 ? work / elapsedMs / 1e6 : 0, elapsedMs });
  }

  #ownMs(total: number, chunk: (index: number) => void): number {
    const startMs = this.#nowMs();
    for (let done = 0; done < total; done += 1) chunk(this.#next + done);
    this.#next = (this.#next + total) % this.#chunks;
    return this.#nowMs() - startMs;
  }

  /** From the moment when all threads were there until the last had done its work; null when one did not come. */
  #sharedMs(gate: ThreadGate, total: number, chunk: (index: number) => void): number | null {
    const first = gate.begin(total);
    if (first === null) return null;
    const startMs = this.#nowMs();
    for (let taken = gate.take(); taken < total; taken = gate.take()) chunk(first + taken);
    return gate.end() ? this.#nowMs() - startMs : null;
  }

  end(): void {
    // Memory and kernels go with the worker.
  }

  readonly #readChunk = (index: number): void => {
    const from = READ_FROM + (index % this.#chunks) * CHUNK_BYTES;
    this.#kernels.read(from, from + CHUNK_BYTES);
  };

  readonly #multiplyChunk = (): void => {
    this.#kernels.multiply(CHUNK_TURNS, START);
  };
}
