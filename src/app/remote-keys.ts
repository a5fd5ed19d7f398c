import { err, ok } from '#kernel/result';
import { failure, type Outcome } from '#contracts/errors';
import type { KeyState } from '#contracts/ports';
import type { RemoteEndpoint, RemoteKey } from '#contracts/remote';
import { KeyRing } from '../engines/remote/key-ring.ts';
import { areKeysKept, forgetKeys, keepKeys, openKeys, type KeyVaultPort } from '../storage/key-vault.ts';

const LOCKED = 'Unlock the kept keys with their passphrase first.';

/**
 * Keys of servers: in memory, and in the vault those that the user wants to keep. The passphrase of the vault is in memory
 * too once it is open, so that keys can be added. Every change of the vault begins with what is in it: another tab may
 * have changed it meanwhile.
 */
export class RemoteKeys {
  readonly #ring = new KeyRing();
  readonly #vault: Promise<KeyVaultPort | null>;
  readonly #kept = new Set<string>();
  #passphrase: string | null = null;
  /** Two changes of the vault at once would each undo the other. */
  #changing: Promise<unknown> = Promise.resolve();

  /** @param vault null where nothing can be stored */
  constructor(vault: Promise<KeyVaultPort | null>) {
    this.#vault = vault;
  }

  /** The key for a worker; null when there is none, or none for this address. */
  keyOf({ id, baseUrl, hasKey }: RemoteEndpoint): RemoteKey | null {
    const { origin } = new URL(baseUrl);
    const held = this.#ring.entries().find((key) => key.endpointId === id && key.origin === origin);
    return hasKey ? (held ?? null) : null;
  }

  /** True when there is a key for this address, whether the server is marked so or not. */
  holds(endpoint: RemoteEndpoint): boolean {
    return this.keyOf({ ...endpoint, hasKey: true }) !== null;
  }

  async state(endpoint: RemoteEndpoint): Promise<KeyState> {
    if (this.keyOf(endpoint) !== null) return this.#kept.has(endpoint.id) ? 'kept' : 'memory';
    const vault = await this.#vault;
    if (!endpoint.hasKey || this.#passphrase !== null || vault === null) return 'none';
    const kept = await areKeysKept(vault);
    return kept.ok && kept.value ? 'locked' : 'none';
  }

  /** Errors: usage (no header can carry it, or the vault is locked), storage-unavailable, storage-failed, record-invalid. */
  async set(endpoint: RemoteEndpoint, key: string, keep: boolean): Promise<Outcome<null>> {
    const { id, baseUrl } = endpoint;
    if (keep && this.#passphrase === null)
      return err(failure('usage', { problem: LOCKED, reason: 'locked' }));
    const held = this.#ring.set(id, baseUrl, key);
    if (!held.ok) return held;
    if (!keep) return this.#kept.has(id) ? this.#dropKept(id) : ok(null);
    const entry = this.keyOf({ ...endpoint, hasKey: true });
    const kept = await this.#change((keys) => [
      ...keys.filter(({ endpointId }) => endpointId !== id),
      ...(entry === null ? [] : [entry]),
    ]);
    if (kept.ok) this.#kept.add(id);
    return kept;
  }

  /**
   * Forgets a key at once here, and in the vault.
   * Errors: usage (the vault is locked: it may hold the key), storage-failed, record-invalid.
   */
  async delete({ id, hasKey }: RemoteEndpoint): Promise<Outcome<null>> {
    this.#ring.delete(id);
    if (this.#passphrase !== null) return this.#dropKept(id);
    const vault = await this.#vault;
    const kept = vault === null || !hasKey ? ok(false) : await areKeysKept(vault);
    if (!kept.ok) return kept;
    return kept.value ? err(failure('usage', { problem: LOCKED, reason: 'locked' })) : ok(null);
  }

  /**
   * Opens the vault, or names the passphrase of a new one. A key that was entered meanwhile stays.
   * Errors: record-invalid with reason `passphrase`, usage (none), storage-unavailable, storage-failed.
   */
  async unlock(passphrase: string): Promise<Outcome<null>> {
    const vault = await this.#vault;
    if (vault === null) return err(failure('storage-unavailable', { store: 'keys' }));
    if (passphrase === '') return err(failure('usage', { problem: 'A passphrase is needed.' }));
    const opened = await openKeys(vault, passphrase);
    if (!opened.ok) return opened;
    this.#passphrase = passphrase;
    for (const { endpointId, origin, key } of opened.value) {
      if (this.#ring.has(endpointId)) continue;
      this.#kept.add(endpointId);
      this.#ring.set(endpointId, origin, key);
    }
    return ok(null);
  }

  /** Throws the vault away, locked or not. What is in memory stays until the tab closes. Errors: storage-failed. */
  async forgetKept(): Promise<Outcome<null>> {
    const vault = await this.#vault;
    const forgotten = vault === null ? ok(null) : await forgetKeys(vault);
    if (!forgotten.ok) return forgotten;
    this.#kept.clear();
    this.#passphrase = null;
    return forgotten;
  }

  async #dropKept(endpointId: string): Promise<Outcome<null>> {
    const dropped = await this.#change((keys) => keys.filter((key) => key.endpointId !== endpointId));
    if (dropped.ok) this.#kept.delete(endpointId);
    return dropped;
  }

  #change(next: (keys: readonly RemoteKey[]) => readonly RemoteKey[]): Promise<Outcome<null>> {
    const changed = this.#changing.then(async (): Promise<Outcome<null>> => {
      const vault = await this.#vault;
      const passphrase = this.#passphrase;
      if (vault === null || passphrase === null)
        return err(failure('storage-unavailable', { store: 'keys' }));
      const opened = await openKeys(vault, passphrase);
      if (!opened.ok) return opened;
      const keys = next(opened.value);
      if (keys.length === opened.value.length && keys.every((key) => opened.value.includes(key)))
        return ok(null);
      return keys.length === 0 ? forgetKeys(vault) : keepKeys(vault, passphrase, keys);
    });
    this.#changing = changed;
    return changed;
  }
}
