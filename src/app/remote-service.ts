import type { Clock } from '#kernel/clock';
import { ok } from '#kernel/result';
import type { Engine } from '#contracts/engine';
import type { Outcome, WitanFailure } from '#contracts/errors';
import type { KeyState, RemotePort } from '#contracts/ports';
import type {
  RemoteEndpoint,
  RemoteHealth,
  RemoteMember,
  RemoteModel,
  RemoteSettings,
} from '#contracts/remote';
import type { RemoteWorkerApi } from '#contracts/worker-api';
import type { WorkerFactory } from '#contracts/worker-handle';
import type { MemberSpec } from '../resources/member-spec.ts';
import { remoteSpec } from '../resources/remote-spec.ts';
import type { WitanDatabase } from '../storage/database.ts';
import { databaseKeyVault } from '../storage/key-vault.ts';
import {
  endpointIn,
  withEndpoint,
  withMember,
  withoutEndpoint,
  withoutMember,
} from '../storage/remote-changes.ts';
import { RemoteStore, type RemoteChange } from '../storage/remote-store.ts';
import { remoteConfiguration } from './remote-configuration.ts';
import { inquire } from './remote-inquiry.ts';
import { RemoteKeys } from './remote-keys.ts';
import { RemoteMemberEngine } from './remote-member.ts';

export interface RemoteServicePorts {
  readonly clock: Clock;
  /** Null where nothing can be stored. */
  readonly database: Promise<WitanDatabase | null>;
  readonly startWorker: WorkerFactory<RemoteWorkerApi>;
}

/** Servers of the user's, their keys, and the members that run on them. */
export class RemoteService implements RemotePort {
  readonly #ports: RemoteServicePorts;
  readonly #store: Promise<RemoteStore>;
  readonly #keys: RemoteKeys;
  /** Engines whose workers live. */
  readonly #running = new Map<RemoteMemberEngine, (reason: WitanFailure) => void>();

  constructor(ports: RemoteServicePorts) {
    this.#ports = ports;
    this.#store = ports.database.then((database) => new RemoteStore(database));
    this.#keys = new RemoteKeys(ports.database.then((database) => database && databaseKeyVault(database)));
  }

  endpoints(): Promise<Outcome<readonly RemoteEndpoint[]>> {
    return this.#read((settings) => ok(settings.endpoints));
  }

  saveEndpoint(endpoint: RemoteEndpoint): Promise<Outcome<null>> {
    return this.#update(withEndpoint(endpoint));
  }

  async removeEndpoint(id: string): Promise<Outcome<null>> {
    const free = await this.#read(withoutEndpoint(id));
    if (!free.ok) return free;
    // First the key: what could not be forgotten must not be left behind without its server.
    const forgotten = await this.setKey(id, null, false);
    return forgotten.ok ? this.#update(withoutEndpoint(id)) : forgotten;
  }

  members(): Promise<Outcome<readonly RemoteMember[]>> {
    return this.#read((settings) => ok(settings.members));
  }

  save(member: RemoteMember): Promise<Outcome<null>> {
    return this.#update(withMember(member));
  }

  remove(id: string): Promise<Outcome<null>> {
    return this.#update(withoutMember(id));
  }

  async setKey(endpointId: string, key: string | null, keep: boolean): Promise<Outcome<null>> {
    const endpoint = await this.#read((settings) => endpointIn(settings, endpointId));
    if (!endpoint.ok) return endpoint;
    const { value } = endpoint;
    const changed = key === null ? await this.#keys.delete(value) : await this.#keys.set(value, key, keep);
    // A key that could not be kept is there in memory; one that could not be forgotten is still somewhere.
    const hasKey = key === null ? value.hasKey && !changed.ok : value.hasKey || this.#keys.holds(value);
    const marked = await this.#update(withEndpoint({ ...value, hasKey }));
    return changed.ok ? marked : changed;
  }

  async keyState(endpointId: string): Promise<KeyState> {
    const endpoint = await this.#read((settings) => endpointIn(settings, endpointId));
    return endpoint.ok ? this.#keys.state(endpoint.value) : 'none';
  }

  async unlock(passphrase: string): Promise<Outcome<null>> {
    const unlocked = await this.#keys.unlock(passphrase);
    if (unlocked.ok) await this.#tellWorkers();
    return unlocked;
  }

  forgetKept(): Promise<Outcome<null>> {
    return this.#keys.forgetKept();
  }

  check(signal: AbortSignal, endpoint: RemoteEndpoint): Promise<Outcome<RemoteHealth>> {
    return inquire(signal, this.#ports.startWorker, (api) => api.check(endpoint, this.#keys.keyOf(endpoint)));
  }

  listModels(signal: AbortSignal, endpoint: RemoteEndpoint): Promise<Outcome<readonly RemoteModel[] | null>> {
    return inquire(signal, this.#ports.startWorker, (api) =>
      api.listModels(endpoint, this.#keys.keyOf(endpoint)),
    );
  }

  memberSpecs(): Promise<Outcome<readonly MemberSpec[]>> {
    return this.#read((settings) => ok(settings.members.map(remoteSpec)));
  }

  /** Makes worker and engine of a member, by the id of its spec. `onLost`: the worker is gone and nobody asked for it. */
  launch(memberId: string, onLost: (reason: WitanFailure) => void): Engine {
    const worker = this.#ports.startWorker(memberId);
    const engine = new RemoteMemberEngine(worker, this.#ports.clock, () =>
      this.#read((settings) => remoteConfiguration(settings, memberId, this.#keys)),
    );
    this.#running.set(engine, onLost);
    worker.onLost((reason) => {
      this.#running.delete(engine);
      if (reason.code !== 'cancelled') onLost(reason);
    });
    return engine;
  }

  async #read<T>(look: (settings: RemoteSettings) => Outcome<T>): Promise<Outcome<T>> {
    const settings = await (await this.#store).read();
    return settings.ok ? look(settings.value) : settings;
  }

  /** What changes counts at once for the workers that run; members and servers from their next load. */
  async #update(change: RemoteChange): Promise<Outcome<null>> {
    const updated = await (await this.#store).update(change);
    await this.#tellWorkers();
    return updated;
  }

  async #tellWorkers(): Promise<void> {
    await Promise.all(
      [...this.#running].map(async ([engine, onLost]) => {
        const ended = await engine.tellAgain();
        // To its worker this was an end on purpose; the member would still be shown as ready.
        if (ended !== null) onLost(ended);
      }),
    );
  }
}
