import 'fake-indexeddb/auto';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { SpeedMeasurement } from '#contracts/capacity';
import { SpeedMeasurementStore } from '../../../src/storage/speed-measurement-store.ts';
import { emptyStorage, openedDatabase } from '../../fakes/fresh-database.ts';
import { LLAMA_3_2_1B } from '../../fakes/model-shapes.ts';

function measuredAt(measuredAtMs: number, change: Partial<SpeedMeasurement> = {}): SpeedMeasurement {
  return {
    schema: 'witan.speed-measurement',
    version: 1,
    measuredAtMs,
    wallMs: 12_000,
    engine: 'wllama',
    backend: 'cpu',
    threads: 2,
    userAgent: 'test',
    models: [
      {
        shape: LLAMA_3_2_1B,
        quantization: 'Q4_0',
        fileBytes: 1e7,
        memory: { contextTokens: 1024, weightsBytes: 9e6, kvBytes: 1e6, computeBytes: 1e6 },
        loadMs: 200,
        runs: [{ promptTokens: 100, prefillMs: 90, contextTokens: 132, decodeMs: 4, firstTokenMs: 96 }],
      },
    ],
    voided: 0,
    spread: 0.01,
    stable: true,
    ...change,
  };
}

const NONE = { ok: true, value: null };

beforeEach(() => {
  vi.restoreAllMocks();
  emptyStorage();
});

describe('SpeedMeasurementStore in a database', () => {
  it('has nothing at first; gives back the newest of each backend, whole, also to a later visit', async () => {
    const store = new SpeedMeasurementStore(await openedDatabase());
    expect(await store.read('cpu')).toEqual(NONE);
    const card = measuredAt(2, { backend: 'webgpu' });
    for (const measurement of [measuredAt(1), card, measuredAt(3)])
      expect(await store.write(measurement)).toEqual({ ok: true, value: null });
    const later = new SpeedMeasurementStore(await openedDatabase());
    expect(await later.read('cpu')).toEqual({ ok: true, value: measuredAt(3) });
    expect(await later.read('webgpu')).toEqual({ ok: true, value: card });
    expect(later.persistent).toBe(true);
  });

  it('reads a record of another version as none, and leaves it until the next measurement', async () => {
    const database = await openedDatabase();
    const store = new SpeedMeasurementStore(database);
    const foreign = { ...measuredAt(1), version: 2 };
    await database.put('settings', foreign, 'speed-measurement:cpu');
    expect(await store.read('cpu')).toEqual(NONE);
    expect(await database.get('settings', 'speed-measurement:cpu')).toEqual(foreign);
    await store.write(measuredAt(5));
    expect(await store.read('cpu')).toEqual({ ok: true, value: measuredAt(5) });
  });

  it('does not take the speed of one backend for that of another', async () => {
    const database = await openedDatabase();
    await database.put('settings', measuredAt(1), 'speed-measurement:webgpu');
    expect(await new SpeedMeasurementStore(database).read('webgpu')).toEqual(NONE);
  });

  it('writes nothing that it could not read again', async () => {
    const database = await openedDatabase();
    const store = new SpeedMeasurementStore(database);
    await store.write(measuredAt(1));
    expect(await store.write(measuredAt(2, { wallMs: NaN }))).toMatchObject({
      error: { code: 'record-invalid' },
    });
    expect(await store.read('cpu')).toEqual({ ok: true, value: measuredAt(1) });
  });

  it('keeps in memory what could not be stored, and says that it was not', async () => {
    const database = await openedDatabase();
    const store = new SpeedMeasurementStore(database);
    database.close();
    expect(await store.write(measuredAt(2))).toMatchObject({
      ok: false,
      error: { code: 'storage-failed', details: { store: 'speed-measurement' } },
    });
    expect(await store.read('cpu')).toEqual({ ok: true, value: measuredAt(2) });
    expect(await store.read('webgpu')).toMatchObject({ ok: false, error: { code: 'storage-failed' } });
  });

  it('lets go of what memory holds as soon as a write succeeds', async () => {
    const store = new SpeedMeasurementStore(await openedDatabase());
    vi.spyOn(IDBObjectStore.prototype, 'put').mockImplementationOnce(() => {
      throw new DOMException('The disk is full.', 'QuotaExceededError');
    });
    expect(await store.write(measuredAt(1))).toMatchObject({ error: { code: 'storage-failed' } });
    await store.write(measuredAt(2));
    const otherTab = new SpeedMeasurementStore(await openedDatabase());
    await otherTab.write(measuredAt(3));
    expect(await store.read('cpu')).toEqual({ ok: true, value: measuredAt(3) });
  });
});

it('SpeedMeasurementStore without a database remembers as long as the tab lives', async () => {
  const store = new SpeedMeasurementStore(null);
  expect(store.persistent).toBe(false);
  expect(await store.read('cpu')).toEqual(NONE);
  await store.write(measuredAt(1));
  await store.write(measuredAt(2));
  expect(await store.read('cpu')).toEqual({ ok: true, value: measuredAt(2) });
  expect(await store.read('webgpu')).toEqual(NONE);
});
