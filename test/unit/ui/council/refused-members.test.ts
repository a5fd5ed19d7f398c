import { expect, it } from 'vitest';
import { refusedMembers } from '../../../../src/ui/council/refused-members.ts';
import { calibrationOf } from '../../../fakes/calibrations.ts';
import { memberView } from '../../../fakes/port-data.ts';

const VIEWS = ['alder', 'birch', 'cedar'].map((id) => memberView(id));
const CALIBRATION = calibrationOf(VIEWS);

it('names members with a seat that were measured as too far below the best', () => {
  expect(refusedMembers(CALIBRATION, VIEWS)).toEqual([
    { id: 'cedar', name: VIEWS[2]?.name, points: 20, certain: false },
  ]);
});

it('names nobody before a run, nobody who left, and nobody who is another model by now', () => {
  expect(refusedMembers(null, VIEWS)).toEqual([]);
  expect(refusedMembers(CALIBRATION, VIEWS.slice(0, 2))).toEqual([]);
  const other = VIEWS.map((view) => (view.id === 'cedar' ? { ...view, parameters: 1 } : view));
  expect(refusedMembers(CALIBRATION, other)).toEqual([]);
});

it('names nobody where the best has no seat', () => {
  expect(refusedMembers(CALIBRATION, VIEWS.slice(1))).toEqual([]);
});
