import { inspect } from 'node:util';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { failure } from '#contracts/errors';
import { KeyRing } from '../../../../src/engines/remote/key-ring.ts';

const KEY = 'sk-Zm9v/+"secret"=42';

function ringWith(key: string): KeyRing {
  const ring = new KeyRing();
  expect(ring.set('a', 'https://one.example:8443/v1', key)).toEqual({ ok: true, value: null });
  return ring;
}

it('gives the key to its own origin only', () => {
  const ring = ringWith(KEY);
  expect(ring.authorization('a', 'https://one.example:8443/v1/chat/completions')).toBe(`Bearer ${KEY}`);
  for (const url of [
    'http://one.example:8443/v1/models', // another scheme
    'https://one.example/v1/models', // another port
    'https://two.example:8443/v1/models',
    'https://sub.one.example:8443/v1/models',
    'https://one.example:8443@evil.example/v1/models',
  ]) {
    expect(ring.authorization('a', url)).toBeNull();
  }
  expect(ring.authorization('b', 'https://one.example:8443/v1')).toBeNull();
});

it('forgets', () => {
  const ring = ringWith(KEY);
  ring.delete('a');
  expect(ring.has('a')).toBe(false);
  expect(ring.authorization('a', 'https://one.example:8443/v1')).toBeNull();
  expect(ringWith(KEY).entries()).toEqual([
    { endpointId: 'a', origin: 'https://one.example:8443', key: KEY },
  ]);
  const cleared = ringWith(KEY);
  cleared.clear();
  expect(cleared.entries()).toEqual([]);
});

it('takes what was pasted with a line end', () => {
  expect(ringWith('  key-1\n').authorization('a', 'https://one.example:8443/')).toBe('Bearer key-1');
});

it.each(['', ' ', 'two words', 'line\nend', 'ключ', 'x'.repeat(4_097)])(
  'refuses what no header can carry, without saying it: %j',
  (key) => {
    const set = new KeyRing().set('a', 'https://one.example', key);
    expect(set).toMatchObject({ ok: false, error: { code: 'usage' } });
    if (key.trim() !== '') expect(JSON.stringify(set)).not.toContain(key.trim());
  },
);

it('shows no key when it is printed', () => {
  const ring = ringWith(KEY);
  expect(JSON.stringify(ring)).toBe('{}');
  expect(inspect(ring, { depth: 9 })).not.toContain('secret');
  expect(JSON.stringify(structuredClone(ring))).toBe('{}');
});

it('takes every spelling of a key out of what a server says', () => {
  const ring = ringWith(KEY);
  const said = [
    KEY,
    KEY.toUpperCase(),
    JSON.stringify({ key: KEY }),
    encodeURIComponent(KEY),
    btoa(KEY),
    `Bearer ${KEY}, ${KEY}`,
  ].join(' and ');
  const safe = ring.redact(said);
  for (const form of [
    KEY,
    KEY.toUpperCase(),
    encodeURIComponent(KEY),
    btoa(KEY),
    JSON.stringify(KEY).slice(1, -1),
  ]) {
    expect(safe).not.toContain(form);
  }
  expect(safe).toContain('[key]');
});

it('scrubs a failure whatever the key is and wherever it stands', () => {
  const keys = fc.string({
    minLength: 4,
    maxLength: 60,
    unit: fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code)),
  });
  fc.assert(
    fc.property(keys, fc.string(), fc.string(), (key, before, after) => {
      // The words of the failure itself are not the key's.
      fc.pre(!JSON.stringify(failure('remote-refused', { model: '', status: 1 }, '[key]')).includes(key));
      const ring = ringWith(key);
      const said = `${before}\n${key}\n${after}`;
      const safe = ring.scrub(failure('remote-refused', { model: said, status: 401 }, said));
      expect(`${safe.details['model']}${safe.cause ?? ''}`).not.toContain(key);
      expect(safe.code).toBe('remote-refused');
      expect(safe.details['status']).toBe(401);
    }),
  );
});

it('cuts a long cause only after the key is out of it: half a key would be left else', () => {
  const key = 'k'.repeat(40);
  const cause = `${'.'.repeat(290)}${key}`;
  const safe = ringWith(key).scrub(failure('remote-failed', {}, cause));
  expect(safe.cause).toBe(`${'.'.repeat(290)}[key]`);
});

it('leaves placeholders of one or two letters alone: they are no secret, and are in every word', () => {
  expect(ringWith('x').redact('exceeded')).toBe('exceeded');
});
