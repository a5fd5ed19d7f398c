import { describe, expect, it } from 'vitest';
import { ggufFile, number, text, TYPE, type GgufFileSpec } from '../../../fakes/gguf-file.ts';
import { SMALL, SMALL_FIELDS, SMALL_TENSORS, withFields } from '../../../fakes/gguf-models.ts';
import {
  CHUNK,
  hubFile,
  progressLine,
  requestFor,
  sha256,
  StoreHostRig,
  valueOf,
  type HubFile,
} from './store-host-rig.ts';

const PARTS = 3;
/** One part of the small model in three files, a tensor in each. */
function part(index: number, change: Partial<GgufFileSpec> = {}): Uint8Array<ArrayBuffer> {
  const place = [
    number('split.no', TYPE.u16, index),
    number('split.count', TYPE.u16, PARTS),
    number('split.tensors.count', TYPE.i32, SMALL_TENSORS.length),
  ];
  const fields = index === 0 ? [...SMALL_FIELDS, ...place] : place;
  return ggufFile({ fields, tensors: SMALL_TENSORS.slice(index, index + 1), ...change });
}
const ALL = [part(0), part(1), part(2)];

const partName = (index: number): string => `m-0000${String(index + 1)}-of-0000${String(PARTS)}.gguf`;
const file = (name: string, bytes: Uint8Array<ArrayBuffer>): File => new File([bytes], name);

/** A file of the catalogue with these bytes. */
function hubPart(bytes: Uint8Array<ArrayBuffer>, name: string): HubFile {
  const hash = sha256(bytes);
  const { spec } = hubFile(name, 1);
  return {
    content: bytes,
    spec: { ...spec, id: `sha256-${hash}`, sha256: hash, sizeBytes: bytes.byteLength },
  };
}

describe('files that may come in', () => {
  it('are told of as one model, whatever their order, and nothing is written', async () => {
    const rig = new StoreHostRig();
    const given = [2, 0, 1].map((index) => file(partName(index), part(index)));
    expect(await rig.host.examine(given)).toMatchObject({
      value: {
        fileNames: [0, 1, 2].map(partName),
        summary: { architecture: 'llama', name: 'Small', tensors: 3, quantization: { declared: 'Q8_0' } },
      },
    });
    expect(rig.writes).toEqual([]);
    expect(valueOf(await rig.host.list())).toEqual([]);
  });

  it('are refused with the reason, and the model’s or the file’s name', async () => {
    const rig = new StoreHostRig();
    expect(
      await rig.host.examine([file('page.gguf', new TextEncoder().encode('<!doctype html>'))]),
    ).toMatchObject({
      error: { code: 'model-invalid', details: { model: 'page.gguf', reason: 'not-gguf' } },
    });
    expect(await rig.host.examine([file(partName(0), part(0)), file(partName(2), part(2))])).toMatchObject({
      error: {
        code: 'model-invalid',
        details: { model: 'm', reason: 'split-part-missing', missing: '2', parts: 3, file: partName(1) },
      },
    });
    expect(await rig.host.examine([])).toMatchObject({ error: { code: 'model-invalid' } });
  });
});

describe('a model of the store in several files', () => {
  const stored = async (...files: readonly HubFile[]): Promise<StoreHostRig> => {
    const rig = new StoreHostRig(...files);
    valueOf(await rig.download(requestFor('m', ...files)));
    return rig;
  };
  const parts = ALL.map((bytes, index) => hubPart(bytes, partName(index)));

  it('is looked at as a whole', async () => {
    const rig = await stored(...parts);
    expect(await rig.host.inspect('m')).toMatchObject({
      value: {
        tensors: 3,
        parameters: valueOf(await rig.host.examine(ALL.map((bytes) => file('m', bytes)))).summary.parameters,
      },
    });
  });

  it('lacks a part that nobody fetched: it is named', async () => {
    const rig = await stored(...parts.slice(0, 2));
    expect(await rig.host.inspect('m')).toMatchObject({
      error: {
        code: 'model-invalid',
        details: { reason: 'split-part-missing', missing: '3', file: partName(2) },
      },
    });
  });

  it.each([
    [
      'of another set',
      'split-part-foreign',
      part(1, { fields: [number('split.no', TYPE.u16, 1), number('split.count', TYPE.u16, 4)] }),
    ],
    [
      'of another architecture',
      'split-part-foreign',
      part(1, {
        fields: [
          text('general.architecture', 'qwen3'),
          number('split.no', TYPE.u16, 1),
          number('split.count', TYPE.u16, PARTS),
        ],
      }),
    ],
    ['that is no part', 'split-part-foreign', ggufFile(SMALL)],
    ['with a tensor of another part', 'tensor-duplicate', part(1, { tensors: SMALL_TENSORS.slice(0, 1) })],
    ['that is no GGUF at all', 'not-gguf', new TextEncoder().encode('<!doctype html><title>Sign in</title>')],
  ])('is refused with a part %s', async (_what, reason, bytes) => {
    const [first, , last] = parts;
    const rig = await stored(
      ...[first, hubPart(bytes, 'second.gguf'), last].filter((each) => each !== undefined),
    );
    expect(await rig.host.inspect('m')).toMatchObject({
      error: { code: 'model-invalid', details: { reason } },
    });
  });

  it('that is not all here is not looked at', async () => {
    const rig = await stored(...parts);
    await rig.flip(parts[2]?.spec.id ?? '', 5);
    await rig.host.verify('m');
    expect(await rig.host.inspect('m')).toMatchObject({
      error: { code: 'model-invalid', details: { model: 'M', reason: 'chunk' } },
    });
  });
});

