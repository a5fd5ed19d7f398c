import { describe, expect, it } from 'vitest';
import { crc32 } from '#kernel/crc32';

const of = (text: string): number => crc32(new TextEncoder().encode(text));

describe('crc32', () => {
  it('gives the check value of the standard', () => {
    expect(of('123456789')).toBe(0xcbf43926);
    expect(of('')).toBe(0);
    expect(of('The quick brown fox jumps over the lazy dog')).toBe(0x414fa339);
  });

  it('notices every single flipped bit', () => {
    const bytes = new TextEncoder().encode('a benchmark result');
    const whole = crc32(bytes);
    for (let bit = 0; bit < bytes.length * 8; bit += 1) {
      const damaged = bytes.map((byte, index) => (index === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte));
      expect(crc32(damaged)).not.toBe(whole);
    }
  });
});
