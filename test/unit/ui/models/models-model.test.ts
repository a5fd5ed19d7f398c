import { beforeEach, describe, expect, it } from 'vitest';
import { err, ok } from '#kernel/result';
import { failure } from '#contracts/errors';
import { ModelsModel } from '../../../../src/ui/models/models-model.svelte.ts';
import {
  type FakeModelsPort,
  modelProgress,
  OFFER,
  ROOM_PLAN,
  storedModel,
} from '../../../fakes/models-port.ts';
import { FakePorts } from '../../../fakes/ports.ts';
import { turn } from '../../../fakes/turn.ts';
import { VirtualClock } from '../../../fakes/virtual-clock.ts';

let ports: FakePorts;
let port: FakeModelsPort;
let model: ModelsModel;
let leave: () => void;

beforeEach(async () => {
  ports = new FakePorts(new VirtualClock());
  port = ports.modelsPort;
  model = new ModelsModel(ports);
  leave = model.connect();
  await turn();
});

describe('the lists', () => {
  it('hold what is here, and of the catalogue what is not', async () => {
    expect(model.stored).toEqual([]);
    expect(model.further).toEqual([OFFER]);
    port.set(storedModel(), []);
    await turn();
    expect(model.stored).toEqual([storedModel()]);
    expect(model.further).toEqual([]);
    expect(model.canFetch('lfm2-700m')).toBe(true);
    expect(model.canFetch('imported')).toBe(false);
  });

  it('know that what is left of a model of MLC can be fetched, although it is not offered', async () => {
    port.set(storedModel({ id: 'Tiny-MLC', format: 'mlc', state: 'partial' }), []);
    await turn();
    expect(model.canFetch('Tiny-MLC')).toBe(true);
  });

  it('say why they are empty when the store cannot be opened', async () => {
    const problem = failure('storage-unavailable', { reason: 'refused' });
    port.list = () => Promise.resolve(err(problem));
    const other = new ModelsModel(ports);
    other.connect();
    await turn();
    expect(other.problem).toEqual(problem);
    expect(other.stored).toBeNull();
    expect(other.further).toEqual([OFFER]);
  });

  it('say so when the code of the store could not be fetched', async () => {
    const other = new ModelsModel({
      settings: ports.settings,
      council: ports.council,
      models: () => Promise.reject(new TypeError('Failed to fetch')),
    });
    other.connect();
    await turn();
    expect(other.problem).toMatchObject({ code: 'internal', cause: 'TypeError: Failed to fetch' });
  });
});

describe('a download', () => {
  it('shows how far it has come, and its end', async () => {
    const downloading = model.download(OFFER.id, OFFER.name);
    await turn();
    expect(model.progressOf(OFFER.id)).toEqual(modelProgress());
    port.set(storedModel({ state: 'partial' }), [modelProgress({ doneBytes: 200_000_000 })]);
    expect(model.progressOf(OFFER.id)?.doneBytes).toBe(200_000_000);
    port.end(ok(storedModel()));
    await downloading;
    await turn();
    expect(model.progressOf(OFFER.id)).toBeNull();
    expect(model.announcement).toBe('LFM2 700M is on this device.');
    expect(model.stored).toEqual([storedModel()]);
  });

  it('that is paused is no failure', async () => {
    const downloading = model.download(OFFER.id, OFFER.name);
    await turn();
    await model.pause(OFFER.id);
    await downloading;
    expect(model.problem).toBeNull();
    expect(model.announcement).toBe('');
  });

  it('that fails says why', async () => {
    const downloading = model.download(OFFER.id, OFFER.name);
    await turn();
    port.end(err(failure('storage-failed')));
    await downloading;
    expect(model.problem).toMatchObject({ code: 'storage-failed' });
  });

  it('goes on when the page is left, and is found again', async () => {
    void model.download(OFFER.id, OFFER.name);
    await turn();
    leave();
    const again = new ModelsModel(ports);
    again.connect();
    await turn();
    expect(again.progressOf(OFFER.id)).toEqual(modelProgress());
  });
});

describe('a seat', () => {
  const seats = (): readonly unknown[] | null => ports.settings.settings.members;

  it('is given beside the bundled council, and once', async () => {
    await model.seat('lfm2-700m', 'LFM2 700M');
    expect(seats()).toEqual([
      ...['alder', 'birch', 'cedar'].map((id) => ({ engine: 'starter', id })),
      { engine: 'wllama', id: 'lfm2-700m' },
    ]);
    expect(model.announcement).toBe('LFM2 700M sits on the council.');
    await model.seat('lfm2-700m', 'LFM2 700M');
    expect(seats()).toHaveLength(4);
    expect(model.announcement).toBe('LFM2 700M sits on the council already.');
  });

  it('of a model of MLC is run by web-llm', async () => {
    port.set(storedModel({ id: 'Tiny-MLC', format: 'mlc' }), []);
    await turn();
    await model.seat('Tiny-MLC', 'Tiny');
    expect(seats()?.at(-1)).toEqual({ engine: 'web-llm', id: 'Tiny-MLC' });
  });

  it('is taken back when the model is deleted', async () => {
    await model.seat('lfm2-700m', 'LFM2 700M');
    await model.remove('lfm2-700m', 'LFM2 700M');
    expect(seats()).toEqual(['alder', 'birch', 'cedar'].map((id) => ({ engine: 'starter', id })));
    expect(port.calls).toEqual(['remove lfm2-700m']);
  });

  it('is not given where none is left', async () => {
    for (let n = 0; n < 5; n += 1) await model.seat(`m${String(n)}`, 'M');
    expect(seats()).toHaveLength(8);
    await model.seat('one-more', 'One more');
    expect(seats()).toHaveLength(8);
    expect(model.announcement).toMatch(/^No seat is left/);
  });
});

