import 'fake-indexeddb/auto';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { ok } from '#kernel/result';
import { ModelMeasurementStore } from '../../../src/storage/model-measurement-store.ts';
import { emptyStorage, openedDatabase } from '../../fakes/fresh-database.ts';
import { modelMeasurement } from '../../fakes/model-measurement.ts';

const LLAMA = modelMeasurement();
const PHI = modelMeasurement({ modelId: 'Phi-2-q4f16_1-MLC' });

beforeEach(() => {
  vi.restoreAllMocks();
  emptyStorage();
});

describe('ModelMeasurementStore in a database', () => {
  it('has nothing at first; gives back the newest of each model, also to a later visit', async () => {
    const store = new ModelMeasurementStore(await openedDatabase());
    expect(store.persistent).toBe(true);
    expect(await store.list()).toEqual(ok([]));
    const anew = { ...LLAMA, measuredAtMs: LLAMA.measuredAtMs + 1 };
    for (const each of [LLAMA, PHI, anew]) expect(await store.write(each)).toEqual(ok(null));
    const later = new ModelMeasurementStore(await openedDatabase());
    expect(await later.list()).toEqual(ok([anew, PHI]));
  });

  it('reads nothing that lies beside them, and nothing damaged, and leaves both alone', async () => {
    const database = await openedDatabase();
    const strangers = [
      ['model-measurement', PHI],
      ['model-measuremenu:Phi', PHI],
      ['model-measurement;Phi', PHI],
      ['speed-measurement:cpu', PHI],
      ['model-measurement:damaged', { ...PHI, runs: [] }],
      ['model-measurement:later', { ...PHI, version: 2 }],
    ] as const;
    for (const [key, value] of strangers) await database.put('settings', value, key);
    const store = new ModelMeasurementStore(database);
    await store.write(LLAMA);
    expect(await store.list()).toEqual(ok([LLAMA]));
    for (const [key, value] of strangers) expect(await database.get('settings', key)).toEqual(value);
  });

  it('writes nothing that it could not read', async () => {
    const store = new ModelMeasurementStore(await openedDatabase());
    expect(await store.write(modelMeasurement({ loadMs: Number.NaN }))).toMatchObject({
      error: { code: 'record-invalid' },
    });
    expect(await store.list()).toEqual(ok([]));
  });

  it('keeps in memory what cannot be written, and says so', async () => {
    const database = await openedDatabase();
    const store = new ModelMeasurementStore(database);
    await store.write(LLAMA);
    vi.spyOn(database, 'put').mockRejectedValue(new DOMException('full', 'QuotaExceededError'));
    const anew = { ...LLAMA, loadMs: 1 };
    expect(await store.write(anew)).toMatchObject({ error: { code: 'storage-failed' } });
    expect(await store.list()).toEqual(ok([anew]));
  });

  it('says when it cannot be read', async () => {
    const database = await openedDatabase();
    database.close();
    expect(await new ModelMeasurementStore(database).list()).toMatchObject({
      error: { code: 'storage-failed' },
    });
  });
});

it('without a database lives as long as the tab', async () => {
  const store = new ModelMeasurementStore(null);
  expect(store.persistent).toBe(false);
  await store.write(LLAMA);
  await store.write(PHI);
  expect(await store.list()).toEqual(ok([LLAMA, PHI]));
  expect(await new ModelMeasurementStore(null).list()).toEqual(ok([]));
});
