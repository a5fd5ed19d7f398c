import { describe, expect, it } from 'vitest';
import { STOPS } from '#contracts/rules';
import { adaptiveConsistency, leadConfidence } from '../../../../src/council/stops/adaptive-consistency.ts';
import { firstTwoAgree } from '../../../../src/council/stops/first-two-agree.ts';
import { stopNamed } from '../../../../src/council/stops/stop-named.ts';
import { ballotOf } from '../../../fakes/random-ballots.ts';

const open = new Map([['a', 9]]);

describe('Adaptive-Consistency', () => {
  it('has the tail of the Beta distribution in closed form', () => {
    // ∫ from ½ to 1 of pᵃ(1 − p)ᵇ dp over the whole integral, by Simpson's rule.
    const integral = (a: number, b: number, from: number): number => {
      const steps = 2000;
      const width = (1 - from) / steps;
      const f = (p: number): number => p ** a * (1 - p) ** b;
      let sum = f(from) + f(1);
      for (let i = 1; i < steps; i += 1) sum += f(from + i * width) * (i % 2 === 1 ? 4 : 2);
      return (sum * width) / 3;
    };
    for (let a = 0; a <= 12; a += 1) {
      for (let b = 0; b <= a; b += 1) {
        expect(leadConfidence(a, b)).toBeCloseTo(integral(a, b, 0.5) / integral(a, b, 0), 9);
      }
    }
    expect(leadConfidence(3, 0)).toBe(0.9375);
    expect(leadConfidence(4, 0)).toBe(31 / 32);
  });

  it('stops at four that agree, never at three', () => {
    const stop = adaptiveConsistency();
    expect(stop({ ballot: ballotOf({ a: 'xxx' }), outstanding: open })).toBeNull();
    expect(stop({ ballot: ballotOf({ a: 'xxxx' }), outstanding: open })).toBe('x');
    expect(stop({ ballot: ballotOf({ a: 'xxxxy' }), outstanding: open })).toBeNull();
    expect(stop({ ballot: ballotOf({ a: '' }), outstanding: open })).toBeNull();
    expect(adaptiveConsistency(0.9)({ ballot: ballotOf({ a: 'xxx' }), outstanding: open })).toBe('x');
  });
});

describe('first two agree', () => {
  it('stops at the first pair', () => {
    expect(firstTwoAgree({ ballot: ballotOf({ a: 'xyz' }), outstanding: open })).toBeNull();
    expect(firstTwoAgree({ ballot: ballotOf({ a: 'xyzy' }), outstanding: open })).toBe('y');
    expect(firstTwoAgree({ ballot: ballotOf({ a: 'x--' }), outstanding: open })).toBeNull();
  });

  it('does not choose between two pairs that came together', () => {
    expect(firstTwoAgree({ ballot: ballotOf({ a: 'xx', b: 'yy' }), outstanding: open })).toBeNull();
  });
});

it('every stop has a rule that it stops', () => {
  for (const name of STOPS) expect(stopNamed(name, 'plurality'), name).not.toBeNull();
  expect(stopNamed('exact', 'chairman')).toBeNull();
});