describe('the progress of an import whose name is taken', () => {
  const OTHER = ggufFile(withFields(number('llama.rope.freq_base', TYPE.f64, 20_000)));
  /** Of two chunks: between them it can be stopped. */
  const LARGE = ggufFile({
    fields: SMALL_FIELDS,
    tensors: [{ name: 'blk.0.ffn_up.weight', shape: [CHUNK / 4 + 500], type: 0, sizeBytes: CHUNK + 2_000 }],
  });

  it('is never that of the model that has the name', async () => {
    const rig = new StoreHostRig();
    valueOf(await rig.host.importFiles([file('model.gguf', ggufFile(SMALL))]));
    const { port, told, closed } = progressLine();
    valueOf(await rig.host.importFiles([file('model.gguf', OTHER)], port));
    await closed;
    const ids = told.map(({ modelId }) => modelId);
    expect(ids).not.toContain('import-model');
    expect([...new Set(ids)]).toEqual(['import-model-incoming', `import-model-${sha256(OTHER).slice(0, 8)}`]);
    expect(told.at(-1)).toMatchObject({ doneBytes: OTHER.byteLength });
  });

  /** Tells each time that somebody reads it. */
  class WatchedFile extends File {
    reads = 0;
    onRead: (read: number) => void = () => undefined;

    override slice(from?: number, to?: number): Blob {
      this.reads += 1;
      this.onRead(this.reads);
      return super.slice(from, to);
    }
  }

  it.each([
    ['while it is hashed', 'import-model-incoming', 2],
    ['while it is copied', `import-model-${sha256(LARGE).slice(0, 8)}`, 4],
  ])('is stopped %s by the id that it goes by, and costs the first nothing', async (_when, id, atRead) => {
    const rig = new StoreHostRig();
    valueOf(await rig.host.importFiles([file('model.gguf', ggufFile(SMALL))]));
    const given = new WatchedFile([LARGE], 'model.gguf');
    const stopping: Promise<unknown>[] = [];
    // The header, two pieces to hash, two chunks to copy.
    given.onRead = (read) => {
      if (read === atRead) stopping.push(rig.host.pause(id));
    };
    expect(await rig.host.importFiles([given])).toMatchObject({ error: { code: 'cancelled' } });
    expect(stopping).toHaveLength(1);
    await Promise.all(stopping);
    expect(valueOf(await rig.host.list()).map((model) => [model.id, model.state])).toEqual([
      ['import-model', 'verified'],
    ]);
  });

  it('is not stopped when the model that has the name is deleted', async () => {
    const rig = new StoreHostRig();
    valueOf(await rig.host.importFiles([file('model.gguf', ggufFile(SMALL))]));
    const given = new WatchedFile([OTHER], 'model.gguf');
    const removing: Promise<unknown>[] = [];
    given.onRead = (read) => {
      if (read === 3) removing.push(rig.host.remove('import-model'));
    };
    expect(await rig.host.importFiles([given])).toMatchObject({ ok: true });
    await Promise.all(removing);
    expect(valueOf(await rig.host.list()).map(({ id }) => id)).toEqual([
      `import-model-${sha256(OTHER).slice(0, 8)}`,
    ]);
  });

  it('does not run twice at once', async () => {
    const rig = new StoreHostRig();
    valueOf(await rig.host.importFiles([file('model.gguf', ggufFile(SMALL))]));
    const outcomes = await Promise.all([
      rig.host.importFiles([file('model.gguf', OTHER)]),
      rig.host.importFiles([file('model.gguf', OTHER)]),
    ]);
    expect(outcomes.map(({ ok }) => ok).sort()).toEqual([false, true]);
    expect(outcomes.find(({ ok }) => !ok)).toMatchObject({ error: { details: { reason: 'busy' } } });
    expect(valueOf(await rig.host.list())).toHaveLength(2);
  });
});
