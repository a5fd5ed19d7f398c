import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { base64UrlEncode } from '#kernel/base64url';
import { crc32 } from '#kernel/crc32';
import { seededRandom } from '#kernel/random';
import type { BenchResult } from '#contracts/bench';
import type { Outcome } from '#contracts/errors';
import { canonicalise } from '../../../src/bench/canonical-result.ts';
import { sealFragment } from '../../../src/bench/link-text.ts';
import { isPackable, packResult } from '../../../src/bench/packed-result.ts';
import { decode, encode, linkFor } from '../../../src/bench/share-codec.ts';
import { anyResult, typicalResult } from '../../fakes/bench-results.ts';

const PAGE = 'https://witan.example/app/';

function value<T>(outcome: Outcome<T>): T {
  if (!outcome.ok) throw new Error(JSON.stringify(outcome.error));
  return outcome.value;
}

function codeOf(outcome: Outcome<unknown>): string {
  return outcome.ok ? 'ok' : outcome.error.code;
}

const typical = typicalResult();
const fragment = value(encode(typical));
const link = `${PAGE}#${fragment}`;

describe('round trip', () => {
  it('gives a typical result back, whole, in at most 640 characters', () => {
    expect(value(decode(fragment))).toEqual(typical);
    expect(value(decode(link))).toEqual(typical);
    expect(fragment.length).toBeLessThanOrEqual(640);
    expect(fragment).toMatch(/^b1\.[A-Za-z0-9_-]+\.[0-9a-f]{8}$/);
  });

  it('gives any result back in its canonical form, whatever the labels and figures', () => {
    fc.assert(
      fc.property(anyResult, (raw) => {
        const canonical = canonicalise(raw);
        if (!isPackable(canonical)) return;
        const sent = encode(raw);
        // 12 tests of 60 samples may exceed what is read back; short ones never do.
        if (sent.ok && sent.value.length <= 8192) expect(value(decode(sent.value))).toEqual(canonical);
        else expect(codeOf(sent)).toBe('ok');
      }),
      { numRuns: 1500 },
    );
  });

  it('refuses to encode what is no result', () => {
    expect(codeOf(encode({ ...typical, tests: [] }))).toBe('link-invalid');
    const [first] = typical.tests;
    if (first === undefined) throw new Error('the typical result has tests');
    expect(codeOf(encode({ ...typical, tests: [{ ...first, samples: [1e15] }] }))).toBe('link-invalid');
  });
});

describe('linkFor', () => {
  it('puts the result behind the page, in place of an old fragment', () => {
    expect(value(linkFor(`${PAGE}?x=1#/benchmark`, typical))).toBe(`${PAGE}?x=1#${fragment}`);
    expect(value(decode(value(linkFor(PAGE, typical))))).toEqual(typical);
  });

  it('refuses a link longer than 2,000 characters', () => {
    expect(value(linkFor(PAGE, typical)).length).toBeLessThanOrEqual(2000);
    const long = linkFor(`${PAGE}${'x'.repeat(2000)}`, typical);
    expect(codeOf(long)).toBe('link-too-long');
  });
});

describe('what messengers and people do to a link', () => {
  const payload = encodeURIComponent(fragment);
  it.each([
    ['a full stop behind it', `${link}.`],
    ['brackets around it', `(${link})`],
    ['angle brackets and a comma', `<${link}>,`],
    ['quotation marks', `“${link}”`],
    ['white space around it', `\n  ${link} \t`],
    ['emphasis', `**${link}**`],
    ['an escaped hash', `${PAGE}%23${fragment}`],
    ['every character escaped', encodeURIComponent(link)],
    ['escaped twice', encodeURIComponent(encodeURIComponent(link))],
    ['escaped dots', link.replaceAll('.', '%2E')],
    ['escaped dashes and underscores', `#${payload.replaceAll('-', '%2D').replaceAll('_', '%5f')}`],
    ['a leading hash alone', `#${fragment}`],
  ])('reads through %s', (_, text) => {
    expect(value(decode(text))).toEqual(typical);
  });
});

