import { describe, expect, it } from 'vitest';
import { present } from '#kernel/assert';
import type { ModelProgress } from '#contracts/models';
import { ggufFile, number, TYPE, type GgufFileSpec } from '../../../fakes/gguf-file.ts';
import { SMALL, SMALL_FIELDS, SMALL_TENSORS, withFields } from '../../../fakes/gguf-models.ts';
import { seededBytes } from '../../../fakes/seeded-bytes.ts';
import {
  bytesOf,
  CHUNK,
  hubFile,
  progressLine,
  requestFor,
  same,
  sha256,
  StoreHostRig,
  valueOf,
  type HubFile,
} from './store-host-rig.ts';

const LARGE: GgufFileSpec = {
  fields: SMALL_FIELDS,
  tensors: [
    ...SMALL_TENSORS,
    {
      name: 'blk.0.ffn_up.weight',
      shape: [CHUNK / 4 + 500],
      type: 0,
      sizeBytes: CHUNK + 2_000,
      data: () => seededBytes(CHUNK + 2_000, 5),
    },
  ],
};
const SMALL_BYTES = ggufFile(SMALL);
const LARGE_BYTES = ggufFile(LARGE);
const OTHER_BYTES = ggufFile(withFields(number('llama.rope.freq_base', TYPE.f64, 20_000)));

const file = (name: string, bytes: Uint8Array<ArrayBuffer>): File => new File([bytes], name);

/** The small model in two files: the header and one tensor, and the others. */
function parts(): readonly [Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>] {
  const split = (part: number): GgufFileSpec['fields'] => [
    number('split.no', TYPE.u16, part),
    number('split.count', TYPE.u16, 2),
    number('split.tensors.count', TYPE.i32, SMALL_TENSORS.length),
  ];
  return [
    ggufFile({ fields: [...SMALL_FIELDS, ...split(0)], tensors: SMALL_TENSORS.slice(0, 1) }),
    ggufFile({ fields: split(1), tensors: SMALL_TENSORS.slice(1) }),
  ];
}

/** Readable until the store begins to copy it: then the stick is pulled. */
class PulledFile extends File {
  readonly #readable: () => boolean;

  constructor(bytes: Uint8Array<ArrayBuffer>, name: string, readable: () => boolean) {
    super([bytes], name);
    this.#readable = readable;
  }

