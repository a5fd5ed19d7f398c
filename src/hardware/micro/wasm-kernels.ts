import { op, VALUE, wasmModule, type WasmFunction } from './wasm-encoder.ts';

/** Each 16 bytes: loads in flight at the same time, into as many sums, so that no load waits for an addition. */
const LOADS = 8;
/** Bytes of one turn of the reading loop; ranges are multiples of it. */
export const READ_STRIDE_BYTES = LOADS * 16;

/**
 * Independent chains of multiplications and additions. Two pipes of four cycles' latency (x86 since Skylake) are busy with
 * eight; more fill the wider cores of Apple and Arm; fourteen vectors are what fits the sixteen registers of x86.
 */
const CHAINS = 12;
/** Steps of each chain in one turn, so that the loop itself costs little. */
const UNROLLED = 2;
const LANES = 4;
/** Multiplications and additions in one turn of `multiply`. */
export const FLOPS_PER_TURN = CHAINS * UNROLLED * LANES * 2;

/** Exact in binary, and the chains go towards ADDEND / (1 − FACTOR) = 2: never to 0, infinity, or numbers below normal. */
const FACTOR = 1 - 2 ** -10;
const ADDEND = 2 ** -9;

const numbers = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

/** read(from, to): sum of the 32-bit words in this range of the memory, modulo 2³². */
const READ: WasmFunction = {
  name: 'read',
  takes: [VALUE.i32, VALUE.i32],
  gives: VALUE.i32,
  locals: numbers(LOADS).map(() => VALUE.v128),
  body: [
    op.loopWhile(
      [
        ...numbers(LOADS).map((load) => [
          ...op.localGet(2 + load),
          ...op.localGet(0),
          ...op.v128Load(16 * load),
          ...op.i32x4Add,
          ...op.localSet(2 + load),
        ]),
        [...op.localGet(0), ...op.i32Const(READ_STRIDE_BYTES), ...op.i32Add, ...op.localSet(0)],
        [...op.localGet(0), ...op.localGet(1), ...op.i32LtU],
      ].flat(),
    ),
    ...numbers(LOADS - 1).map((load) => [
      ...op.localGet(2),
      ...op.localGet(3 + load),
      ...op.i32x4Add,
      ...op.localSet(2),
    ]),
    ...numbers(LANES).map((lane) => [
      ...op.localGet(2),
      ...op.i32x4ExtractLane(lane),
      ...(lane === 0 ? [] : op.i32Add),
    ]),
  ],
};

const FIRST_CHAIN = 2;
const FACTORS = FIRST_CHAIN + CHAINS;
const ADDENDS = FACTORS + 1;

/** multiply(turns, start): chain i begins with start + i; the sum of what all lanes of all chains came to. */
const MULTIPLY: WasmFunction = {
  name: 'multiply',
  takes: [VALUE.i32, VALUE.f32],
  gives: VALUE.f32,
  locals: numbers(CHAINS + 2).map(() => VALUE.v128),
  body: [
    [...op.f32Const(FACTOR), ...op.f32x4Splat, ...op.localSet(FACTORS)],
    [...op.f32Const(ADDEND), ...op.f32x4Splat, ...op.localSet(ADDENDS)],
    ...numbers(CHAINS).map((chain) => [
      ...op.localGet(1),
      ...op.f32Const(chain),
      ...op.f32Add,
      ...op.f32x4Splat,
      ...op.localSet(FIRST_CHAIN + chain),
    ]),
    op.loopWhile(
      [
        ...numbers(CHAINS * UNROLLED).map((step) => [
          ...op.localGet(FIRST_CHAIN + (step % CHAINS)),
          ...op.localGet(FACTORS),
          ...op.f32x4Mul,
          ...op.localGet(ADDENDS),
          ...op.f32x4Add,
          ...op.localSet(FIRST_CHAIN + (step % CHAINS)),
        ]),
        // Down to 0; the value that is left on the stack decides.
        [...op.localGet(0), ...op.i32Const(-1), ...op.i32Add, ...op.localSet(0), ...op.localGet(0)],
      ].flat(),
    ),
    ...numbers(CHAINS - 1).map((chain) => [
      ...op.localGet(FIRST_CHAIN),
      ...op.localGet(FIRST_CHAIN + 1 + chain),
      ...op.f32x4Add,
      ...op.localSet(FIRST_CHAIN),
    ]),
    ...numbers(LANES).map((lane) => [
      ...op.localGet(FIRST_CHAIN),
      ...op.f32x4ExtractLane(lane),
      ...(lane === 0 ? [] : op.f32Add),
    ]),
  ],
};

export interface WasmKernels {
  /** Sum of the 32-bit words from byte `from` up to `to`, modulo 2³²; both multiples of `READ_STRIDE_BYTES`, from < to. */
  read(from: number, to: number): number;
  /** `turns` (at least 1) of `FLOPS_PER_TURN` each. @returns what the chains came to, added up */
  multiply(turns: number, start: number): number;
}

/** Errors: those of `WebAssembly.compile` where the browser has no SIMD. */
export async function wasmKernels(memory: WebAssembly.Memory, shared: boolean): Promise<WasmKernels> {
  const module = await WebAssembly.compile(wasmModule([READ, MULTIPLY], shared));
  const { exports } = await WebAssembly.instantiate(module, { host: { memory } });
  return exports as unknown as WasmKernels;
}

/** What `read` must give. */
export function expectedRead(words: Uint32Array): number {
  return words.reduce((sum, word) => (sum + word) | 0, 0);
}

/** What `multiply` must give, rounded after every step as 32-bit arithmetic is. */
export function expectedMultiply(turns: number, start: number): number {
  const chains = numbers(CHAINS).map((chain) => {
    let value = Math.fround(Math.fround(start) + chain);
    for (let step = 0; step < turns * UNROLLED; step += 1)
      value = Math.fround(Math.fround(value * FACTOR) + ADDEND);
    return value;
  });
  const [first = 0, ...others] = chains;
  const lane = others.reduce((sum, value) => Math.fround(sum + value), first);
  return [lane, lane, lane].reduce((sum, value) => Math.fround(sum + value), lane);
}
