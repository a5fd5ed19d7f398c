/** WGSL of the kernels, their sizes, and what they must compute. */

/** Threads of one workgroup: every device has as many (WebGPU's lowest limit is 256). */
const GROUP = 256;
/** Threads of reading and multiplying: a hundred thousand and more keep the largest cards busy. */
export const WORKGROUPS = 1024;
export const THREADS = WORKGROUPS * GROUP;
/** Bytes that all threads read in one step, 16 each, side by side; the buffer is a multiple of `READ_ALIGN_BYTES`. */
export const STEP_BYTES = THREADS * 16;
/** Steps in one turn of the reading loop, each into a sum of its own. */
export const READ_UNROLLED = 4;
export const READ_ALIGN_BYTES = STEP_BYTES * READ_UNROLLED;

/**
 * Neighbouring words have nothing in common (an integer hash: "PCG" of Jarzynski & Olano, JCGT 9(3), 2020), so that nothing
 * between memory and core can compress them.
 */
const HASH_WGSL = /* wgsl */ `
fn hash(index: u32) -> u32 {
  let state = index * 747796405u + 2891336453u;
  let word = ((state >> ((state >> 28u) + 4u)) ^ state) * 277803737u;
  return (word >> 22u) ^ word;
}`;

export function hashWord(index: number): number {
  const state = (Math.imul(index, 747_796_405) + 2_891_336_453) >>> 0;
  const word = Math.imul((state >>> ((state >>> 28) + 4)) ^ state, 277_803_737) >>> 0;
  return ((word >>> 22) ^ word) >>> 0;
}

/** Bindings by their number: the large buffer, what the threads came to, and the numbers of this run. */
export const BINDING = { memory: 0, results: 1, run: 2 } as const;
const MEMORY_READ = '@group(0) @binding(0) var<storage, read> memory: array<vec4<u32>>;';
const MEMORY_WRITE = '@group(0) @binding(0) var<storage, read_write> memory: array<vec4<u32>>;';
const RESULTS = '@group(0) @binding(1) var<storage, read_write> results: array<u32>;';
const RUN = `struct Run { amount: u32, start: u32, unused: vec2<u32> }
@group(0) @binding(2) var<uniform> run: Run;`;

/** The numbers of a run as the kernels take them. */
export interface GpuRun {
  /** Steps of filling and reading; turns of multiplying. */
  readonly amount: number;
  /** The first vector to read. */
  readonly start: number;
}
export const RUN_BYTES = 16;

export interface GpuKernel {
  readonly code: string;
  readonly bindings: readonly (keyof typeof BINDING)[];
}

const threads = (body: string): string => `
@compute @workgroup_size(${GROUP})
fn main(@builtin(global_invocation_id) id: vec3<u32>) {${body}
}`;

/** Writes the large buffer, `amount` steps. */
export const FILL: GpuKernel = {
  bindings: ['memory', 'run'],
  code: [
    MEMORY_WRITE,
    RUN,
    HASH_WGSL,
    threads(`
  for (var step = 0u; step < run.amount; step++) {
    let at = step * ${THREADS}u + id.x;
    let word = at * 4u;
    memory[at] = vec4(hash(word), hash(word + 1u), hash(word + 2u), hash(word + 3u));
  }`),
  ].join('\n'),
};

/** Each thread adds up what it reads. */
export const READ: GpuKernel = {
  bindings: ['memory', 'results', 'run'],
  code: [
    MEMORY_READ,
    RESULTS,
    RUN,
    threads(`
  var a = vec4<u32>(); var b = vec4<u32>(); var c = vec4<u32>(); var d = vec4<u32>();
  for (var step = 0u; step < run.amount; step += ${READ_UNROLLED}u) {
    let at = run.start + step * ${THREADS}u + id.x;
    a += memory[at];
    b += memory[at + ${THREADS}u];
    c += memory[at + ${2 * THREADS}u];
    d += memory[at + ${3 * THREADS}u];
  }
  let sum = a + b + c + d;
  results[id.x] = sum.x + sum.y + sum.z + sum.w;`),
  ].join('\n'),
};

/** One thread, one addition: each dispatch needs what the one before it wrote. */
export const COUNT: GpuKernel = {
  bindings: ['results'],
  code: `${RESULTS}
@compute @workgroup_size(1)
fn main() {
  results[0] += 1u;
}`,
};

