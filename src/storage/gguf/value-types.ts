/** Numbers of the value types (gguf.md, gguf_metadata_value_type). */
export const VALUE = {
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

export interface ScalarType {
  readonly sizeBytes: number;
  /** 64-bit integers beyond 2^53 are rounded: they are beyond every limit anyway. */
  readonly read: (view: DataView, at: number) => number;
}

/** The types of fixed size, by number; all little-endian. */
export const SCALARS: ReadonlyMap<number, ScalarType> = new Map<number, ScalarType>([
  [VALUE.u8, { sizeBytes: 1, read: (view, at) => view.getUint8(at) }],
  [VALUE.i8, { sizeBytes: 1, read: (view, at) => view.getInt8(at) }],
  [VALUE.u16, { sizeBytes: 2, read: (view, at) => view.getUint16(at, true) }],
  [VALUE.i16, { sizeBytes: 2, read: (view, at) => view.getInt16(at, true) }],
  [VALUE.u32, { sizeBytes: 4, read: (view, at) => view.getUint32(at, true) }],
  [VALUE.i32, { sizeBytes: 4, read: (view, at) => view.getInt32(at, true) }],
  [VALUE.f32, { sizeBytes: 4, read: (view, at) => view.getFloat32(at, true) }],
  [VALUE.bool, { sizeBytes: 1, read: (view, at) => view.getUint8(at) }],
  [VALUE.u64, { sizeBytes: 8, read: (view, at) => Number(view.getBigUint64(at, true)) }],
  [VALUE.i64, { sizeBytes: 8, read: (view, at) => Number(view.getBigInt64(at, true)) }],
  [VALUE.f64, { sizeBytes: 8, read: (view, at) => view.getFloat64(at, true) }],
]);

const INTEGERS: readonly number[] = [
  VALUE.u8,
  VALUE.i8,
  VALUE.u16,
  VALUE.i16,
  VALUE.u32,
  VALUE.i32,
  VALUE.u64,
  VALUE.i64,
];

export const isInteger = (type: number): boolean => INTEGERS.includes(type);
