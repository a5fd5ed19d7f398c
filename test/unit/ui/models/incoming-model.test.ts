import { beforeEach, describe, expect, it } from 'vitest';
import { err, ok } from '#kernel/result';
import { failure, type Outcome } from '#contracts/errors';
import type { GgufSet } from '#contracts/gguf';
import type { StoredModel } from '#contracts/model-store';
import { IncomingModel } from '../../../../src/ui/models/incoming-model.svelte.ts';
import { ModelsModel } from '../../../../src/ui/models/models-model.svelte.ts';
import { ggufFile } from '../../../fakes/gguf-file.ts';
import { inspect, SMALL } from '../../../fakes/gguf-models.ts';
import { type FakeModelsPort, modelProgress, storedModel } from '../../../fakes/models-port.ts';
import { FakePorts } from '../../../fakes/ports.ts';
import { turn } from '../../../fakes/turn.ts';
import { VirtualClock } from '../../../fakes/virtual-clock.ts';

const BYTES = ggufFile(SMALL);
const file = (name: string): File => new File([BYTES], name);

async function setOf(...fileNames: readonly string[]): Promise<GgufSet> {
  const inspected = await inspect(BYTES);
  if (!inspected.ok) throw new Error(inspected.error.code);
  return { fileNames, summary: inspected.value.summary };
}

let port: FakeModelsPort;
let page: ModelsModel;
let incoming: IncomingModel;
let leave: () => void;

beforeEach(async () => {
  const ports = new FakePorts(new VirtualClock());
  port = ports.modelsPort;
  page = new ModelsModel(ports);
  page.connect();
  incoming = new IncomingModel(ports, page);
  leave = incoming.connect();
  for (const name of ['a.gguf', 'b.gguf']) port.examinable.set(name, await setOf(name));
  await turn();
});

const looksAt = (): readonly string[] | null => incoming.examined?.set.fileNames ?? null;
const imports = (): readonly string[] => port.calls.filter((call) => call.startsWith('import'));
const refused = (): readonly unknown[] =>
  incoming.problems.map(({ failure: { details } }) => details['model']);

describe('a file', () => {
  it('is looked at and shown, and comes in only when the user says so', async () => {
    await incoming.add([file('a.gguf')]);
    expect(looksAt()).toEqual(['a.gguf']);
    expect(incoming.examined?.demand).toMatchObject({ weightsBytes: BYTES.length, contextTokens: 128 });
    expect(imports()).toEqual([]);
    await incoming.accept();
    expect(imports()).toEqual(['import a.gguf']);
    expect(incoming.announcement).toBe('a.gguf is on this device.');
    expect(incoming.examined).toBeNull();
    // What was said of it does not stand beside the refusal of another.
    await incoming.add([file('holiday.gguf')]);
    expect([incoming.announcement, refused()]).toEqual(['', ['holiday.gguf']]);
  });

  it('that the user leaves does not come in', async () => {
    await incoming.add([file('a.gguf')]);
    await incoming.dismiss();
    expect(incoming.examined).toBeNull();
    await incoming.accept();
    expect(imports()).toEqual([]);
  });

  it('that is refused is named, and no longer once another is added', async () => {
    await incoming.add([file('holiday.gguf')]);
    expect(incoming.examined).toBeNull();
    expect(refused()).toEqual(['holiday.gguf']);
    await incoming.add([file('a.gguf')]);
    expect(refused()).toEqual([]);
  });

  it('that does not fit comes in once room is made, whatever is looked at meanwhile', async () => {
    const take = port.importFiles.bind(port);
    port.importFiles = () => Promise.resolve(err(failure('storage-full', { reason: 'quota' })));
    await incoming.add([file('a.gguf')]);
    await incoming.accept();
    expect([refused(), incoming.taking, page.roomOffer?.name]).toEqual([[], false, 'a.gguf']);
    await incoming.add([file('b.gguf')]);
    port.importFiles = take;
    await page.makeRoom();
    expect(port.calls.slice(-2)).toEqual(['evict old', 'import a.gguf']);
    expect(looksAt()).toEqual(['b.gguf']);
  });

  it('that does not fit is refused where nobody can say how it would', async () => {
    port.importFiles = () => Promise.resolve(err(failure('storage-full', { model: 'a.gguf' })));
    port.planRoom = () => Promise.resolve(err(failure('record-invalid')));
    await incoming.add([file('a.gguf')]);
    await incoming.accept();
    expect(refused()).toEqual(['a.gguf']);
  });

  it('comes in once, however often the yes is given', async () => {
    await incoming.add([file('a.gguf')]);
    await Promise.all([incoming.accept(), incoming.accept(), incoming.dismiss()]);
    expect(imports()).toEqual(['import a.gguf']);
  });
});

