import { expect, it } from 'vitest';
import { inTime } from '../../../src/kernel/in-time.ts';
import { turn } from '../../fakes/turn.ts';
import { VirtualClock } from '../../fakes/virtual-clock.ts';

const LATE = new Promise<string>(() => undefined);

it('hands on what comes in time', async () => {
  expect(await inTime(new VirtualClock(), 10, Promise.resolve('here'))).toBe('here');
});

it('waits no longer than it may', async () => {
  const clock = new VirtualClock();
  let got: string | null | undefined;
  void inTime(clock, 10, LATE).then((value) => {
    got = value;
  });
  clock.advance(9);
  await turn();
  expect(got).toBeUndefined();
  clock.advance(1);
  await turn();
  expect(got).toBeNull();
});

it('takes a rejection for nothing, also one that comes too late', async () => {
  const clock = new VirtualClock();
  expect(await inTime(clock, 10, Promise.reject(new Error('gone')))).toBeNull();
  let fail: (reason: Error) => void = () => undefined;
  const coming = new Promise<never>((_resolve, reject) => {
    fail = reject;
  });
  const waiting = inTime(clock, 10, coming);
  clock.advance(10);
  expect(await waiting).toBeNull();
  fail(new Error('too late')); // unhandled, this would fail the run
  await turn();
});
