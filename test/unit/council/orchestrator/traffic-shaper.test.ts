import fc from 'fast-check';
import { expect, it } from 'vitest';
import { TokenBucket } from '../../../../src/council/orchestrator/token-bucket.ts';
import { TrafficShaper } from '../../../../src/council/orchestrator/traffic-shaper.ts';

it('lets a burst pass at once, and the next when it has filled again', () => {
  const bucket = new TokenBucket({ perSecond: 2, burst: 3 }, 0);
  for (let taken = 0; taken < 3; taken += 1) {
    expect(bucket.waitMs(1, 0)).toBe(0);
    bucket.take(1, 0);
  }
  expect(bucket.waitMs(1, 0)).toBe(500);
  expect(bucket.waitMs(1, 400)).toBe(100);
  expect(bucket.waitMs(1, 500)).toBe(0);
});

it('lets what costs more than the burst pass from a full bucket, into debt', () => {
  const bucket = new TokenBucket({ perSecond: 10, burst: 20 }, 0);
  bucket.take(50, 0);
  expect(bucket.waitMs(50, 0)).toBe(5_000); // 30 of debt, then 20 to be full
  bucket.giveBack(1_000);
  expect(bucket.waitMs(20, 0)).toBe(0);
  expect(bucket.waitMs(21, 0)).toBe(0);
});

it('over any time lets no more pass than burst, rate and the excess of the largest request', () => {
  fc.assert(
    fc.property(
      fc.record({ perSecond: fc.integer({ min: 1, max: 50 }), burst: fc.integer({ min: 1, max: 40 }) }),
      fc.array(fc.record({ cost: fc.integer({ min: 1, max: 60 }), restMs: fc.nat(500) }), { maxLength: 60 }),
      (limit, requests) => {
        const bucket = new TokenBucket(limit, 0);
        let nowMs = 0;
        const passed: { atMs: number; cost: number }[] = [];
        for (const { cost, restMs } of requests) {
          nowMs += restMs;
          nowMs += bucket.waitMs(cost, nowMs);
          bucket.take(cost, nowMs);
          passed.push({ atMs: nowMs, cost });
        }
        const largest = Math.max(0, ...requests.map(({ cost }) => cost - limit.burst));
        passed.forEach((first, from) => {
          let sum = 0;
          for (const { atMs, cost } of passed.slice(from)) {
            sum += cost;
            const seconds = (atMs - first.atMs) / 1000;
            expect(sum).toBeLessThanOrEqual(limit.burst + limit.perSecond * seconds + largest + 1e-3);
          }
        });
      },
    ),
  );
});

it('shapes requests and tokens both, and gives back what an answer did not use', () => {
  const limits = { requests: { perSecond: 1, burst: 2 }, tokens: { perSecond: 10, burst: 100 } };
  const shaper = new TrafficShaper(limits, 0);
  shaper.begin(90, 0);
  expect(shaper.waitMs(30, 0)).toBe(2_000);
  shaper.end(90, 40);
  expect(shaper.waitMs(30, 0)).toBe(0);
  shaper.begin(10, 0);
  expect(shaper.waitMs(1, 0)).toBe(1_000);
  expect(new TrafficShaper({}, 0).waitMs(1e9, 0)).toBe(0);
});
