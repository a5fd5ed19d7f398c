import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { base64UrlDecode, base64UrlEncode } from '#kernel/base64url';

describe('base64url', () => {
  it('writes what Node writes and reads it back', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        const text = base64UrlEncode(bytes);
        expect(text).toBe(Buffer.from(bytes).toString('base64url'));
        expect(base64UrlDecode(text)).toEqual(Uint8Array.from(bytes));
      }),
    );
  });

  it.each(['A', 'AB=', 'A+8A', 'A/8A', 'A 8A', 'AB'.repeat(3) + '!', 'Aé', 'AAAAA'])('refuses %j', (text) => {
    expect(base64UrlDecode(text)).toBeNull();
  });

  it('refuses a second spelling of the same bytes', () => {
    expect(base64UrlDecode('AA')).toEqual(Uint8Array.of(0));
    expect(base64UrlDecode('AB')).toBeNull(); // spare bits set
  });
});
