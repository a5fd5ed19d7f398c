/** The binary format of WebAssembly, as far as two kernels need it (WebAssembly Core 2.0, chapter 5; SIMD is part of it). */
export const VALUE = { i32: 0x7f, f32: 0x7d, v128: 0x7b } as const;
export type ValueType = (typeof VALUE)[keyof typeof VALUE];

type Bytes = readonly number[];

/** Unsigned LEB128 (§5.2.2). @param value a whole number below 2³² */
export function unsigned(value: number): Bytes {
  const bytes: number[] = [];
  let rest = value >>> 0;
  do {
    const low = rest & 0x7f;
    rest >>>= 7;
    bytes.push(rest === 0 ? low : low | 0x80);
  } while (rest !== 0);
  return bytes;
}

/** Signed LEB128. @param value a whole number of 32 bits */
export function signed(value: number): Bytes {
  const bytes: number[] = [];
  for (let rest = value | 0; ; rest >>= 7) {
    const low = rest & 0x7f;
    const sign = low & 0x40;
    if ((rest >> 7 === 0 && sign === 0) || (rest >> 7 === -1 && sign !== 0)) {
      bytes.push(low);
      return bytes;
    }
    bytes.push(low | 0x80);
  }
}

const vector = (items: readonly Bytes[]): Bytes => [...unsigned(items.length), ...items.flat()];
const text = (value: string): Bytes => vector(Array.from(value, (letter) => [letter.charCodeAt(0)]));
const section = (id: number, body: Bytes): Bytes => [id, ...unsigned(body.length), ...body];
const simd = (opcode: number): Bytes => [0xfd, ...unsigned(opcode)];

/** Instructions (§5.4), by the names of the text format. */
export const op = {
  localGet: (index: number): Bytes => [0x20, ...unsigned(index)],
  localSet: (index: number): Bytes => [0x21, ...unsigned(index)],
  i32Const: (value: number): Bytes => [0x41, ...signed(value)],
  f32Const: (value: number): Bytes => [0x43, ...new Uint8Array(Float32Array.of(value).buffer)],
  i32Add: [0x6a],
  i32LtU: [0x49],
  f32Add: [0x92],
  /** Goes back to the beginning of the loop around it when the value on the stack is not 0. */
  loopWhile: (body: Bytes): Bytes => [0x03, 0x40, ...body, 0x0d, 0, 0x0b],
  v128Load: (offset: number): Bytes => [...simd(0), 4, ...unsigned(offset)],
  f32x4Splat: simd(0x13),
  i32x4ExtractLane: (lane: number): Bytes => [...simd(0x1b), lane],
  f32x4ExtractLane: (lane: number): Bytes => [...simd(0x1f), lane],
  i32x4Add: simd(0xae),
  f32x4Add: simd(0xe4),
  f32x4Mul: simd(0xe6),
} as const;

export interface WasmFunction {
  readonly name: string;
  readonly takes: readonly ValueType[];
  readonly gives: ValueType;
  /** Numbered after the parameters. */
  readonly locals: readonly ValueType[];
  readonly body: readonly Bytes[];
}

const MAGIC_AND_VERSION = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
const FUNCTION = 0x60;
const END = 0x0b;
/** Every memory that a module of 32-bit addresses can have fits this import. */
const MOST_PAGES = 65_536;

/**
 * A module that exports these functions and imports its memory as `host.memory`.
 * @param shared whether that memory is shared between threads: the two kinds of memory do not match each other
 */
export function wasmModule(functions: readonly WasmFunction[], shared: boolean): Uint8Array<ArrayBuffer> {
  const numbers = (values: readonly number[]): Bytes => vector(values.map((value) => [value]));
  const limits = shared ? [3, ...unsigned(0), ...unsigned(MOST_PAGES)] : [0, ...unsigned(0)];
  const code = functions.map(({ locals, body }) => {
    const whole = [...vector(locals.map((type) => [1, type])), ...body.flat(), END];
    return [...unsigned(whole.length), ...whole];
  });
  return Uint8Array.from([
    ...MAGIC_AND_VERSION,
    ...section(
      1,
      vector(functions.map(({ takes, gives }) => [FUNCTION, ...numbers(takes), ...numbers([gives])])),
    ),
    ...section(2, vector([[...text('host'), ...text('memory'), 2, ...limits]])),
    ...section(3, vector(functions.map((_, index) => unsigned(index)))),
    ...section(7, vector(functions.map(({ name }, index) => [...text(name), 0, ...unsigned(index)]))),
    ...section(10, vector(code)),
  ]);
}
