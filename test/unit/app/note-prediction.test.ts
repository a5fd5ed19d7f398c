import 'fake-indexeddb/auto';
import { beforeEach, expect, it, vi } from 'vitest';
import { notePrediction } from '../../../src/app/note-prediction.ts';
import { SpeedMeasurementStore } from '../../../src/storage/speed-measurement-store.ts';
import { deliberation } from '../../fakes/deliberations.ts';
import { emptyStorage, openedDatabase } from '../../fakes/fresh-database.ts';
import { calibrated } from '../../fakes/speed-measurements.ts';

const RECORD = deliberation('r', 1);
const service = () => {
  const note = vi.fn(() => Promise.resolve());
  return { note, load: vi.fn(() => Promise.resolve({ note })) };
};

beforeEach(emptyStorage);

it.each(['cpu', 'webgpu'] as const)('notes a round where this device was measured on %s', async (backend) => {
  const database = await openedDatabase();
  await new SpeedMeasurementStore(database).write(calibrated({ backend }));
  const { note, load } = service();
  await notePrediction(Promise.resolve(database), load, RECORD);
  expect(note).toHaveBeenCalledExactlyOnceWith(RECORD);
});

it('fetches no code where nothing was measured', async () => {
  const { load } = service();
  await notePrediction(openedDatabase(), load, RECORD);
  await notePrediction(Promise.resolve(null), load, RECORD);
  expect(load).not.toHaveBeenCalled();
});

it('never rejects', async () => {
  const database = await openedDatabase();
  await new SpeedMeasurementStore(database).write(calibrated());
  const broken = (): Promise<never> => Promise.reject(new Error('its code could not be fetched'));
  await notePrediction(Promise.resolve(database), broken, RECORD);
  await notePrediction(Promise.resolve(database), () => Promise.resolve({ note: broken }), RECORD);
  const { load } = service();
  await notePrediction(broken(), load, RECORD);
  database.close();
  await notePrediction(Promise.resolve(database), load, RECORD);
  expect(load).not.toHaveBeenCalled();
});
