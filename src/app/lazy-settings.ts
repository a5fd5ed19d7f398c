import type { Clock } from '#kernel/clock';
import type { Outcome } from '#contracts/errors';
import type { ModelOffers } from '#contracts/model-offer';
import type { DevicePort, SettingsPort, Unsubscribe } from '#contracts/ports';
import type { MemberChoice, Settings } from '#contracts/settings';
import type { WorkerSupervisor } from '../platform/worker-supervisor.ts';
import type { WitanDatabase } from '../storage/database.ts';
import type { SettingsStore } from '../storage/settings-store.ts';
import type { FurtherMembers } from './further-members.ts';
import type { FurtherServices } from './further-services.ts';

export interface LazySettingsPorts {
  readonly clock: Clock;
  readonly supervisor: WorkerSupervisor;
  readonly device: DevicePort;
  readonly database: Promise<WitanDatabase | null>;
  readonly store: Promise<SettingsStore>;
  readonly reappoint: (signal: AbortSignal) => Promise<Outcome<null>>;
  /** Absolute URL of the page's folder. */
  readonly baseUrl: string;
}

/** The settings port, and the engines beyond the bundled models, whose code is fetched with its first use. */
export class LazySettings implements SettingsPort {
  readonly #ports: LazySettingsPorts;
  readonly #listeners = new Set<() => void>();
  #services: Promise<FurtherServices> | null = null;

  constructor(ports: LazySettingsPorts) {
    this.#ports = ports;
  }

  async read(): Promise<Outcome<Settings>> {
    return (await this.#ports.store).read();
  }

  async choose(signal: AbortSignal, members: readonly MemberChoice[] | null): Promise<Outcome<null>> {
    return (await this.#loaded()).settings.choose(signal, members);
  }

  async allowBuiltIn(signal: AbortSignal, allowed: boolean): Promise<Outcome<null>> {
    return (await this.#loaded()).settings.allowBuiltIn(signal, allowed);
  }

  async builtInThere(): Promise<boolean> {
    return (await this.#loaded()).settings.builtInThere();
  }

  async offers(signal: AbortSignal): Promise<Outcome<ModelOffers>> {
    return (await this.#loaded()).settings.offers(signal);
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
