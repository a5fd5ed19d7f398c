import { expect, it } from 'vitest';
import { failure, WitanError } from '#contracts/errors';
import { inspectGguf } from '../../../../src/storage/gguf/inspect.ts';
import type { ByteSource } from '../../../../src/storage/gguf/header-window.ts';
import { ggufFile, GgufWriter, text, TYPE, type GgufField } from '../../../fakes/gguf-file.ts';
import { SMALL, sourceOf, vocabularySpec, withFields } from '../../../fakes/gguf-models.ts';

const never = new AbortController().signal;
const small = ggufFile(SMALL);

interface Read {
  readonly offset: number;
  readonly length: number;
}

/** A source that writes down what is asked of it. */
function recorded(bytes: Uint8Array): { readonly source: ByteSource; readonly reads: Read[] } {
  const reads: Read[] = [];
  const { sizeBytes, read } = sourceOf(bytes);
  return {
    reads,
    source: {
      sizeBytes,
      read: (offset, length) => {
        reads.push({ offset, length });
        return read(offset, length);
      },
    },
  };
}

it('reads a small header once and no weights', async () => {
  const bytes = new Uint8Array(4 * 2 ** 20);
  bytes.set(small);
  const { source, reads } = recorded(bytes);
  expect(await inspectGguf(never, source)).toMatchObject({ ok: true });
  expect(reads).toEqual([{ offset: 0, length: 2 ** 20 }]);
});

it('walks through a large header by windows of 1 MiB, each read once but for the text at its edge', async () => {
  const bytes = ggufFile(vocabularySpec(50_000));
  const { source, reads } = recorded(bytes);
  expect(await inspectGguf(never, source)).toMatchObject({ ok: true });
  expect(Math.max(...reads.map(({ length }) => length))).toBe(2 ** 20);
  expect(reads.length).toBe(Math.ceil(bytes.byteLength / 2 ** 20));
});

it('asks only for bytes of the file', async () => {
  const { source, reads } = recorded(small);
  await inspectGguf(never, source);
  expect(reads).toEqual([{ offset: 0, length: small.byteLength }]);
});

it('skips a text that nobody needs without reading it', async () => {
  const { source, reads } = recorded(
    ggufFile(withFields(text('tokenizer.huggingface.json', ' '.repeat(8 * 2 ** 20)))),
  );
  expect(await inspectGguf(never, source)).toMatchObject({ ok: true });
  expect(reads.reduce((sum, { length }) => sum + length, 0)).toBeLessThan(2 * 2 ** 20);
});

it('stops behind 64 MiB of header', async () => {
  const TEXT_BYTES = 40 * 2 ** 20;
  const claimed: GgufField = {
    key: 'a.text',
    type: TYPE.text,
    write: (out) => {
      out.u64(TEXT_BYTES);
    },
  };
  const head = ggufFile({ fields: [claimed], tensors: [], claimedKeys: 2 });
  const second = new GgufWriter();
  second.text('b.text');
  second.u32(TYPE.text);
  second.u64(TEXT_BYTES);
  const tail = second.finish();
  const source: ByteSource = {
    sizeBytes: 2 ** 30,
    read: (offset, length) => {
      const window = new Uint8Array(length);
      if (offset === 0) window.set(head);
      if (offset === head.byteLength + TEXT_BYTES) window.set(tail);
      return Promise.resolve(window);
    },
  };
  expect(await inspectGguf(never, source)).toMatchObject({
    ok: false,
    error: { code: 'model-invalid', details: { reason: 'header-too-large', limitBytes: 64 * 2 ** 20 } },
  });
});

it('does not blame the file for a source that gives too little', async () => {
  const source: ByteSource = {
    sizeBytes: small.byteLength,
    read: (offset, length) => Promise.resolve(small.subarray(offset, offset + length - 1)),
  };
  expect(await inspectGguf(never, source)).toMatchObject({
    ok: false,
    error: { code: 'storage-failed', details: { reason: 'short-read', atByte: 0 } },
  });
});

it('passes on why a source cannot be read', async () => {
  const failing = (thrown: Error): ByteSource => ({ sizeBytes: 100, read: () => Promise.reject(thrown) });
  const gone = new DOMException('The file was changed', 'NotReadableError');
  expect(await inspectGguf(never, failing(gone))).toMatchObject({
    ok: false,
    error: { code: 'storage-failed', cause: 'NotReadableError: The file was changed' },
  });
  const typed = new WitanError(failure('storage-unavailable'));
  expect(await inspectGguf(never, failing(typed))).toEqual({ ok: false, error: typed.failure });
});

it('settles when it is cancelled, even while the source hangs', async () => {
  const control = new AbortController();
  const hanging: ByteSource = { sizeBytes: 100, read: () => new Promise(() => undefined) };
  const outcome = inspectGguf(control.signal, hanging);
  control.abort();
  expect(await outcome).toEqual({ ok: false, error: { code: 'cancelled', details: {} } });
  expect(await inspectGguf(control.signal, sourceOf(small))).toMatchObject({ error: { code: 'cancelled' } });
});

it('takes more than was asked for as what was asked for', async () => {
  const source: ByteSource = {
    sizeBytes: small.byteLength,
    read: () => Promise.resolve(new Uint8Array([...small, 1, 2, 3])),
  };
  expect(await inspectGguf(never, source)).toMatchObject({ ok: true });
});
