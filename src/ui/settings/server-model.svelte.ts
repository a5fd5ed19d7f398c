import { untrack } from 'svelte';
import { failure, failureOf, type Outcome, type WitanFailure } from '#contracts/errors';
import type { KeyState, RemotePort, SettingsPort } from '#contracts/ports';
import {
  hostOf,
  normalizedBaseUrl,
  remoteSeatId,
  sentInTheClear,
  type RemoteEndpoint,
  type RemoteMember,
  type RemoteModel,
  type RemoteServer,
} from '#contracts/remote';

export interface KnownServer {
  readonly endpoint: RemoteEndpoint;
  readonly keyState: KeyState;
}

/** What a test of a server brought to light. */
export interface ServerTest {
  readonly endpoint: RemoteEndpoint;
  readonly latencyMs: number | null;
  /** Null where the server has no list: the name must be typed then. */
  readonly models: readonly RemoteModel[] | null;
}

const LONGEST_ID = 60;

/** Letters, digits and hyphens of a text, as ids are made of; different from all of `taken`. */
export function newId(text: string, taken: readonly string[]): string {
  const stem =
    text
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, '-')
      .replace(/^-+|-+$/g, '')
      .slice(0, LONGEST_ID) || 'server';
  for (let n = 1; ; n += 1) {
    const id = n === 1 ? stem : `${stem}-${String(n)}`;
    if (!taken.includes(id)) return id;
  }
}

/** Servers of the user's: entering, testing, keys, and the members that run there. */
export class ServerModel {
  servers = $state.raw<readonly KnownServer[]>([]);
  members = $state.raw<readonly RemoteMember[]>([]);
  address = $state('');
  server = $state<RemoteServer>('auto');
  key = $state('');
  keep = $state(false);
  passphrase = $state('');
  tested = $state.raw<ServerTest | null>(null);
  /** The model chosen of the tested server, by the server's name for it. */
  wanted = $state('');
  name = $state('');
  busy = $state(false);
  /** A server is being asked; `stopTest` ends it. */
  testing = $state(false);
  problem = $state.raw<WitanFailure | null>(null);

  readonly baseUrl = $derived(normalizedBaseUrl(this.address));
  /** True when the question and the key could be read on their way. */
  readonly inTheClear = $derived(this.baseUrl !== null && sentInTheClear(this.baseUrl));
  readonly locked = $derived(this.servers.some(({ keyState }) => keyState === 'locked'));
  /** A member that runs the wanted model elsewhere: the tested server could stand in for its own. */
  readonly elsewhere = $derived.by(() => {
    const { tested, wanted } = this;
    if (tested === null) return null;
    const { id } = tested.endpoint;
    return (
      this.members.find(({ model, endpointIds }) => model === wanted && !endpointIds.includes(id)) ?? null
    );
  });

  readonly #settings: SettingsPort;
  #port: RemotePort | null = null;
  #test: AbortController | null = null;

  constructor(settings: SettingsPort) {
    this.#settings = settings;
  }

  /** Reads what is known until the returned function is called. */
  connect(): () => void {
    // Nobody's effect shall run again because of what is read here.
    untrack(() => void this.#doing(() => this.#read()));
    return () => {
      this.#test?.abort();
    };
  }

  /** Saves the server, with its key, and asks it for its health and its models. */
  test(): Promise<void> {
    return this.#doing(async (port) => {
      this.tested = null;
      const { baseUrl } = this;
      if (baseUrl === null) {
        this.problem = failure('record-invalid', { path: 'address', problem: 'not an http(s) address' });
        return;
      }
      const known = this.servers.find(({ endpoint }) => endpoint.baseUrl === baseUrl)?.endpoint;
      const host = hostOf(baseUrl);
      const taken = this.servers.map(({ endpoint }) => endpoint.id);
      const endpoint: RemoteEndpoint = {
        id: known?.id ?? newId(host, taken),
        label: known?.label ?? host,
        baseUrl,
        hasKey: known?.hasKey ?? false,
        server: this.server,
      };
      if (!this.#took(await port.saveEndpoint(endpoint))) return;
      if (this.key !== '' && !(await this.#takeKey(port, endpoint.id))) return;
      await this.#read();
      await this.#try(port, endpoint.id);
    });
  }

  /** Asks a known server again. */
  testKnown(endpoint: RemoteEndpoint): Promise<void> {
    return this.#doing(async (port) => {
      this.address = endpoint.baseUrl;
      this.server = endpoint.server;
      await this.#try(port, endpoint.id);
    });
  }

