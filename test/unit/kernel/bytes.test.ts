import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ByteReader, ByteWriter, MalformedBytes } from '#kernel/bytes';

const written = (write: (writer: ByteWriter) => void): Uint8Array => {
  const writer = new ByteWriter();
  write(writer);
  return writer.finish();
};

describe('packed bytes', () => {
  it('reads back what was written', () => {
    const unsigned = fc.maxSafeNat();
    const signed = fc.integer({ min: -(2 ** 31), max: 2 ** 31 });
    const text = fc.string({ unit: 'grapheme', maxLength: 30 });
    fc.assert(
      fc.property(unsigned, signed, text, fc.nat(255), (natural, integer, label, byte) => {
        const reader = new ByteReader(
          written((writer) => {
            writer.unsigned(natural);
            writer.signed(integer);
            writer.text(label);
            writer.byte(byte);
          }),
        );
        expect(reader.unsigned(Number.MAX_SAFE_INTEGER)).toBe(natural);
        expect(reader.signed(2 ** 31)).toBe(integer);
        expect(reader.text(1000)).toBe(label);
        expect(reader.byte()).toBe(byte);
        reader.end();
      }),
    );
  });

  it('takes one byte for what is small', () => {
    expect(written((writer) => writer.unsigned(127))).toHaveLength(1);
    expect(written((writer) => writer.signed(-64))).toHaveLength(1);
    expect(written((writer) => writer.unsigned(128))).toEqual(Uint8Array.of(0x80, 0x01));
  });

  it.each([
    ['past the end', [0x80], (reader: ByteReader) => reader.unsigned(1e6)],
    ['above the bound', [101], (reader: ByteReader) => reader.unsigned(100)],
    ['written longer than needed', [0x81, 0x00], (reader: ByteReader) => reader.unsigned(100)],
    ['of endless length', new Array<number>(20).fill(0xff), (reader: ByteReader) => reader.unsigned(100)],
    ['above the magnitude', [201], (reader: ByteReader) => reader.signed(100)],
    ['text past the end', [5, 65], (reader: ByteReader) => reader.text(10)],
    ['text above the bound', [5, 65, 65, 65, 65, 65], (reader: ByteReader) => reader.text(4)],
    ['invalid UTF-8', [2, 0xc3, 0x28], (reader: ByteReader) => reader.text(10)],
    ['bytes left over', [1], (reader: ByteReader) => reader.end()],
  ])('refuses %s', (_, bytes, read) => {
    expect(() => read(new ByteReader(Uint8Array.from(bytes)))).toThrow(MalformedBytes);
  });

  it('never writes a number it could not read', () => {
    expect(() => written((writer) => writer.unsigned(-1))).toThrow('invariant');
    expect(() => written((writer) => writer.unsigned(1.5))).toThrow('invariant');
    expect(() => written((writer) => writer.unsigned(Number.MAX_SAFE_INTEGER + 1))).toThrow('invariant');
  });
});