describe('what cannot be read', () => {
  const [, payload = '', sum = ''] = fragment.split('.');
  it.each([
    ['nothing', '', 'link-invalid'],
    ['another link', 'https://example.org/#top', 'link-invalid'],
    ['a link cut in the payload', link.slice(0, -60), 'link-invalid'],
    ['a link cut in the checksum', link.slice(0, -1), 'link-invalid'],
    ['a character more', `${link}0`, 'link-invalid'],
    ['a stray percent sign', `${link}%`, 'link-invalid'],
    ['standard base64', `b1.${payload}+/=.${sum}`, 'link-invalid'],
    ['another checksum', `b1.${payload}.00000000`, 'link-checksum-mismatch'],
    ['two characters swapped', `b1.${[...payload].reverse().join('')}.${sum}`, 'link-checksum-mismatch'],
    ['a version with a leading zero', `b01.${payload}.${sum}`, 'link-invalid'],
  ])('%s', (_, text, code) => {
    expect(codeOf(decode(text))).toBe(code);
  });

  it('names the version of a newer link, also where its form is unknown', () => {
    for (const text of [`${PAGE}#b2.${payload}.${sum}`, '#b2.~new~form~']) {
      const outcome = decode(text);
      expect(outcome).toMatchObject({
        ok: false,
        error: { code: 'link-version-unsupported', details: { version: 2 } },
      });
    }
  });

  it('refuses more than 8 KB unread', () => {
    const long = `#b1.${'A'.repeat(9000)}.00000000`;
    expect(decode(long)).toMatchObject({
      ok: false,
      error: { code: 'link-too-long', details: { characters: long.length } },
    });
  });

  it('refuses a payload with bytes left over, with two spellings, or cut, even with a right checksum', () => {
    const bytes = packResult(typical);
    expect(codeOf(decode(sealFragment(1, Uint8Array.of(...bytes, 0))))).toBe('link-invalid');
    expect(codeOf(decode(sealFragment(1, bytes.subarray(0, -1))))).toBe('link-invalid');
    expect(codeOf(decode(sealFragment(1, new Uint8Array())))).toBe('link-invalid');
    const spare = `b1.${base64UrlEncode(Uint8Array.of(1)).replace(/.$/, 'R')}`;
    const check = crc32(new TextEncoder().encode(spare)).toString(16).padStart(8, '0');
    expect(decode(`${spare}.${check}`)).toMatchObject({
      error: { code: 'link-invalid', details: { reason: 'base64' } },
    });
  });
});

/** One to four random edits: replaced, inserted, removed or moved characters. */
function mutate(text: string, random: () => number): string {
  const alphabet = 'ABCxyz019-_.#%b é\u0000😀';
  const characters = [...text];
  const place = (): number => Math.floor(random() * (characters.length + 1));
  const any = (): string => [...alphabet][Math.floor(random() * [...alphabet].length)] ?? 'A';
  for (let edits = 1 + Math.floor(random() * 4); edits > 0; edits -= 1) {
    const kind = random();
    if (kind < 0.4) characters.splice(place(), 1, any());
    else if (kind < 0.6) characters.splice(place(), 0, any());
    else if (kind < 0.8) characters.splice(place(), 1 + Math.floor(random() * 5));
    else characters.splice(place(), 0, ...characters.splice(place(), 3));
  }
  return characters.join('');
}

/** The only other result a mutation may give is one whose own checksum is right. */
function isSealed(text: string): boolean {
  const [, sealed, sum] = /(b1\.[A-Za-z0-9_-]+)\.([0-9a-f]{8})/.exec(text) ?? [];
  return (
    sealed !== undefined && sum === crc32(new TextEncoder().encode(sealed)).toString(16).padStart(8, '0')
  );
}

describe('hostile input', () => {
  it('survives 20,000 mutations of a link: never throws, never passes a changed result off as read', () => {
    const random = seededRandom(20_000);
    const seen = new Map<string, number>();
    for (let round = 0; round < 20_000; round += 1) {
      const text = mutate(round % 2 === 0 ? link : fragment, random);
      const outcome = decode(text);
      const kind = codeOf(outcome);
      seen.set(kind, (seen.get(kind) ?? 0) + 1);
      if (outcome.ok && !isSealed(text)) expect(outcome.value, text).toEqual(typical);
    }
    // The mutations reached every kind of answer, so the loop above tested something.
    expect([...seen.keys()].sort()).toEqual([
      'link-checksum-mismatch',
      'link-invalid',
      'link-version-unsupported',
      'ok',
    ]);
  });

  it('survives 20,000 payloads of random or damaged bytes under a right checksum', () => {
    const random = seededRandom(3);
    const whole = packResult(typical);
    let read = 0;
    for (let round = 0; round < 20_000; round += 1) {
      const bytes =
        round % 4 === 0
          ? Uint8Array.from({ length: Math.floor(random() * 60) }, () => Math.floor(random() * 256))
          : whole.slice();
      for (let edits = Math.floor(random() * 4); edits > 0; edits -= 1) {
        bytes[Math.floor(random() * bytes.length)] = Math.floor(random() * 256);
      }
      const outcome: Outcome<BenchResult> = decode(sealFragment(1, bytes));
      if (!outcome.ok) {
        expect(outcome.error.code).toBe('link-invalid');
        continue;
      }
      read += 1;
      // Whatever is read is bounded, canonical, and can be sent on.
      expect(outcome.value.tests.length).toBeLessThanOrEqual(64);
      if (round % 50 === 0) expect(canonicalise(outcome.value)).toEqual(outcome.value);
    }
    expect(read).toBeGreaterThan(1000);
  });
});