  stopTest(): void {
    this.#test?.abort();
  }

  /** Makes the wanted model a member. @returns the id of its seat, null when that failed */
  async addMember(): Promise<{ readonly id: string; readonly name: string } | null> {
    const { tested } = this;
    const model = this.wanted.trim();
    if (tested === null || model === '') return null;
    const name = this.name.trim() || model;
    const member: RemoteMember = {
      id: newId(
        name,
        this.members.map(({ id }) => id),
      ),
      name: name.slice(0, 80),
      model,
      endpointIds: [tested.endpoint.id],
    };
    return (await this.#save(member)) ? { id: remoteSeatId(member), name: member.name } : null;
  }

  /** The tested server stands in when the others of this member fail. */
  async addServerTo(member: RemoteMember): Promise<void> {
    const { tested } = this;
    if (tested === null) return;
    await this.#save({ ...member, endpointIds: [...member.endpointIds, tested.endpoint.id] });
  }

  removeMember(id: string): Promise<void> {
    return this.#doing(async (port) => {
      this.#took(await port.remove(id));
      await this.#read();
    });
  }

  removeServer(id: string): Promise<void> {
    return this.#doing(async (port) => {
      if (this.tested?.endpoint.id === id) this.tested = null;
      this.#took(await port.removeEndpoint(id));
      await this.#read();
    });
  }

  forgetKey(id: string): Promise<void> {
    return this.#doing(async (port) => {
      this.#took(await port.setKey(id, null, false));
      await this.#read();
    });
  }

  unlock(): Promise<void> {
    return this.#doing(async (port) => {
      const { passphrase } = this;
      this.passphrase = '';
      this.#took(await port.unlock(passphrase));
      await this.#read();
    });
  }

  forgetKept(): Promise<void> {
    return this.#doing(async (port) => {
      this.#took(await port.forgetKept());
      await this.#read();
    });
  }

  /** The key leaves the form as soon as it is taken. */
  async #takeKey(port: RemotePort, endpointId: string): Promise<boolean> {
    const { key, keep, passphrase } = this;
    if (keep && !this.#took(await port.unlock(passphrase))) return false;
    this.key = '';
    this.passphrase = '';
    return this.#took(await port.setKey(endpointId, key, keep));
  }

  async #try(port: RemotePort, endpointId: string): Promise<void> {
    const endpoint = this.servers.find((known) => known.endpoint.id === endpointId)?.endpoint;
    if (endpoint === undefined) return;
    this.tested = null;
    const controller = new AbortController();
    this.#test = controller;
    this.testing = true;
    const health = await port.check(controller.signal, endpoint);
    if (!health.ok) {
      if (health.error.code !== 'cancelled') this.problem = health.error;
      return;
    }
    const models = await port.listModels(controller.signal, endpoint);
    if (!models.ok) {
      if (models.error.code !== 'cancelled') this.problem = models.error;
      return;
    }
    this.tested = { endpoint, latencyMs: health.value.lastLatencyMs, models: models.value };
    this.wanted = models.value?.[0]?.id ?? '';
    this.name = '';
  }

  async #save(member: RemoteMember): Promise<boolean> {
    let saved = false;
    await this.#doing(async (port) => {
      saved = this.#took(await port.save(member));
      await this.#read();
    });
    return saved;
  }

  async #read(): Promise<void> {
    const port = await this.#remote();
    const [endpoints, members] = await Promise.all([port.endpoints(), port.members()]);
    if (members.ok) this.members = members.value;
    else this.problem = members.error;
    if (!endpoints.ok) {
      this.problem = endpoints.error;
      return;
    }
    this.servers = await Promise.all(
      endpoints.value.map(async (endpoint) => ({ endpoint, keyState: await port.keyState(endpoint.id) })),
    );
  }

  async #remote(): Promise<RemotePort> {
    return (this.#port ??= await this.#settings.remote());
  }

  #took(outcome: Outcome<unknown>): boolean {
    if (!outcome.ok) this.problem = outcome.error;
    return outcome.ok;
  }

  async #doing(task: (port: RemotePort) => Promise<void>): Promise<void> {
    if (this.busy) return;
    this.busy = true;
    this.problem = null;
    try {
      await task(await this.#remote());
    } catch (thrown) {
      this.problem = failureOf(thrown);
    } finally {
      this.busy = false;
      this.testing = false;
      this.#test = null;
    }
  }
}