  override slice(from?: number, to?: number): Blob {
    const blob = super.slice(from, to);
    if (!this.#readable())
      blob.arrayBuffer = () => Promise.reject(new DOMException('gone', 'NotReadableError'));
    return blob;
  }
}

async function expectNothing(rig: StoreHostRig): Promise<void> {
  expect(valueOf(await rig.host.list())).toEqual([]);
  expect(await rig.filesOfBytes()).toEqual([]);
  expect(await rig.records()).toEqual([]);
}

describe('an import', () => {
  it('takes a file in, says how far it is, and hands the same bytes out', async () => {
    const rig = new StoreHostRig();
    const { port, told, closed } = progressLine();
    expect(await rig.host.importFiles([file('Mine.GGUF', LARGE_BYTES)], port)).toMatchObject({
      value: {
        id: 'import-Mine',
        name: 'Mine',
        origin: 'import',
        state: 'verified',
        sizeBytes: LARGE_BYTES.byteLength,
        files: [{ id: `sha256-${sha256(LARGE_BYTES)}`, urls: [] }],
      },
    });
    await closed;
    const done = told.map(({ doneBytes }: ModelProgress) => doneBytes);
    expect([...done].sort((a, b) => a - b)).toEqual(done);
    expect(told.at(-1)).toMatchObject({
      modelId: 'import-Mine',
      phase: 'import',
      doneBytes: LARGE_BYTES.byteLength,
      totalBytes: LARGE_BYTES.byteLength,
    });
    const [bytes] = await bytesOf(valueOf(await rig.host.read('import-Mine')));
    expect(same(bytes, LARGE_BYTES)).toBe(true);
    expect(rig.net.requests).toEqual([]);
  });

  it('of the same file under two names keeps its bytes once', async () => {
    const rig = new StoreHostRig();
    valueOf(await rig.host.importFiles([file('one.gguf', LARGE_BYTES)]));
    rig.writes.length = 0;
    valueOf(await rig.host.importFiles([file('two.gguf', LARGE_BYTES)]));
    expect(rig.writes).toEqual([]);
    expect(valueOf(await rig.host.list()).map(({ id }) => id)).toEqual(['import-one', 'import-two']);
    expect(await rig.host.space()).toMatchObject({ value: { keptBytes: LARGE_BYTES.byteLength } });
    await rig.host.remove('import-one');
    const [bytes] = await bytesOf(valueOf(await rig.host.read('import-two')));
    expect(same(bytes, LARGE_BYTES)).toBe(true);
  });

  it('of the same file twice is one model', async () => {
    const rig = new StoreHostRig();
    valueOf(await rig.host.importFiles([file('one.gguf', SMALL_BYTES)]));
    valueOf(await rig.host.importFiles([file('one.gguf', SMALL_BYTES)]));
    expect(valueOf(await rig.host.list())).toHaveLength(1);
  });

  it('of another file of the same name costs nobody the first', async () => {
    const rig = new StoreHostRig();
    valueOf(await rig.host.importFiles([file('model.gguf', SMALL_BYTES)]));
    const mark = sha256(OTHER_BYTES).slice(0, 8);
    for (let again = 0; again < 2; again += 1)
      expect(await rig.host.importFiles([file('model.gguf', OTHER_BYTES)])).toMatchObject({
        value: { id: `import-model-${mark}`, name: `model (${mark})`, state: 'verified' },
      });
    const [bytes] = await bytesOf(valueOf(await rig.host.read('import-model')));
    expect(same(bytes, SMALL_BYTES)).toBe(true);
    expect(valueOf(await rig.host.list())).toHaveLength(2);
  });

  it('of what the catalogue brought half of finishes that', async () => {
    const spec = { ...hubFile('large.gguf', 1).spec, sizeBytes: LARGE_BYTES.byteLength };
    const hash = sha256(LARGE_BYTES);
    const large: HubFile = { content: LARGE_BYTES, spec: { ...spec, id: `sha256-${hash}`, sha256: hash } };
    const rig = new StoreHostRig(large);
    await rig.downloadUntil(requestFor('large', large), 1);
    expect(await rig.model('large')).toMatchObject({ state: 'partial', keptBytes: CHUNK });
    rig.writes.length = 0;
    valueOf(await rig.host.importFiles([file('mine.gguf', LARGE_BYTES)]));
    expect(rig.writes.map(({ chunk }) => chunk)).toEqual([1]);
    expect(await rig.model('large')).toMatchObject({ state: 'verified' });
  });
});

describe('a model in several files', () => {
  const [first, second] = parts();

  it('comes in whatever order', async () => {
    for (const turned of [false, true]) {
      const rig = new StoreHostRig();
      const given = [file('m-00001-of-00002.gguf', first), file('m-00002-of-00002.gguf', second)];
      expect(await rig.host.importFiles(turned ? given.reverse() : given)).toMatchObject({
        value: { id: 'import-m', state: 'verified' },
      });
      const bytes = await bytesOf(valueOf(await rig.host.read('import-m')));
      expect(bytes).toHaveLength(2);
      expect(same(bytes[0], first) && same(bytes[1], second)).toBe(true);
      expect(await rig.host.inspect('import-m')).toMatchObject({ value: { split: { part: 0, parts: 2 } } });
    }
  });

  it('comes whole when its files have one name', async () => {
    const rig = new StoreHostRig();
    valueOf(await rig.host.importFiles([file('m.gguf', second), file('m.gguf', first)]));
    const bytes = await bytesOf(valueOf(await rig.host.read('import-m')));
    expect(bytes).toHaveLength(2);
    expect(same(bytes[0], first) && same(bytes[1], second)).toBe(true);
  });

  it.each([
    ['split-part-missing', [second]],
    ['split-part-double', [first, first]],
    ['split-part-foreign', [first, SMALL_BYTES]],
  ])('is refused as %s', async (reason, given) => {
    const rig = new StoreHostRig();
    expect(await rig.host.importFiles(given.map((bytes) => file('m.gguf', bytes)))).toMatchObject({
      error: { code: 'model-invalid', details: { reason } },
    });
    await expectNothing(rig);
  });
});

describe('an import fails', () => {
  it.each([
    ['not-gguf', 'page.gguf', new TextEncoder().encode('<!doctype html><title>Sign in</title>')],
    ['not-gguf', 'empty.gguf', new Uint8Array(0)],
    ['tensor-outside', 'cut.gguf', SMALL_BYTES.slice(0, -3_000)],
  ])('as %s, and leaves nothing', async (reason, name, bytes) => {
    const rig = new StoreHostRig();
    const { port, closed } = progressLine();
    const imported = await rig.host.importFiles([file(name, bytes)], port);
    expect(imported).toMatchObject({ error: { code: 'model-invalid', details: { model: name } } });
    expect(imported.ok ? '' : imported.error.details['reason']).toBe(reason);
    await closed;
    await expectNothing(rig);
  });

  it('when nothing is given', async () => {
    const rig = new StoreHostRig();
    expect(await rig.host.importFiles([])).toMatchObject({ error: { code: 'model-invalid' } });
    await expectNothing(rig);
  });

  it.each([
    ['its header', 0],
    ['its weights', 2],
    ['its weights, once they were hashed and half copied', 4],
  ])('when it cannot be read: %s', async (_what, readable) => {
    const rig = new StoreHostRig();
    let reads = 0;
    // One window of the header, two pieces to hash, two chunks to copy.
    const pulled = new PulledFile(LARGE_BYTES, 'stick.gguf', () => {
      reads += 1;
      return reads <= readable;
    });
    expect(await rig.host.importFiles([pulled])).toMatchObject({
      ok: false,
      error: { code: 'storage-failed', cause: 'NotReadableError: gone' },
    });
    expect(reads).toBe(readable + 1);
    expect(rig.writes.length).toBe(readable < 4 ? 0 : 1);
    await expectNothing(rig);
  });

  it('when there is no room, leaves nothing, and comes in when there is', async () => {
    const rig = new StoreHostRig();
    rig.beforeWrite = (chunk) => {
      if (chunk === 1) throw new DOMException('no room', 'QuotaExceededError');
    };
    expect(await rig.host.importFiles([file('large.gguf', LARGE_BYTES)])).toMatchObject({
      error: { code: 'storage-full', details: { reason: 'quota' } },
    });
    await expectNothing(rig);
    rig.beforeWrite = () => undefined;
    expect(await rig.host.importFiles([file('large.gguf', LARGE_BYTES)])).toMatchObject({ ok: true });
  });

  it('and takes nothing from a model that was there before', async () => {
    const rig = new StoreHostRig();
    valueOf(await rig.host.importFiles([file('large.gguf', LARGE_BYTES)]));
    await rig.flip(`sha256-${sha256(LARGE_BYTES)}`, 0);
    await rig.host.verify('import-large');
    rig.beforeWrite = () => {
      throw new DOMException('no room', 'QuotaExceededError');
    };
    expect(await rig.host.importFiles([file('large.gguf', LARGE_BYTES)])).toMatchObject({ ok: false });
    expect(await rig.model('import-large')).toMatchObject({ state: 'suspect' });
    rig.beforeWrite = () => undefined;
    expect(await rig.host.importFiles([file('large.gguf', LARGE_BYTES)])).toMatchObject({
      value: { state: 'verified' },
    });
  });

  it.each([
    ['a pause', (rig: StoreHostRig) => rig.host.pause('import-large')],
    ['its removal', (rig: StoreHostRig) => rig.host.remove('import-large')],
  ])('by %s, under the name that its progress goes by, and leaves nothing', async (_what, end) => {
    const rig = new StoreHostRig();
    let ending: Promise<unknown> | null = null;
    rig.beforeWrite = () => {
      ending ??= end(rig);
    };
    const { port, told, closed } = progressLine();
    expect(await rig.host.importFiles([file('large.gguf', LARGE_BYTES)], port)).toMatchObject({
      error: { code: 'cancelled' },
    });
    await closed;
    expect(new Set(told.map(({ modelId }) => modelId))).toEqual(new Set(['import-large']));
    expect(await present(ending as Promise<unknown> | null, 'end')).toMatchObject({ ok: true });
    await expectNothing(rig);
  });

  it('when the same name is being imported', async () => {
    const rig = new StoreHostRig();
    const first = rig.host.importFiles([file('large.gguf', LARGE_BYTES)]);
    expect(await rig.host.importFiles([file('large.gguf', SMALL_BYTES)])).toMatchObject({
      error: { code: 'storage-failed', details: { reason: 'busy' } },
    });
    expect(await first).toMatchObject({ value: { state: 'verified' } });
  });

  it('while another writes the same bytes, and leaves these to him', async () => {
    const rig = new StoreHostRig();
    valueOf(await rig.host.list());
    const held = await rig.locks.tryWriter(`sha256-${sha256(SMALL_BYTES)}`);
    expect(await rig.host.importFiles([file('small.gguf', SMALL_BYTES)])).toMatchObject({
      error: { code: 'storage-failed', details: { reason: 'busy' } },
    });
    expect(await rig.model('import-small')).toMatchObject({ state: 'new' });
    held?.();
    expect(await rig.host.importFiles([file('small.gguf', SMALL_BYTES)])).toMatchObject({ ok: true });
  });
});
