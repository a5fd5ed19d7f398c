import 'fake-indexeddb/auto';
import { IDBFactory } from 'fake-indexeddb';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import {
  areKeysKept,
  databaseKeyVault,
  forgetKeys,
  keepKeys,
  openKeys,
  VAULT_ITERATIONS,
  type KeptKey,
  type KeyVaultPort,
} from '../../../src/storage/key-vault.ts';
import { openWitanDatabase } from '../../../src/storage/database.ts';

const KEYS: readonly KeptKey[] = [
  { endpointId: 'attic', origin: 'https://one.example', key: 'sk-very-secret' },
  { endpointId: 'cellar', origin: 'http://localhost:8080', key: 'another/secret+key' },
];
const PASSPHRASE = 'correct horse battery staple';
/** The fewest that a record may have: these tests are not about time. */
const QUICK = 100_000;

class MemoryPort implements KeyVaultPort {
  record: unknown = undefined;
  broken = false;

  read(): Promise<unknown> {
    return this.broken ? Promise.reject(new Error('gone')) : Promise.resolve(this.record);
  }

  write(record: unknown): Promise<void> {
    if (this.broken) return Promise.reject(new Error('full'));
    this.record = structuredClone(record);
    return Promise.resolve();
  }

  remove(): Promise<void> {
    if (this.broken) return Promise.reject(new Error('gone'));
    this.record = undefined;
    return Promise.resolve();
  }
}

let port: MemoryPort;

beforeEach(() => {
  vi.unstubAllGlobals();
  port = new MemoryPort();
});

const changed = (more: object): unknown => ({ ...(port.record as object), ...more });

it('gives back what was kept, with the work factor of OWASP', async () => {
  expect(VAULT_ITERATIONS).toBeGreaterThanOrEqual(600_000);
  expect(await keepKeys(port, PASSPHRASE, KEYS)).toEqual({ ok: true, value: null });
  expect(port.record).toMatchObject({ schema: 'witan.keys', version: 1, iterations: VAULT_ITERATIONS });
  expect(await openKeys(port, PASSPHRASE)).toEqual({ ok: true, value: KEYS });
});

it('keeps nothing that can be read', async () => {
  await keepKeys(port, PASSPHRASE, KEYS, QUICK);
  const stored = JSON.stringify(port.record);
  for (const word of ['secret', 'sk-', 'attic', 'example', 'horse', btoa('sk-very-secret').slice(0, 12)]) {
    expect(stored).not.toContain(word);
  }
});

it('seals anew every time: another salt, another IV, another text', async () => {
  await keepKeys(port, PASSPHRASE, KEYS, QUICK);
  const first = port.record as Record<string, unknown>;
  await keepKeys(port, PASSPHRASE, KEYS, QUICK);
  const second = port.record as Record<string, unknown>;
  for (const field of ['salt', 'iv', 'sealed']) expect(second[field]).not.toBe(first[field]);
});

it('does not open under another passphrase, and keeps the record', async () => {
  await keepKeys(port, PASSPHRASE, KEYS, QUICK);
  const before = structuredClone(port.record);
  for (const wrong of ['correct horse', '', 'Correct horse battery staple', `${PASSPHRASE} `]) {
    expect(await openKeys(port, wrong)).toEqual({
      ok: false,
      error: { code: 'record-invalid', details: { record: 'keys', reason: 'passphrase' } },
    });
  }
  expect(port.record).toEqual(before);
  expect(await openKeys(port, PASSPHRASE)).toMatchObject({ ok: true });
});

it('takes the same letters from another keyboard for the same passphrase', async () => {
  await keepKeys(port, 'caf\u00e9', KEYS, QUICK);
  expect(await openKeys(port, 'cafe\u0301')).toMatchObject({ ok: true });
});

describe('a damaged record', () => {
  beforeEach(async () => {
    await keepKeys(port, PASSPHRASE, KEYS, QUICK);
  });

  it.each([
    ['a flipped bit', () => changed({ sealed: flipped((port.record as { sealed: string }).sealed) })],
    ['another IV', () => changed({ iv: 'A'.repeat(16) })],
    ['another salt', () => changed({ salt: 'A'.repeat(22) })],
    ['another work factor', () => changed({ iterations: QUICK + 1 })],
    ['a short IV', () => changed({ iv: 'AAAA' })],
    ['no base64', () => changed({ sealed: '???' })],
    ['a work factor that would hang the page', () => changed({ iterations: 2 ** 31 })],
    ['a work factor that protects nothing', () => changed({ iterations: 1 })],
    ['a later version', () => changed({ version: 2 })],
    ['a field too many', () => changed({ key: 'x' })],
    ['something else', () => 'text'],
  ])('%s: a typed error, and the record stays', async (_what, make) => {
    port.record = make();
    const before = structuredClone(port.record);
    expect(await openKeys(port, PASSPHRASE)).toMatchObject({ ok: false, error: { code: 'record-invalid' } });
    expect(port.record).toEqual(before);
  });
});

function flipped(text: string): string {
  return `${text.startsWith('A') ? 'B' : 'A'}${text.slice(1)}`;
}

it('opens to nothing when nothing is kept, and forgets', async () => {
  expect(await openKeys(port, PASSPHRASE)).toEqual({ ok: true, value: [] });
  expect(await areKeysKept(port)).toEqual({ ok: true, value: false });
  await keepKeys(port, PASSPHRASE, KEYS, QUICK);
  expect(await areKeysKept(port)).toEqual({ ok: true, value: true });
  expect(await forgetKeys(port)).toEqual({ ok: true, value: null });
  expect(await areKeysKept(port)).toEqual({ ok: true, value: false });
});

it('keeps no keys without a passphrase', async () => {
  expect(await keepKeys(port, '', KEYS)).toMatchObject({ error: { code: 'usage' } });
  expect(port.record).toBeUndefined();
});

it('says when the store fails', async () => {
  port.broken = true;
  expect(await keepKeys(port, PASSPHRASE, KEYS, QUICK)).toMatchObject({ error: { code: 'storage-failed' } });
  expect(await openKeys(port, PASSPHRASE)).toMatchObject({ error: { code: 'storage-failed' } });
  expect(await areKeysKept(port)).toMatchObject({ error: { code: 'storage-failed' } });
  expect(await forgetKeys(port)).toMatchObject({ error: { code: 'storage-failed' } });
});

it('says when the page has no WebCrypto', async () => {
  await keepKeys(port, PASSPHRASE, KEYS, QUICK);
  vi.stubGlobal('crypto', {});
  expect(await keepKeys(port, PASSPHRASE, KEYS)).toMatchObject({ error: { code: 'storage-unavailable' } });
  expect(await openKeys(port, PASSPHRASE)).toMatchObject({ error: { code: 'storage-unavailable' } });
});

it('lies in the settings of the database, encrypted', async () => {
  vi.stubGlobal('indexedDB', new IDBFactory());
  const opened = await openWitanDatabase({ onLost: () => undefined });
  if (!opened.ok) throw new Error('the database did not open');
  const vault = databaseKeyVault(opened.value);
  expect(await keepKeys(vault, PASSPHRASE, KEYS, QUICK)).toMatchObject({ ok: true });
  expect(JSON.stringify(await opened.value.getAll('settings'))).not.toContain('secret');
  expect(await openKeys(vault, PASSPHRASE)).toEqual({ ok: true, value: KEYS });
  await forgetKeys(vault);
  expect(await opened.value.getAllKeys('settings')).toEqual([]);
  opened.value.close();
});
