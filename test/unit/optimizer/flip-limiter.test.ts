import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FlipLimiter } from '../../../src/optimizer/flip-limiter.ts';

describe('FlipLimiter', () => {
  it('lets a controller hunt four reversals and then stops it for a minute', () => {
    const limiter = new FlipLimiter();
    const verdicts: string[] = [];
    for (let timeMs = 0; timeMs < 10_000; timeMs += 2000) {
      limiter.moved('down', timeMs);
      const verdict = limiter.mayRaise(timeMs + 1000);
      verdicts.push(verdict);
      if (verdict === 'yes') limiter.moved('up', timeMs + 1000);
    }
    expect(verdicts).toEqual(['yes', 'yes', 'freeze', 'frozen', 'frozen']);
    expect(limiter.mayRaise(64_999)).toBe('frozen');
    expect(limiter.mayRaise(65_000)).toBe('yes');
  });

  it('does not count steps in one direction', () => {
    const limiter = new FlipLimiter();
    for (let index = 0; index < 20; index += 1) limiter.moved('down', index);
    for (let index = 20; index < 40; index += 1) {
      expect(limiter.mayRaise(index)).toBe('yes');
      limiter.moved('up', index);
    }
  });

  it('ends a freeze at rest but remembers the minute', () => {
    const limiter = new FlipLimiter();
    for (const [index, direction] of (['down', 'up', 'down', 'up', 'down'] as const).entries())
      limiter.moved(direction, index);
    expect(limiter.mayRaise(10)).toBe('freeze');
    limiter.rest();
    limiter.moved('down', 20);
    expect(limiter.mayRaise(30)).toBe('freeze');
  });

  it('leaves room for the lowering that may follow a raise', () => {
    const limiter = new FlipLimiter();
    for (const [index, direction] of (['down', 'up', 'down', 'up'] as const).entries())
      limiter.moved(direction, index);
    limiter.rest();
    limiter.moved('down', 10);
    expect(limiter.mayRaise(20)).toBe('freeze');
  });

  it('keeps every minute at four reversals or fewer, whoever asks for what and when', () => {
    const wish = fc.tuple(fc.integer({ min: 1, max: 3000 }), fc.constantFrom('up', 'down', 'rest'));
    fc.assert(
      fc.property(fc.array(wish, { maxLength: 120 }), (wishes) => {
        const limiter = new FlipLimiter();
        const flips: number[] = [];
        let last: string | null = null;
        let timeMs = 0;
        for (const [gapMs, want] of wishes) {
          timeMs += gapMs;
          if (want === 'rest') {
            limiter.rest();
            last = null;
          } else if (want === 'down' || limiter.mayRaise(timeMs) === 'yes') {
            limiter.moved(want, timeMs);
            if (last !== null && last !== want) flips.push(timeMs);
            last = want;
          }
        }
        for (const from of flips)
          expect(flips.filter((flip) => flip >= from && flip - from < 60_000).length).toBeLessThanOrEqual(4);
      }),
    );
  });
});
