import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readMlcLibrary } from '../../../../src/hardware/synthetic/mlc-library.ts';
import { LIBRARY_PARAMETERS, libraryBytes, libraryDocument } from '../../../fakes/model-library.ts';

const refused = (reason: string): object => ({
  ok: false,
  error: { code: 'model-invalid', details: { model: 'Tiny', reason } },
});

describe('readMlcLibrary', () => {
  it('reads what a library says of its model, whatever its other data look like', () => {
    const read = readMlcLibrary(libraryBytes(libraryDocument()), 'Tiny');
    expect(read).toMatchObject({
      ok: true,
      value: { modelType: 'qwen2', quantization: 'q4f16_1', contextTokens: 4096, prefillChunkTokens: 1024 },
    });
    expect(read.ok && read.value.parameters).toEqual(LIBRARY_PARAMETERS);
  });

  it('reads names with braces, quotes and backslashes in them', () => {
    const text = fc
      .array(fc.constantFrom('{', '}', '"', '\\', 'a', '[', ',', 'é'))
      .map((each) => `n${each.join('')}`);
    fc.assert(
      fc.property(fc.array(text, { minLength: 1, maxLength: 5 }), (names) => {
        const params = names.map((name) => ({ name, shape: [2, 'vocab_size'], dtype: 'float32' }));
        const read = readMlcLibrary(libraryBytes(libraryDocument(params)), 'Tiny');
        expect(read.ok && read.value.parameters).toEqual(params);
      }),
    );
  });

  it.each([
    ['nothing', new Uint8Array()],
    ['a page', new TextEncoder().encode(`<html>${libraryDocument()}`)],
    ['three bytes of the four', new TextEncoder().encode('\0as')],
  ])('refuses %s as no library', (_what, bytes) => {
    expect(readMlcLibrary(bytes, 'Tiny')).toMatchObject(refused('library'));
  });

  it.each([
    ['none', 'nothing here'],
    ['one that is cut off', libraryDocument().slice(0, -40)],
    ['one that is no JSON', libraryDocument().replace('"params"', 'params')],
    ['one without parameters', libraryDocument([])],
    ['one with a size of nothing', libraryDocument([{ name: 'a', shape: [0], dtype: 'uint32' }])],
    ['one with half a size', libraryDocument([{ name: 'a', shape: [1.5], dtype: 'uint32' }])],
    ['one without a context', libraryDocument(LIBRARY_PARAMETERS, { context_window_size: -1 })],
  ])('refuses a library with a description like this: %s', (_what, document) => {
    const wasm = new TextEncoder().encode(`\0asm${document}`);
    expect(readMlcLibrary(wasm, 'Tiny')).toMatchObject(refused('document'));
  });

  it('settles on any bytes at all', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.boolean(), (bytes, asWasm) => {
        const wasm = asWasm ? new Uint8Array([0, 0x61, 0x73, 0x6d, ...bytes]) : bytes;
        expect(readMlcLibrary(wasm, 'Tiny').ok).toBe(false);
      }),
    );
  });
});