/** Vectors of four that each thread multiplies, one independent of the other. */
const CHAINS = 4;
/** Steps of each chain in one turn. */
const UNROLLED = 8;
/** Multiplications and additions of all threads in one turn. */
export const FLOPS_PER_TURN = THREADS * CHAINS * 4 * UNROLLED * 2;
const FACTOR = 0.96875;
const ADDEND = 0.03125;
/** Chain i of a thread begins at this + i / 8, when the run's `start` is 0. */
const START = 0.25;

/**
 * Chains of fused multiplications and additions towards 1. What the compiler does not know (turns, and where a chain begins)
 * keeps it from computing the end by itself.
 * @param type f16 needs the feature `shader-f16`
 */
export function multiplyKernel(type: 'f32' | 'f16'): GpuKernel {
  const turn = ['a', 'b', 'c', 'd'].map((name) => `${name} = fma(${name}, factor, addend);`).join(' ');
  const body = `
  let factor = vec4<${type}>(${FACTOR});
  let addend = vec4<${type}>(${ADDEND});
  let begin = vec4<${type}>(${type}(run.start) + ${START});
  var a = begin; var b = begin + 0.125; var c = begin + 0.25; var d = begin + 0.375;
  for (var i = 0u; i < run.amount; i++) {
    ${Array.from({ length: UNROLLED }, () => turn).join('\n    ')}
  }
  let sum = vec4<f32>(a) + vec4<f32>(b) + vec4<f32>(c) + vec4<f32>(d);
  results[id.x] = bitcast<u32>(sum.x + sum.y + sum.z + sum.w);`;
  return {
    bindings: ['results', 'run'],
    code: [type === 'f16' ? 'enable f16;' : '', RESULTS, RUN, threads(body)].join('\n'),
  };
}

/** What each thread must come to, before rounding. */
export function expectedMultiply(turns: number): number {
  const decay = FACTOR ** (turns * UNROLLED);
  const starts = Array.from({ length: CHAINS }, (_, chain) => START + chain / 8);
  // x ← x·f + a goes to a / (1 − f) = 1: the distance to it shrinks by f in each step.
  return starts.reduce((sum, start) => sum + 4 * (1 + (start - 1) * decay), 0);
}

/** Turns of the proof: the chains are then half-way, so that a step too few or too many would show. */
export const PROOF_TURNS = 3;
/** Relative; rounding in every step, half of 2⁻²⁴ or 2⁻¹¹ each, and the two errors that make a wrong step seen. */
export const PROOF_TOLERANCE = { f32: 1e-5, f16: 4e-3 } as const;

/**
 * What `read` must give, added up over all threads, modulo 2³².
 * @param start the first vector, of 16 bytes
 */
export function expectedRead(start: number, steps: number): number {
  let sum = 0;
  const [from, to] = [start * 4, (start + steps * THREADS) * 4];
  for (let word = from; word < to; word += 1) sum = (sum + hashWord(word)) >>> 0;
  return sum;
}

/** The adapter's limits on this buffer, and what is not to be taken from a small machine. */
export interface ReadBufferBounds {
  readonly largestBytes: number;
  readonly deviceMemoryGiB: unknown;
  readonly fallback: boolean;
}

const MIB = 2 ** 20;
/** Four times the largest caches of today's cards (128 MiB), so that little of it is still there when it is read again. */
const WANTED_BYTES = 512 * MIB;
/** A processor that plays graphics card reads some GB/s. */
const FALLBACK_BYTES = 64 * MIB;
const LEAST_BYTES = 32 * MIB;
/** A sixteenth of the memory that the browser tells of. */
const SHARE_OF_MEMORY = 1 / 16;

/** Bytes to read, to be halved down to 32 MiB where so much cannot be had; a multiple of `READ_ALIGN_BYTES`. */
export function readBufferBytes({ largestBytes, deviceMemoryGiB, fallback }: ReadBufferBounds): number {
  const told = typeof deviceMemoryGiB === 'number' && deviceMemoryGiB > 0;
  const share = told ? deviceMemoryGiB * 1024 * MIB * SHARE_OF_MEMORY : WANTED_BYTES;
  const wanted = Math.max(LEAST_BYTES, Math.min(fallback ? FALLBACK_BYTES : WANTED_BYTES, share));
  return READ_ALIGN_BYTES * Math.floor(Math.min(wanted, largestBytes) / READ_ALIGN_BYTES);
}

export function smallerReadBuffer(bytes: number): number | null {
  const half = READ_ALIGN_BYTES * Math.floor(bytes / 2 / READ_ALIGN_BYTES);
  return half < LEAST_BYTES ? null : half;
}
