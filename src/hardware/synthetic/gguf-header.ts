import type { SyntheticTensor } from './tensors.ts';

/** Numbers of the metadata's value types (ggml docs/gguf.md). */
const TYPE = { u32: 4, i32: 5, f32: 6, text: 8, list: 9 } as const;

/** "GGUF" as a little-endian number, and the version that all of llama.cpp's files have. */
const MAGIC = 0x4655_4747;
const VERSION = 3;

/** What tensor data is aligned to where a file does not say otherwise, bytes. */
export const ALIGNMENT = 32;

export const aligned = (bytes: number): number => Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;

/** A value of the metadata; lists are of texts or of 32-bit integers. */
export type MetadataValue =
  | { readonly u32: number }
  | { readonly f32: number }
  | { readonly text: string }
  | { readonly texts: readonly string[] }
  | { readonly i32s: Int32Array };

const UTF8 = new TextEncoder();

/** Appends little-endian values to bytes that grow. */
class Output {
  #bytes = new Uint8Array(1 << 16);
  #view = new DataView(this.#bytes.buffer);
  #length = 0;

  #grow(more: number): number {
    const at = this.#length;
    this.#length += more;
    if (this.#length > this.#bytes.length) {
      const larger = new Uint8Array(2 * this.#length);
      larger.set(this.#bytes);
      this.#bytes = larger;
      this.#view = new DataView(larger.buffer);
    }
    return at;
  }

  u32(value: number): void {
    const at = this.#grow(4);
    this.#view.setUint32(at, value, true);
  }

  u64(value: number): void {
    const at = this.#grow(8);
    this.#view.setBigUint64(at, BigInt(value), true);
  }

  f32(value: number): void {
    const at = this.#grow(4);
    this.#view.setFloat32(at, value, true);
  }

  text(value: string): void {
    const bytes = UTF8.encode(value);
    this.u64(bytes.length);
    const at = this.#grow(bytes.length);
    this.#bytes.set(bytes, at);
  }

  value(value: MetadataValue): void {
    if ('u32' in value) {
      this.u32(TYPE.u32);
      this.u32(value.u32);
    } else if ('f32' in value) {
      this.u32(TYPE.f32);
      this.f32(value.f32);
    } else if ('text' in value) {
      this.u32(TYPE.text);
      this.text(value.text);
    } else if ('texts' in value) {
      this.u32(TYPE.list);
      this.u32(TYPE.text);
      this.u64(value.texts.length);
      for (const text of value.texts) this.text(text);
    } else {
      this.u32(TYPE.list);
      this.u32(TYPE.i32);
      this.u64(value.i32s.length);
      for (const number of value.i32s) this.u32(number);
    }
  }

  /** All of it, with zeros up to the alignment. */
  finish(): Uint8Array<ArrayBuffer> {
    this.#grow(aligned(this.#length) - this.#length);
    return this.#bytes.slice(0, this.#length);
  }
}

/** The part of a GGUF file before its tensor data, padded to the alignment. Tensors lie one after the other, aligned. */
export function ggufHeader(
  metadata: ReadonlyMap<string, MetadataValue>,
  tensors: readonly SyntheticTensor[],
): Uint8Array<ArrayBuffer> {
  const out = new Output();
  out.u32(MAGIC);
  out.u32(VERSION);
  out.u64(tensors.length);
  out.u64(metadata.size);
  for (const [key, value] of metadata) {
    out.text(key);
    out.value(value);
  }
  let offset = 0;
  for (const { name, dimensions, type, sizeBytes } of tensors) {
    out.text(name);
    out.u32(dimensions.length);
    for (const size of dimensions) out.u64(size);
    out.u32(type.id);
    out.u64(offset);
    offset += aligned(sizeBytes);
  }
  return out.finish();
}
