import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { seededRandom, type Random } from '#kernel/random';
import { erlangC, waitMs } from '../../../../src/capacity/scalability/queue.ts';

/** By the definition: (aᶜ/c!)·c/(c−a) ÷ (Σₖ₌₀^(c−1) aᵏ/k! + (aᶜ/c!)·c/(c−a)). */
function byDefinition(servers: number, load: number): number {
  let term = 1;
  let sum = 0;
  for (let k = 0; k < servers; k += 1) {
    sum += term;
    term *= load / (k + 1);
  }
  const waiting = (term * servers) / (servers - load);
  return waiting / (sum + waiting);
}

describe('erlangC', () => {
  it('has the values of the textbook', () => {
    // One server: C = ρ.
    expect(erlangC(1, 0.7)).toBeCloseTo(0.7, 12);
    // c = 2, a = 1: (1/2)·2 ÷ (1 + 1 + (1/2)·2) = 1/3.
    expect(erlangC(2, 1)).toBeCloseTo(1 / 3, 12);
    // c = 3, a = 2: (8/6)·3 ÷ (1 + 2 + 2 + (8/6)·3) = 4/9.
    expect(erlangC(3, 2)).toBeCloseTo(4 / 9, 12);
    // c = 10, a = 8, as printed in tables: 0.409.
    expect(erlangC(10, 8)).toBeCloseTo(0.409, 3);
  });

  it('is what the definition says, for any servers and load', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 40 }),
        fc.double({ min: 0, max: 0.99, noNaN: true }),
        (c, rho) => {
          expect(erlangC(c, c * rho)).toBeCloseTo(byDefinition(c, c * rho), 9);
        },
      ),
    );
  });

  it('lets everybody wait where too much comes', () => {
    expect(erlangC(2, 2)).toBe(1);
    expect(erlangC(2, Infinity)).toBe(1);
  });
});

/** Mean wait of questions that come at random and are each answered in `serviceMs`, by playing them. */
function played(servers: number, perMs: number, serviceMs: number, random: Random): number {
  const free = Array.from({ length: servers }, () => 0);
  let now = 0;
  let waited = 0;
  const questions = 200_000;
  for (let question = 0; question < questions; question += 1) {
    now -= Math.log(1 - random()) / perMs;
    const soonest = Math.min(...free);
    const begins = Math.max(now, soonest);
    waited += begins - now;
    free[free.indexOf(soonest)] = begins + serviceMs;
  }
  return waited / questions;
}

describe('waitMs', () => {
  it('is Pollaczek and Khinchine’s for one server: ρ·S / (2·(1 − ρ))', () => {
    expect(waitMs(1, 0.0008, 1000)).toBeCloseTo((0.8 * 1000) / (2 * 0.2), 9);
  });

  it('is that of M/M/c where service varies: W = C / (cμ − λ)', () => {
    // c = 3, λ = 2 a second, μ = 1 a second: (4/9) ÷ (3 − 2) seconds.
    expect(waitMs(3, 0.002, 1000, { arrivals: 1, service: 1 })).toBeCloseTo((4 / 9) * 1000, 9);
  });

  it.each([
    { servers: 1, rho: 0.8 },
    { servers: 2, rho: 0.8 },
    { servers: 4, rho: 0.9 },
  ])('is within 6 % of a played queue of $servers servers, used to $rho', ({ servers, rho }) => {
    const perMs = (servers * rho) / 1000;
    const truth = played(servers, perMs, 1000, seededRandom(9));
    expect(Math.abs((waitMs(servers, perMs, 1000) ?? NaN) / truth - 1)).toBeLessThan(0.06);
  });

  it('has no end from a utilisation of 1 on, and for figures that are none', () => {
    expect(waitMs(1, 0.001, 1000)).toBeNull();
    expect(waitMs(2, 0.003, 1000)).toBeNull();
    expect(waitMs(2, 0, Infinity)).toBeNull();
    expect(waitMs(1, 0, 1000)).toBe(0);
  });

  it('grows with the questions and with their time, and shrinks with servers', () => {
    const share = fc.double({ min: 0.01, max: 0.97, noNaN: true });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 12 }), share, share, (servers, a, b) => {
        const [less, more] = [Math.min(a, b), Math.max(a, b)];
        const at = (rho: number, count: number): number => waitMs(count, (servers * rho) / 500, 500) ?? NaN;
        expect(at(more, servers)).toBeGreaterThanOrEqual(at(less, servers));
        expect(at(more, servers + 1)).toBeLessThanOrEqual(at(more, servers));
      }),
    );
  });
});
