import { assert } from './assert.ts';

/** Longest varint: 53 bits of a safe integer in groups of 7. */
const VARINT_BYTES = 8;

/** Appends packed values: LEB128 varints (zigzag when signed) and length-prefixed UTF-8. */
export class ByteWriter {
  readonly #bytes: number[] = [];

  byte(value: number): void {
    this.#bytes.push(value & 0xff);
  }

  /** @param value a safe integer ≥ 0 */
  unsigned(value: number): void {
    assert(Number.isSafeInteger(value) && value >= 0, 'a varint is a safe integer, not negative');
    let rest = value;
    while (rest >= 128) {
      this.byte((rest % 128) | 128);
      rest = Math.floor(rest / 128);
    }
    this.byte(rest);
  }

  /** Zigzag: 0, −1, 1, −2 … become 0, 1, 2, 3 … */
  signed(value: number): void {
    this.unsigned(value < 0 ? -2 * value - 1 : 2 * value);
  }

  text(value: string): void {
    const bytes = new TextEncoder().encode(value);
    this.unsigned(bytes.length);
    for (const byte of bytes) this.byte(byte);
  }

  finish(): Uint8Array {
    return Uint8Array.from(this.#bytes);
  }
}

/** Thrown by `ByteReader` on anything a `ByteWriter` would not have written. */
export class MalformedBytes extends Error {
  override readonly name = 'MalformedBytes';
}

/** Reads what `ByteWriter` wrote. Every read has a bound, so that hostile bytes cannot ask for much work. */
export class ByteReader {
  readonly #bytes: Uint8Array;
  #next = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** @throws MalformedBytes past the end */
  byte(): number {
    const value = this.#bytes[this.#next];
    if (value === undefined) throw new MalformedBytes('unexpected end');
    this.#next += 1;
    return value;
  }

  /** @throws MalformedBytes above `max`, or when written longer than necessary */
  unsigned(max: number): number {
    let value = 0;
    let scale = 1;
    for (let count = 0; count < VARINT_BYTES; count += 1) {
      const byte = this.byte();
      value += (byte & 127) * scale;
      if (byte < 128) {
        if (byte === 0 && count > 0) throw new MalformedBytes('overlong integer');
        if (value > max) throw new MalformedBytes('integer out of range');
        return value;
      }
      scale *= 128;
    }
    throw new MalformedBytes('integer too long');
  }

  /** @throws MalformedBytes when the magnitude exceeds `max` */
  signed(max: number): number {
    const value = this.unsigned(2 * max);
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }

  /** @throws MalformedBytes above `maxBytes` or on invalid UTF-8 */
  text(maxBytes: number): string {
    const length = this.unsigned(maxBytes);
    const bytes = this.#bytes.subarray(this.#next, this.#next + length);
    if (bytes.length < length) throw new MalformedBytes('unexpected end');
    this.#next += length;
    try {
      return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    } catch {
      throw new MalformedBytes('invalid UTF-8');
    }
  }

  /** @throws MalformedBytes when bytes are left over */
  end(): void {
    if (this.#next !== this.#bytes.length) throw new MalformedBytes('bytes left over');
  }
}
