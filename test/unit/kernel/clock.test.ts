import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { delay, systemClock } from '#kernel/clock';
import { VirtualClock } from '../../fakes/virtual-clock.ts';
import { turn } from '../../fakes/turn.ts';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance', 'Date'] });
});

afterEach(() => {
  vi.useRealTimers();
});

it('the system clock runs a task once after its delay, unless it is cancelled', () => {
  const done: string[] = [];
  systemClock.after(100, () => done.push('kept'));
  const cancel = systemClock.after(50, () => done.push('cancelled'));
  cancel();
  cancel();
  const startMs = systemClock.nowMs();
  const startEpochMs = systemClock.epochMs();
  vi.advanceTimersByTime(99);
  expect(done).toEqual([]);
  vi.advanceTimersByTime(1000);
  expect(done).toEqual(['kept']);
  expect(systemClock.nowMs() - startMs).toBeCloseTo(1099);
  expect(systemClock.epochMs() - startEpochMs).toBe(1099);
});

it('a delay resolves on the clock it was given', async () => {
  const clock = new VirtualClock();
  let passed = false;
  void delay(clock, 100).then(() => {
    passed = true;
  });
  clock.advance(99);
  await turn();
  expect(passed).toBe(false);
  clock.advance(1);
  await turn();
  expect(passed).toBe(true);
});
