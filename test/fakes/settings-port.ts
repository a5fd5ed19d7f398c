import { err, ok } from '#kernel/result';
import { failure, type Outcome, type WitanFailure } from '#contracts/errors';
import type { ModelOffers } from '#contracts/model-offer';
import type { BuiltInState, KeyState, RemotePort, SettingsPort } from '#contracts/ports';
import {
  remoteSeatId,
  type RemoteEndpoint,
  type RemoteHealth,
  type RemoteMember,
  type RemoteModel,
} from '#contracts/remote';
import { DEFAULT_SETTINGS, type MemberChoice, type Settings } from '#contracts/settings';

/** Two models that the card runs, one of them in two variants, and one that it cannot. */
export const MODEL_OFFERS: ModelOffers = {
  unavailable: null,
  models: [
    {
      name: 'SmolLM2 360M Instruct',
      family: 'SmolLM2',
      licence: null,
      parameters: 360e6,
      misses: null,
      variants: [
        {
          id: 'SmolLM2-360M-Instruct-q4f16_1-MLC',
          quantization: 'q4f16_1',
          contextTokens: 4096,
          memoryBytes: 394e6,
          cacheBytes: null,
          kept: true,
        },
        {
          id: 'SmolLM2-360M-Instruct-q4f32_1-MLC',
          quantization: 'q4f32_1',
          contextTokens: 4096,
          memoryBytes: 608e6,
          cacheBytes: null,
          kept: false,
        },
      ],
    },
    {
      name: 'Llama 3.2 1B Instruct',
      family: 'Llama',
      licence: null,
      parameters: 1e9,
      misses: null,
      variants: [
        {
          id: 'Llama-3.2-1B-Instruct-q4f16_1-MLC',
          quantization: 'q4f16_1',
          contextTokens: 4096,
          memoryBytes: 922e6,
          cacheBytes: null,
          kept: false,
        },
      ],
    },
    {
      name: 'Gemma 2 9B',
      family: 'Gemma',
      licence: null,
      parameters: 9e9,
      misses: 'maxStorageBufferBindingSize',
      variants: [],
    },
  ],
};

/** Servers in memory; what a test of one says is up to the test. */
export class FakeRemotePort implements RemotePort {
  readonly keys = new Map<string, string>();
  servers: readonly RemoteEndpoint[] = [];
  seats: readonly RemoteMember[] = [];
  states: ReadonlyMap<string, KeyState> = new Map();
  /** How the next test of a server ends; null: well. */
  fault: WitanFailure | null = null;
  models: readonly RemoteModel[] | null = [
    { id: 'qwen3-8b', aliases: [], contextTokens: 8192, vocabularySize: null },
    { id: 'llama-3.3-70b', aliases: [], contextTokens: null, vocabularySize: null },
  ];

  endpoints(): Promise<Outcome<readonly RemoteEndpoint[]>> {
    return Promise.resolve(ok(this.servers));
  }

  saveEndpoint(endpoint: RemoteEndpoint): Promise<Outcome<null>> {
    this.servers = [...this.servers.filter(({ id }) => id !== endpoint.id), endpoint];
    return Promise.resolve(ok(null));
  }

  removeEndpoint(id: string): Promise<Outcome<null>> {
    this.servers = this.servers.filter((server) => server.id !== id);
    this.keys.delete(id);
    return Promise.resolve(ok(null));
  }

  members(): Promise<Outcome<readonly RemoteMember[]>> {
    return Promise.resolve(ok(this.seats));
  }

  save(member: RemoteMember): Promise<Outcome<null>> {
    this.seats = [...this.seats.filter(({ id }) => id !== member.id), member];
    return Promise.resolve(ok(null));
  }

  remove(id: string): Promise<Outcome<null>> {
    this.seats = this.seats.filter((member) => remoteSeatId(member) !== id && member.id !== id);
    return Promise.resolve(ok(null));
  }

  setKey(endpointId: string, key: string | null, keep: boolean): Promise<Outcome<null>> {
    if (key === null) this.keys.delete(endpointId);
    else this.keys.set(endpointId, key);
    this.states = new Map([...this.states, [endpointId, key === null ? 'none' : keep ? 'kept' : 'memory']]);
    return Promise.resolve(ok(null));
  }

  keyState(endpointId: string): Promise<KeyState> {
    return Promise.resolve(this.states.get(endpointId) ?? 'none');
  }

  unlock(passphrase: string): Promise<Outcome<null>> {
    return Promise.resolve(
      passphrase === '' ? err(failure('record-invalid', { path: 'passphrase', problem: 'empty' })) : ok(null),
    );
  }

  forgetKept(): Promise<Outcome<null>> {
    this.states = new Map();
    return Promise.resolve(ok(null));
  }

  check(signal: AbortSignal, endpoint: RemoteEndpoint): Promise<Outcome<RemoteHealth>> {
    if (signal.aborted) return Promise.resolve(err(failure('cancelled')));
    const health: RemoteHealth = {
      endpointId: endpoint.id,
      state: 'ok',
      lastLatencyMs: 12,
      breaker: 'closed',
      inFlight: 0,
      checkedAt: 0,
    };
    return Promise.resolve(this.fault === null ? ok(health) : err(this.fault));
  }

  listModels(): Promise<Outcome<readonly RemoteModel[] | null>> {
    return Promise.resolve(ok(this.models));
  }
}

/** Settings in memory. */
export class FakeSettingsPort implements SettingsPort {
  readonly servers = new FakeRemotePort();
  settings: Settings = DEFAULT_SETTINGS;
  offered: Outcome<ModelOffers> = ok(MODEL_OFFERS);
  /** What the browser says of its own model once it may be asked. */
  builtInState: BuiltInState = 'downloadable';
  /** Models whose files were deleted. */
  readonly deleted: string[] = [];
  /** How the next change ends; null: well. */
  fault: WitanFailure | null = null;
  readonly #listeners = new Set<() => void>();

  read(): Promise<Outcome<Settings>> {
    return Promise.resolve(ok(this.settings));
  }

  choose(_signal: AbortSignal, members: readonly MemberChoice[] | null): Promise<Outcome<null>> {
    return this.#change({ ...this.settings, members: members === null ? null : [...members] });
  }

  allowBuiltIn(_signal: AbortSignal, allowed: boolean): Promise<Outcome<null>> {
    return this.#change({ ...this.settings, builtInAllowed: allowed });
  }

  builtIn(): Promise<Outcome<BuiltInState>> {
    return Promise.resolve(ok(this.settings.builtInAllowed ? this.builtInState : 'not-allowed'));
  }

  offers(): Promise<Outcome<ModelOffers>> {
    return Promise.resolve(this.offered);
  }

  removeFiles(_signal: AbortSignal, modelId: string): Promise<Outcome<null>> {
    this.deleted.push(modelId);
    const members = this.settings.members?.filter(({ id }) => id !== modelId) ?? null;
    return this.#change({ ...this.settings, members });
  }

  remote(): Promise<RemotePort> {
    return Promise.resolve(this.servers);
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #change(settings: Settings): Promise<Outcome<null>> {
    if (this.fault !== null) return Promise.resolve(err(this.fault));
    this.settings = settings;
    for (const listener of this.#listeners) listener();
    return Promise.resolve(ok(null));
  }
}
