/** Numbers of the metadata's value types (gguf.md). */
export const TYPE = {
  u8: 0,
  i8: 1,
  u16: 2,
  i16: 3,
  u32: 4,
  i32: 5,
  f32: 6,
  bool: 7,
  text: 8,
  list: 9,
  u64: 10,
  i64: 11,
  f64: 12,
} as const;

/** Numbers of some tensor types (ggml.h). */
export const TENSOR = { f32: 0, f16: 1, q4_0: 2, q8_0: 8, q4_k: 12, q6_k: 14 } as const;

export const ALIGNMENT = 32;

/** Writes the primitives of the format, little-endian. */
export class GgufWriter {
  readonly #parts: Uint8Array<ArrayBuffer>[] = [];
  /** Where numbers of 4 and 8 bytes lie: types, counts, lengths, offsets and values. */
  readonly numbersAt: { readonly at: number; readonly size: number }[] = [];
  length = 0;

  bytes(bytes: Uint8Array<ArrayBuffer>): void {
    this.#parts.push(bytes);
    this.length += bytes.length;
  }

  #number(size: number, write: (view: DataView) => void): void {
    const view = new DataView(new ArrayBuffer(size));
    write(view);
    if (size >= 4) this.numbersAt.push({ at: this.length, size });
    this.bytes(new Uint8Array(view.buffer));
  }

  u8(value: number): void {
    this.bytes(Uint8Array.of(value));
  }

  u16(value: number): void {
    this.#number(2, (view) => {
      view.setUint16(0, value, true);
    });
  }

  u32(value: number): void {
    this.#number(4, (view) => {
      view.setUint32(0, value, true);
    });
  }

  u64(value: number | bigint): void {
    this.#number(8, (view) => {
      view.setBigUint64(0, BigInt(value), true);
    });
  }

  f32(value: number): void {
    this.#number(4, (view) => {
      view.setFloat32(0, value, true);
    });
  }

  f64(value: number): void {
    this.#number(8, (view) => {
      view.setFloat64(0, value, true);
    });
  }

  text(value: string): void {
    const bytes = new TextEncoder().encode(value);
    this.u64(bytes.length);
    this.bytes(bytes);
  }

  pad(alignment = ALIGNMENT): void {
    this.bytes(new Uint8Array((alignment - (this.length % alignment)) % alignment));
  }

  finish(): Uint8Array<ArrayBuffer> {
    const whole = new Uint8Array(this.length);
    let at = 0;
    for (const part of this.#parts) {
      whole.set(part, at);
      at += part.length;
    }
    return whole;
  }
}

/** An entry of the metadata. */
export interface GgufField {
  readonly key: string;
  readonly type: number;
  readonly write: (out: GgufWriter) => void;
}

/** Writes one number of a type. */
const NUMBER: Readonly<Record<number, (out: GgufWriter, value: number) => void>> = {
  [TYPE.u8]: (out, value) => {
    out.u8(value);
  },
  [TYPE.i8]: (out, value) => {
    out.u8(value);
  },
  [TYPE.u16]: (out, value) => {
    out.u16(value);
  },
  [TYPE.i16]: (out, value) => {
    out.u16(value);
  },
  [TYPE.u32]: (out, value) => {
    out.u32(value);
  },
  [TYPE.i32]: (out, value) => {
    out.u32(value);
  },
  [TYPE.f32]: (out, value) => {
    out.f32(value);
  },
  [TYPE.bool]: (out, value) => {
    out.u8(value);
  },
  [TYPE.u64]: (out, value) => {
    out.u64(value);
  },
  [TYPE.i64]: (out, value) => {
    out.u64(BigInt.asUintN(64, BigInt(value)));
  },
  [TYPE.f64]: (out, value) => {
    out.f64(value);
  },
};

export const number = (key: string, type: number, value: number): GgufField => ({
  key,
  type,
  write: (out) => {
    NUMBER[type]?.(out, value);
  },
});

export const u32 = (key: string, value: number): GgufField => number(key, TYPE.u32, value);

export const text = (key: string, value: string): GgufField => ({
  key,
  type: TYPE.text,
  write: (out) => {
    out.text(value);
  },
});

export const texts = (key: string, values: readonly string[]): GgufField => ({
  key,
  type: TYPE.list,
  write: (out) => {
    out.u32(TYPE.text);
    out.u64(values.length);
    for (const value of values) out.text(value);
  },
});

export const numbers = (key: string, type: number, values: readonly number[]): GgufField => ({
  key,
  type: TYPE.list,
  write: (out) => {
    out.u32(type);
    out.u64(values.length);
    for (const value of values) NUMBER[type]?.(out, value);
  },
});

export interface GgufTensor {
  readonly name: string;
  /** Row length first, as ggml has it. */
  readonly shape: readonly (number | bigint)[];
  readonly type: number;
  readonly sizeBytes: number;
  /** Instead of the place behind the tensor before it. */
  readonly fromByte?: number | bigint;
  /** Zeros without. */
  readonly data?: () => Uint8Array<ArrayBuffer>;
}

export interface GgufFileSpec {
  readonly version?: number;
  readonly fields: readonly GgufField[];
  readonly tensors: readonly GgufTensor[];
  readonly alignment?: number;
  /** Counts that the file claims, where they are not the true ones. */
  readonly claimedKeys?: number | bigint;
  readonly claimedTensors?: number | bigint;
}

/** Writes a whole file. */
export const ggufFile = (spec: GgufFileSpec): Uint8Array<ArrayBuffer> => writtenGguf(spec).finish();

export function writtenGguf(spec: GgufFileSpec): GgufWriter {
  const alignment = spec.alignment ?? ALIGNMENT;
  const out = new GgufWriter();
  out.bytes(new TextEncoder().encode('GGUF'));
  out.u32(spec.version ?? 3);
  out.u64(spec.claimedTensors ?? spec.tensors.length);
  out.u64(spec.claimedKeys ?? spec.fields.length);
  for (const { key, type, write } of spec.fields) {
    out.text(key);
    out.u32(type);
    write(out);
  }
  let offset = 0;
  for (const tensor of spec.tensors) {
    out.text(tensor.name);
    out.u32(tensor.shape.length);
    for (const size of tensor.shape) out.u64(size);
    out.u32(tensor.type);
    out.u64(tensor.fromByte ?? offset);
    offset += Math.ceil(tensor.sizeBytes / alignment) * alignment;
  }
  if (spec.tensors.length > 0) out.pad(alignment);
  for (const { data, sizeBytes } of spec.tensors) {
    out.bytes(data?.() ?? new Uint8Array(sizeBytes));
    out.pad(alignment);
  }
  return out;
}
