import { ok } from '#kernel/result';
import type { Outcome } from '#contracts/errors';
import type { ModelOffers } from '#contracts/model-offer';
import type { BuiltInState, RemotePort, SettingsPort, Unsubscribe } from '#contracts/ports';
import type { MemberChoice, Settings } from '#contracts/settings';
import { SETTINGS_KEY, type WitanDatabase } from '../storage/database.ts';
import type { FurtherMembers } from './further-members.ts';
import type { FurtherServices, FurtherServicesPorts } from './further-services.ts';

/** A look at the stored settings without their schema; whatever cannot be understood is for the schema to say. */
async function hasChosen(database: Promise<WitanDatabase | null>): Promise<boolean> {
  try {
    const stored: unknown = await (await database)?.get('settings', SETTINGS_KEY);
    return typeof stored === 'object' && stored !== null && Reflect.get(stored, 'members') !== null;
  } catch {
    return true;
  }
}

/** The settings port, and the engines beyond the bundled models, whose code is fetched with its first use. */
export class LazySettings implements SettingsPort {
  readonly #ports: FurtherServicesPorts;
  readonly #listeners = new Set<() => void>();
  #services: Promise<FurtherServices> | null = null;

  constructor(ports: FurtherServicesPorts) {
    this.#ports = ports;
  }

  async read(): Promise<Outcome<Settings>> {
    return (await this.#loaded()).settings.read();
  }

  /** The seats as the user chose them; null: the bundled council. Errors: record-invalid, storage-failed. */
  async chosen(): Promise<Outcome<readonly MemberChoice[] | null>> {
    // Most people never choose: then none of the code below is fetched.
    if (this.#services === null && !(await hasChosen(this.#ports.database))) return ok(null);
    const settings = await this.read();
    return settings.ok ? ok(settings.value.members) : settings;
  }

  async choose(signal: AbortSignal, members: readonly MemberChoice[] | null): Promise<Outcome<null>> {
    return (await this.#loaded()).settings.choose(signal, members);
  }

  async allowBuiltIn(signal: AbortSignal, allowed: boolean): Promise<Outcome<null>> {
    return (await this.#loaded()).settings.allowBuiltIn(signal, allowed);
  }

  async builtIn(signal: AbortSignal): Promise<Outcome<BuiltInState>> {
    return (await this.#loaded()).settings.builtIn(signal);
  }

  async offers(signal: AbortSignal): Promise<Outcome<ModelOffers>> {
    return (await this.#loaded()).settings.offers(signal);
  }

  async removeFiles(signal: AbortSignal, modelId: string): Promise<Outcome<null>> {
    return (await this.#loaded()).settings.removeFiles(signal, modelId);
  }

  async remote(): Promise<RemotePort> {
    return (await this.#loaded()).remote;
  }

  subscribe(listener: () => void): Unsubscribe {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async furtherMembers(): Promise<FurtherMembers> {
    return (await this.#loaded()).members;
  }

  /** A failed fetch of the code is tried again by the next call. */
  #loaded(): Promise<FurtherServices> {
    const loading = (this.#services ??= this.#load());
    loading.catch(() => {
      if (this.#services === loading) this.#services = null;
    });
    return loading;
  }

  async #load(): Promise<FurtherServices> {
    const { furtherServices } = await import('./further-services.ts');
    return furtherServices(this.#ports, () => {
      for (const listener of [...this.#listeners]) listener();
    });
  }
}
