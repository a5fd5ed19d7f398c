import * as v from 'valibot';
import { base64UrlDecode, base64UrlEncode } from '#kernel/base64url';
import { err, ok } from '#kernel/result';
import { failure, type ErrorCode, type Outcome } from '#contracts/errors';
import { parseWith } from '#contracts/schema-parse';
import type { WitanDatabase } from './database.ts';

/** The one record that holds all keys, encrypted; where it lies is of no interest here. */
export interface KeyVaultPort {
  /** undefined when nothing is kept */
  read(): Promise<unknown>;
  write(record: unknown): Promise<void>;
  remove(): Promise<void>;
}

/** A key of a remote server and the origin it may be sent to. */
export interface KeptKey {
  readonly endpointId: string;
  readonly origin: string;
  readonly key: string;
}

/**
 * Work factor of PBKDF2-HMAC-SHA-256: OWASP, "Password Storage Cheat Sheet" (600,000 since 2023). Argon2id would be the
 * better function, but WebCrypto has none.
 */
export const VAULT_ITERATIONS = 600_000;
/** A record that asks for less is not ours, one that asks for more would hang the page: both are refused. */
const FEWEST_ITERATIONS = 100_000;
const MOST_ITERATIONS = 10_000_000;
/** NIST SP 800-132 §5.1: 128 bits at least. */
const SALT_BYTES = 16;
/** NIST SP 800-38D §5.2.1.1: 96 bits; random and fresh for every record, under a key that is fresh as well. */
const IV_BYTES = 12;
const SETTINGS_KEY = 'remote-keys';
/** AES-GCM cannot tell a wrong passphrase from a damaged record: both fail its tag. */
const NOT_OPENED: ErrorCode = 'record-invalid';

const VaultRecordSchema = v.strictObject({
  schema: v.literal('witan.keys'),
  version: v.literal(1),
  iterations: v.pipe(v.number(), v.integer(), v.minValue(FEWEST_ITERATIONS), v.maxValue(MOST_ITERATIONS)),
  salt: v.string(),
  iv: v.string(),
  sealed: v.string(),
});

const KeptKeysSchema = v.array(
  v.strictObject({ endpointId: v.string(), origin: v.string(), key: v.string() }),
);

/**
 * Keeps `keys` encrypted with AES-256-GCM under a key derived from `passphrase`; what was kept before is replaced. The
 * passphrase itself is kept nowhere: who forgets it enters the keys again.
 * Errors: usage (no passphrase), storage-unavailable (no WebCrypto: the page is not in a secure context),
 * storage-failed.
 */
export async function keepKeys(
  port: KeyVaultPort,
  passphrase: string,
  keys: readonly KeptKey[],
  iterations = VAULT_ITERATIONS,
): Promise<Outcome<null>> {
  if (passphrase === '') return err(failure('usage', { problem: 'Keys are kept under a passphrase only.' }));
  if (!hasWebCrypto()) return err(failure('storage-unavailable', { reason: 'no-webcrypto' }));
  const salt = crypto.getRandomValues(new Uint8Array(SALT_BYTES));
  const iv = crypto.getRandomValues(new Uint8Array(IV_BYTES));
  const vaultKey = await derive(passphrase, salt, iterations);
  const plain = new TextEncoder().encode(JSON.stringify(keys));
  const sealed = await crypto.subtle.encrypt({ name: 'AES-GCM', iv }, vaultKey, plain);
  try {
    await port.write({
      schema: 'witan.keys',
      version: 1,
      iterations,
      salt: base64UrlEncode(salt),
      iv: base64UrlEncode(iv),
      sealed: base64UrlEncode(new Uint8Array(sealed)),
    });
    return ok(null);
  } catch (thrown) {
    return err(failure('storage-failed', { store: 'keys' }, thrown));
  }
}

/**
 * The keys that are kept; none when nothing is. The record stays as it is, whatever happens.
 * Errors: record-invalid with reason `passphrase` (wrong, or the record was damaged), or with the path of what does not
 * parse; storage-unavailable, storage-failed.
 */
export async function openKeys(port: KeyVaultPort, passphrase: string): Promise<Outcome<readonly KeptKey[]>> {
  let stored: unknown;
  try {
    stored = await port.read();
  } catch (thrown) {
    return err(failure('storage-failed', { store: 'keys' }, thrown));
  }
  if (stored === undefined || stored === null) return ok([]);
  const record = parseWith(VaultRecordSchema, stored, 'record-invalid', { record: 'keys' });
  if (!record.ok) return record;
  const salt = bytesOf(record.value.salt);
  const iv = bytesOf(record.value.iv);
  const sealed = bytesOf(record.value.sealed);
  if (salt?.length !== SALT_BYTES || iv?.length !== IV_BYTES || sealed === null) {
    return err(failure('record-invalid', { record: 'keys', path: 'salt, iv or sealed' }));
  }
  if (!hasWebCrypto()) return err(failure('storage-unavailable', { reason: 'no-webcrypto' }));
  const vaultKey = await derive(passphrase, salt, record.value.iterations);
  let keys: unknown;
  try {
    const plain = await crypto.subtle.decrypt({ name: 'AES-GCM', iv }, vaultKey, sealed);
    keys = JSON.parse(new TextDecoder().decode(plain));
  } catch {
    return err(failure(NOT_OPENED, { record: 'keys', reason: 'passphrase' }));
  }
  return parseWith(KeptKeysSchema, keys, 'record-invalid', { record: 'keys' });
}

/** Whether a passphrase has to be asked for. Errors: storage-failed. */
export async function areKeysKept(port: KeyVaultPort): Promise<Outcome<boolean>> {
  try {
    return ok(((await port.read()) ?? null) !== null);
  } catch (thrown) {
    return err(failure('storage-failed', { store: 'keys' }, thrown));
  }
}

/** Errors: storage-failed. */
export async function forgetKeys(port: KeyVaultPort): Promise<Outcome<null>> {
  try {
    await port.remove();
    return ok(null);
  } catch (thrown) {
    return err(failure('storage-failed', { store: 'keys' }, thrown));
  }
}

/** The vault in the settings of the database. */
export function databaseKeyVault(database: WitanDatabase): KeyVaultPort {
  return {
    read: () => database.get('settings', SETTINGS_KEY),
    write: async (record) => {
      await database.put('settings', record, SETTINGS_KEY);
    },
    remove: () => database.delete('settings', SETTINGS_KEY),
  };
}

/** The base64url text of a record as bytes of their own, which WebCrypto wants; null when it is none. */
function bytesOf(text: string): Uint8Array<ArrayBuffer> | null {
  const bytes = base64UrlDecode(text);
  return bytes === null ? null : new Uint8Array(bytes);
}

function hasWebCrypto(): boolean {
  return 'crypto' in globalThis && 'subtle' in globalThis.crypto;
}

async function derive(
  passphrase: string,
  salt: Uint8Array<ArrayBuffer>,
  iterations: number,
): Promise<CryptoKey> {
  // NFKC: the same letters typed on another keyboard are the same passphrase (NIST SP 800-63B §5.1.1.2).
  const secret = new TextEncoder().encode(passphrase.normalize('NFKC'));
  const base = await crypto.subtle.importKey('raw', secret, 'PBKDF2', false, ['deriveKey']);
  return crypto.subtle.deriveKey(
    { name: 'PBKDF2', hash: 'SHA-256', salt, iterations },
    base,
    { name: 'AES-GCM', length: 256 },
    false, // it cannot be read out again
    ['encrypt', 'decrypt'],
  );
}
