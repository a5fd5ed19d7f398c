import { describe, expect, it } from 'vitest';
import { seededRandom } from '#kernel/random';
import { RefreshEstimator } from '../../../src/platform/refresh-estimator.ts';

function feed(estimator: RefreshEstimator, count: number, interval: (index: number) => number): void {
  for (let index = 0; index < count; index += 1) estimator.add(interval(index));
}

describe('RefreshEstimator', () => {
  it('assumes 60 Hz and says so until it has seen 20 frames', () => {
    const estimator = new RefreshEstimator();
    feed(estimator, 19, () => 8);
    expect(estimator.measured).toBe(false);
    expect(estimator.intervalMs).toBeCloseTo(16.667, 3);
    estimator.add(8);
    expect(estimator.measured).toBe(true);
    expect(estimator.intervalMs).toBe(8);
  });

  it.each([30, 60, 75, 90, 120, 144, 240])('finds %d Hz through one millisecond of jitter', (hertz) => {
    const random = seededRandom(hertz);
    const estimator = new RefreshEstimator();
    // Jitter of the time stamps, not of the frames: what one interval gains the next one loses.
    let late = 0;
    feed(estimator, 200, () => {
      const nextLate = random() * 0.8;
      const interval = 1000 / hertz + nextLate - late;
      late = nextLate;
      return interval;
    });
    expect(Math.abs(estimator.intervalMs - 1000 / hertz)).toBeLessThan(0.35);
  });

  it('is not fooled by load: dropped frames, hitches and the short frames that catch up', () => {
    const random = seededRandom(5);
    const estimator = new RefreshEstimator();
    feed(estimator, 60, () => 16.7);
    let catchUp = false;
    feed(estimator, 2000, () => {
      if (catchUp) {
        catchUp = false;
        return 4;
      }
      const draw = random();
      catchUp = draw < 0.15;
      return catchUp ? 29.4 : draw < 0.6 ? 33.4 : 16.7;
    });
    expect(estimator.intervalMs).toBeCloseTo(16.7, 5);
  });

  it('starts under load and falls as soon as calm frames show the display', () => {
    const estimator = new RefreshEstimator();
    feed(estimator, 40, () => 33.3);
    expect(estimator.intervalMs).toBeCloseTo(33.3, 5);
    feed(estimator, 120, () => 16.7);
    expect(estimator.intervalMs).toBeCloseTo(16.7, 5);
  });

  it('follows a slower display only after 30 windows without a shorter reading', () => {
    const estimator = new RefreshEstimator();
    feed(estimator, 20, () => 8.3);
    feed(estimator, 29 * 60, () => 16.7);
    expect(estimator.intervalMs).toBeCloseTo(8.3, 5);
    feed(estimator, 60, () => 16.7);
    expect(estimator.intervalMs).toBeCloseTo(16.7, 5);
  });

  it('never rises while busy, however long, but may fall', () => {
    const estimator = new RefreshEstimator();
    feed(estimator, 20, () => 16.7);
    estimator.setBusy(true);
    feed(estimator, 60 * 100, () => 33.4);
    expect(estimator.intervalMs).toBeCloseTo(16.7, 5);
    feed(estimator, 60, () => 8.3);
    expect(estimator.intervalMs).toBeCloseTo(8.3, 5);
  });

  it('takes no reading from intervals of which no two neighbours are alike', () => {
    const estimator = new RefreshEstimator();
    feed(estimator, 300, (index) => (index % 2 === 0 ? 12 : 21));
    expect(estimator.measured).toBe(false);
  });

  it('does not pair intervals across a gap', () => {
    const estimator = new RefreshEstimator();
    feed(estimator, 40, (index) => {
      if (index % 2 === 0) estimator.breakOff();
      return index % 2 === 0 ? 5 : 50;
    });
    expect(estimator.measured).toBe(false);
  });

  it('keeps to what displays do', () => {
    const slow = new RefreshEstimator();
    feed(slow, 20, () => 400);
    expect(slow.intervalMs).toBe(50);
    const fast = new RefreshEstimator();
    feed(fast, 20, () => 0.5);
    expect(fast.intervalMs).toBe(2);
  });
});
