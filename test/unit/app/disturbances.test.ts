import { expect, it } from 'vitest';
import { Disturbances } from '../../../src/app/disturbances.ts';
import { VirtualClock } from '../../fakes/virtual-clock.ts';

const setUp = () => {
  const clock = new VirtualClock();
  clock.advance(1000);
  return { clock, disturbances: new Disturbances(clock) };
};

it('is quiet at first, and after what was never there ends', () => {
  const { disturbances } = setUp();
  disturbances.set('paced', false);
  expect(disturbances.within(1e9)).toBe(false);
});

it('is disturbed while anything is there, and as long back as it was', () => {
  const { clock, disturbances } = setUp();
  disturbances.set('transfer', true);
  disturbances.set('hidden', true);
  clock.advance(50);
  disturbances.set('hidden', false);
  expect(disturbances.within(0)).toBe(true);
  disturbances.set('transfer', false);
  clock.advance(200);
  // What ended while the round went on was part of it, also where it was over before the end.
  expect(disturbances.within(300)).toBe(true);
  expect(disturbances.within(200)).toBe(true);
  expect(disturbances.within(199)).toBe(false);
});

it('does not count an end twice', () => {
  const { clock, disturbances } = setUp();
  disturbances.set('paced', true);
  disturbances.set('paced', false);
  clock.advance(500);
  disturbances.set('paced', false);
  expect(disturbances.within(100)).toBe(false);
});
