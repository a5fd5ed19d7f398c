import 'fake-indexeddb/auto';
import { beforeEach, expect, it, vi } from 'vitest';
import type { LoadedModel } from '#contracts/engine';
import { notePrediction } from '../../../src/app/note-prediction.ts';
import type { RoundCircumstances } from '../../../src/app/round-verdicts.ts';
import { SpeedMeasurementStore } from '../../../src/storage/speed-measurement-store.ts';
import { deliberation } from '../../fakes/deliberations.ts';
import { emptyStorage, openedDatabase } from '../../fakes/fresh-database.ts';
import { calibrated } from '../../fakes/speed-measurements.ts';

const RECORD = deliberation('r', 1);
const QUIET: RoundCircumstances = { disturbed: false, loaded: new Map() };
const LLAMA: LoadedModel = {
  modelId: 'llama',
  backend: 'cpu',
  threads: 2,
  contextTokens: 4096,
  vocabularySize: 128_256,
  weightBytes: 1,
  loadMs: 1,
};
const told: RoundCircumstances = {
  ...QUIET,
  loaded: new Map([['llama', { ...LLAMA, memory: { weightsBytes: 1, kvBytes: 1, computeBytes: 1 } }]]),
};
const service = () => {
  const note = vi.fn(() => Promise.resolve());
  return { note, load: vi.fn(() => Promise.resolve({ note })) };
};

beforeEach(emptyStorage);

it.each(['cpu', 'webgpu'] as const)('notes a round where this device was measured on %s', async (backend) => {
  const database = await openedDatabase();
  await new SpeedMeasurementStore(database).write(calibrated({ backend }));
  const { note, load } = service();
  await notePrediction(Promise.resolve(database), load, RECORD, QUIET);
  expect(note).toHaveBeenCalledExactlyOnceWith(RECORD, QUIET);
});

it('fetches no code where nothing was measured', async () => {
  const { load } = service();
  await notePrediction(openedDatabase(), load, RECORD, QUIET);
  await notePrediction(Promise.resolve(null), load, RECORD, QUIET);
  expect(load).not.toHaveBeenCalled();
});

it('notes a round of a model whose engine tells its memory, measured or not, kept or not', async () => {
  for (const database of [openedDatabase(), Promise.resolve(null)]) {
    const { note, load } = service();
    await notePrediction(database, load, RECORD, told);
    expect(note).toHaveBeenCalledExactlyOnceWith(RECORD, told);
  }
  const { load } = service();
  await notePrediction(openedDatabase(), load, RECORD, { ...QUIET, loaded: new Map([['llama', LLAMA]]) });
  expect(load).not.toHaveBeenCalled();
});

it('never rejects', async () => {
  const database = await openedDatabase();
  await new SpeedMeasurementStore(database).write(calibrated());
  const broken = (): Promise<never> => Promise.reject(new Error('its code could not be fetched'));
  await notePrediction(Promise.resolve(database), broken, RECORD, QUIET);
  await notePrediction(Promise.resolve(database), () => Promise.resolve({ note: broken }), RECORD, QUIET);
  const { load } = service();
  await notePrediction(broken(), load, RECORD, QUIET);
  database.close();
  await notePrediction(Promise.resolve(database), load, RECORD, QUIET);
  expect(load).not.toHaveBeenCalled();
});
