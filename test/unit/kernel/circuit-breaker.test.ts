import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { CircuitBreaker } from '#kernel/circuit-breaker';
import { VirtualClock } from '../../fakes/virtual-clock.ts';

let clock: VirtualClock;
let breaker: CircuitBreaker;

beforeEach(() => {
  clock = new VirtualClock();
  breaker = new CircuitBreaker(clock);
});

function fail(times: number): void {
  for (let done = 0; done < times; done += 1) breaker.enter().failed();
}

it('opens at the third fault in a row, not before', () => {
  fail(2);
  breaker.enter().succeeded();
  fail(2);
  expect(breaker).toMatchObject({ state: 'closed', admits: true, consecutiveFaults: 2 });
  fail(1);
  expect(breaker).toMatchObject({ state: 'open', admits: false, closedForMs: 10_000 });
});

it('lets one probe through after the pause, and closes when it succeeds', () => {
  fail(3);
  clock.advance(9_999);
  expect(breaker.admits).toBe(false);
  clock.advance(1);
  expect(breaker).toMatchObject({ state: 'half-open', admits: true });
  const probe = breaker.enter();
  expect(breaker).toMatchObject({ state: 'half-open', admits: false });
  probe.succeeded();
  expect(breaker).toMatchObject({ state: 'closed', admits: true, consecutiveFaults: 0 });
});

it('doubles the pause with every probe that fails, up to five minutes', () => {
  fail(3);
  const pauses: number[] = [];
  for (let probes = 0; probes < 8; probes += 1) {
    pauses.push(breaker.closedForMs);
    clock.advance(breaker.closedForMs);
    fail(1);
  }
  expect(pauses).toEqual([10_000, 20_000, 40_000, 80_000, 160_000, 300_000, 300_000, 300_000]);
});

it('begins with the short pause again after it has closed', () => {
  fail(3);
  clock.advance(10_000);
  fail(1);
  clock.advance(20_000);
  breaker.enter().succeeded();
  fail(3);
  expect(breaker.closedForMs).toBe(10_000);
});

describe('a probe', () => {
  beforeEach(() => {
    fail(3);
    clock.advance(10_000);
  });

  it('that was stopped lets the next one try at once', () => {
    breaker.enter().abandoned();
    expect(breaker).toMatchObject({ state: 'half-open', admits: true });
  });

  it('whose first token is there lets others pass; its stall opens the breaker again', () => {
    const probe = breaker.enter();
    probe.alive();
    expect(breaker).toMatchObject({ state: 'closed', admits: true });
    probe.failed();
    expect(breaker).toMatchObject({ state: 'open', admits: false });
  });

  it('that proved itself needs three faults to open again', () => {
    const probe = breaker.enter();
    probe.alive();
    probe.succeeded();
    fail(2);
    expect(breaker.state).toBe('closed');
  });
});

it('does not prolong the pause by faults of requests that were under way when it opened', () => {
  const late = breaker.enter();
  fail(3);
  clock.advance(5_000);
  late.failed();
  expect(breaker.closedForMs).toBe(5_000);
});

it('hears the first word of a request only', () => {
  const request = breaker.enter();
  request.failed();
  request.failed();
  request.succeeded();
  request.alive();
  expect(breaker.consecutiveFaults).toBe(1);
});

it('whatever happens, it admits again after five minutes, and never two probes at once', () => {
  const step = fc.record({
    what: fc.constantFrom('fail', 'succeed', 'abandon', 'alive-fail', 'wait'),
    ms: fc.nat(400_000),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const time = new VirtualClock();
      const tested = new CircuitBreaker(time);
      for (const { what, ms } of steps) {
        if (what === 'wait') time.advance(ms);
        else if (tested.admits) {
          const probing = tested.state === 'half-open';
          const request = tested.enter();
          if (probing) expect(tested.admits).toBe(false);
          if (what === 'succeed') request.succeeded();
          else if (what === 'abandon') request.abandoned();
          else {
            if (what === 'alive-fail') request.alive();
            request.failed();
          }
        }
        expect(tested.closedForMs).toBeLessThanOrEqual(300_000);
      }
      time.advance(300_000);
      expect(tested.admits).toBe(true);
    }),
  );
});
