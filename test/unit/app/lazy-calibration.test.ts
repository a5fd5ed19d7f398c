import 'fake-indexeddb/auto';
import { beforeEach, expect, it } from 'vitest';
import { ok } from '#kernel/result';
import type { CalibrationPort } from '#contracts/ports';
import { lazyCalibration } from '../../../src/app/lazy-calibration.ts';
import { emptyCalibration } from '../../fakes/calibration-port.ts';
import { calibrationOf } from '../../fakes/calibrations.ts';
import { emptyStorage, openedDatabase } from '../../fakes/fresh-database.ts';

const RESULT = calibrationOf([]);

beforeEach(() => {
  emptyStorage();
});

function counted(): { loads: number; readonly load: () => Promise<CalibrationPort> } {
  const state = {
    loads: 0,
    load: () => {
      state.loads += 1;
      return Promise.resolve({ ...emptyCalibration, latest: () => Promise.resolve(ok(RESULT)) });
    },
  };
  return state;
}

it('fetches no code to say that nothing was ever kept', async () => {
  const code = counted();
  const port = lazyCalibration(Promise.resolve(await openedDatabase()), code.load);
  expect(await port.latest()).toEqual(ok(null));
  expect(code.loads).toBe(0);
  expect(await port.records()).toEqual(ok([]));
  expect(code.loads).toBe(1);
});

it('asks its code where something is kept, where the database is broken, and once it is there', async () => {
  const database = await openedDatabase();
  const code = counted();
  const port = lazyCalibration(Promise.resolve(database), code.load);
  await database.put('calibrations', {}, 'a/head/');
  expect(await port.latest()).toEqual(ok(RESULT));
  await database.clear('calibrations');
  expect(await port.latest()).toEqual(ok(RESULT));
  const closed = await openedDatabase();
  closed.close();
  expect(await lazyCalibration(Promise.resolve(closed), counted().load).latest()).toEqual(ok(RESULT));
});

it('can be awaited', async () => {
  const port = lazyCalibration(Promise.resolve(null), counted().load);
  expect(await Promise.resolve(port)).toBe(port);
  expect(await port.latest()).toEqual(ok(null));
});