describe('several files', () => {
  it('that are one model are shown as one', async () => {
    const names = ['m-00001-of-00002.gguf', 'm-00002-of-00002.gguf'];
    port.examinable.set(names.join(','), await setOf(...names));
    await incoming.add(names.map(file));
    expect(looksAt()).toEqual(names);
    expect(incoming.waiting).toBe(0);
  });

  it('that are several models are shown one after another, and what is refused does not hold up the next', async () => {
    await incoming.add([file('a.gguf'), file('holiday.gguf'), file('b.gguf')]);
    expect(looksAt()).toEqual(['a.gguf']);
    expect(incoming.waiting).toBe(2);
    await incoming.accept();
    expect(looksAt()).toEqual(['b.gguf']);
    expect(refused()).toEqual(['holiday.gguf']);
    await incoming.accept();
    expect(imports()).toEqual(['import a.gguf', 'import b.gguf']);
    expect(looksAt()).toBeNull();
    await turn();
    expect(refused()).toEqual(['holiday.gguf']);
    port.set(storedModel({ id: 'import-by-script', origin: 'import' }), []);
    await turn();
    expect(refused()).toEqual([]);
  });

  it('wait while one is shown', async () => {
    await incoming.add([file('a.gguf')]);
    await incoming.add([file('b.gguf')]);
    expect(looksAt()).toEqual(['a.gguf']);
    expect(incoming.waiting).toBe(1);
    await incoming.dismiss();
    expect(looksAt()).toEqual(['b.gguf']);
    expect(incoming.waiting).toBe(0);
  });
});

describe('files that the app is opened with', () => {
  it('are looked at as if they had been dropped, launch by launch', async () => {
    port.opened.put([file('a.gguf')]);
    port.opened.put([file('b.gguf')]);
    await turn();
    expect(looksAt()).toEqual(['a.gguf']);
    await incoming.dismiss();
    expect(looksAt()).toEqual(['b.gguf']);
  });

  it('wait for the next page when this one has left', async () => {
    leave();
    port.opened.put([file('a.gguf')]);
    await turn();
    expect(looksAt()).toBeNull();
    expect(port.opened.take()).toHaveLength(1);
  });
});

describe('an import', () => {
  let end: (outcome: Outcome<StoredModel>) => void;

  beforeEach(async () => {
    port.importFiles = () =>
      new Promise((resolve) => {
        end = resolve;
      });
    await incoming.add([file('a.gguf')]);
  });

  it('shows how far it is until there is a card for it, and can be stopped', async () => {
    const accepting = incoming.accept();
    const progress = modelProgress({ modelId: 'import-a-incoming', phase: 'import' });
    port.set(storedModel({ id: 'import-a' }), [progress]);
    await turn();
    expect(incoming.activity).toEqual([progress]);
    port.set(storedModel({ id: 'import-a-incoming', state: 'partial' }), [progress]);
    await turn();
    expect(incoming.activity).toEqual([]);
    await incoming.stop('import-a-incoming');
    expect(port.calls).toContain('pause import-a-incoming');
    end(err(failure('cancelled')));
    await accepting;
    expect(incoming.problems).toEqual([]);
  });

  it('that fails says why, until the file has come in by another way', async () => {
    const accepting = incoming.accept();
    await turn();
    end(err(failure('storage-failed')));
    await accepting;
    expect(incoming.problems).toMatchObject([{ failure: { code: 'storage-failed' } }]);
    port.set(storedModel({ id: 'import-x', origin: 'import', state: 'partial' }), []);
    await turn();
    expect(incoming.problems).toHaveLength(1);
    port.set(storedModel({ id: 'import-x', origin: 'import' }), []);
    await turn();
    expect(incoming.problems).toEqual([]);
  });

  it('that ended well leaves what was refused after it alone', async () => {
    const accepting = incoming.accept();
    await incoming.add([file('holiday.gguf')]);
    await turn();
    port.set(storedModel({ id: 'import-a', origin: 'import' }), []);
    end(ok(storedModel({ id: 'import-a', name: 'a', origin: 'import' })));
    await accepting;
    await turn();
    expect(refused()).toEqual(['holiday.gguf']);
  });
});