describe('the rest', () => {
  it('verifies and says what came of it', async () => {
    port.set(storedModel(), []);
    await model.verify('lfm2-700m', 'LFM2 700M');
    expect(model.announcement).toBe('Every part of LFM2 700M is as it was written.');
    port.set(storedModel({ state: 'suspect' }), []);
    await model.verify('lfm2-700m', 'LFM2 700M');
    expect(model.announcement).toBe('Parts of LFM2 700M no longer match.');
  });

  it('deletes, pins and asks for persistence', async () => {
    port.set(storedModel(), []);
    await model.pin('lfm2-700m', true);
    await turn();
    expect(model.stored).toEqual([storedModel({ pinned: true })]);
    await model.remove('lfm2-700m', 'LFM2 700M');
    await turn();
    expect(model.stored).toEqual([]);
    expect(model.announcement).toBe('LFM2 700M is deleted.');
    expect(port.calls).toEqual(['remove lfm2-700m']);
    await model.persist();
    expect(model.space?.persisted).toBe(true);
  });
});

describe('what does not fit', () => {
  const full = err(failure('storage-full', { reason: 'quota' }));

  async function refused(): Promise<void> {
    const downloading = model.download(OFFER.id, OFFER.name);
    await turn();
    port.end(full);
    await downloading;
  }

  it('is an offer to make room, with a preview; a yes carries it out and goes on', async () => {
    await refused();
    expect(model.problem).toBeNull();
    expect(model.roomOffer).toMatchObject({ name: OFFER.name, plan: ROOM_PLAN });
    expect(port.calls).toEqual([`download ${OFFER.id}`, `plan ${OFFER.id}`]);
    const made = model.makeRoom();
    await turn();
    expect(model.roomOffer).toBeNull();
    expect(port.calls.slice(2)).toEqual(['evict old', `download ${OFFER.id}`]);
    expect(model.announcement).toBe('Deleted: Old.');
    port.end(ok(storedModel()));
    await made;
    expect(model.announcement).toBe('LFM2 700M is on this device.');
  });

  it('leaves everything when the answer is no', async () => {
    await refused();
    model.keepAll();
    await model.makeRoom();
    expect(model.roomOffer).toBeNull();
    expect(port.calls).toEqual([`download ${OFFER.id}`, `plan ${OFFER.id}`]);
  });

  it('is a plain failure when nobody can say how it would fit', async () => {
    port.planRoom = () => Promise.resolve(err(failure('record-invalid')));
    await refused();
    expect(model.roomOffer).toBeNull();
    expect(model.problem?.code).toBe('storage-full');
  });

  it('is not tried again when making room failed', async () => {
    await refused();
    port.makeRoom = () => Promise.resolve(err(failure('storage-failed')));
    await model.makeRoom();
    expect(model.problem?.code).toBe('storage-failed');
    expect(port.calls).toHaveLength(2);
  });
});

it('says when the bytes of a deleted model are still in use', async () => {
  port.heldBytes = 35_000_000;
  await model.remove('lfm2-700m', 'LFM2 700M');
  expect(model.announcement).toMatch(/^LFM2 700M is deleted\. 35\.0.MB of deleted models come free when/);
});

it('knows the last speed of a download once the store is open', () => {
  port.speeds = { 'lfm2-700m': 5 };
  expect([model.lastSpeed('lfm2-700m'), model.lastSpeed('another')]).toEqual([5, null]);
  expect(new ModelsModel(ports).lastSpeed('lfm2-700m')).toBeNull();
});

describe('a failure that is shown', () => {
  const failed = async (): Promise<void> => {
    const downloading = model.download(OFFER.id, OFFER.name);
    await turn();
    port.end(err(failure('model-fetch-failed')));
    await downloading;
    await turn();
    expect(model.problem).toMatchObject({ code: 'model-fetch-failed' });
  };

  it('is gone when what failed has succeeded by another way', async () => {
    await failed();
    port.set(storedModel({ state: 'partial', keptBytes: 5 }), []);
    await turn();
    expect(model.problem).not.toBeNull();
    port.set(storedModel(), []);
    await turn();
    expect(model.problem).toBeNull();
  });

  it('stays while something else succeeds', async () => {
    await failed();
    port.set(storedModel({ id: 'other' }), []);
    await turn();
    expect(model.problem).toMatchObject({ code: 'model-fetch-failed' });
  });

  it('is gone when the list can be read again', async () => {
    const list = port.list.bind(port);
    port.list = () => Promise.resolve(err(failure('storage-failed')));
    port.set(storedModel(), []);
    await turn();
    expect(model.problem).toMatchObject({ code: 'storage-failed' });
    port.list = list;
    port.set(storedModel(), []);
    await turn();
    expect(model.problem).toBeNull();
  });
});
