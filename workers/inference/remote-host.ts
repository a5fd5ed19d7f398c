import type { Clock } from '#kernel/clock';
import type { Random } from '#kernel/random';
import { err, ok } from '#kernel/result';
import {
  FULL_SPEED,
  type GenerateRequest,
  type Generation,
  type LoadedModel,
  type Pacing,
} from '#contracts/engine';
import { failure, type Outcome } from '#contracts/errors';
import type {
  RemoteConfiguration,
  RemoteEndpoint,
  RemoteHealth,
  RemoteKey,
  RemoteModel,
} from '#contracts/remote';
import type { InferenceLoadOptions, RemoteWorkerApi } from '#contracts/worker-api';
import type { FetchLike } from '../../src/engines/remote/http-exchange.ts';
import { KeyRing } from '../../src/engines/remote/key-ring.ts';
import { RemoteDirectory, type CheckedServer } from '../../src/engines/remote/remote-directory.ts';
import type { RemoteEngine } from '../../src/engines/remote/remote-engine.ts';
import { DecodeGate } from './decode-gate.ts';

/**
 * How often the page hears that an answer is still waited for. It gives a worker up after 15 s without a word; a server
 * may take longer for its first token, or ask for a rest, and is watched by the engine in here.
 */
const SIGN_OF_LIFE_MS = 5_000;
/** The gate gathers, paces and holds back; the engine hands every token on at once. */
const UNPACED: Pacing = { flushIntervalMs: 0, decodeDelayMs: 0 };
/** Ended from the page by ending the worker. */
const NEVER = new AbortController().signal;

export interface RemoteHostServices {
  readonly fetch: FetchLike;
  readonly clock: Clock;
  /** Jitter of the back-off. */
  readonly random: Random;
}

/**
 * Runs one member on servers of the user's. Adds to the engine what the border wants: streaming with credits, pacing, and
 * signs of life while a server is waited for. Every wait ends by the engine's own deadlines.
 */
export class RemoteHost implements RemoteWorkerApi {
  readonly #services: RemoteHostServices;
  readonly #keys = new KeyRing();
  #configured: { readonly directory: RemoteDirectory; readonly configuration: RemoteConfiguration } | null =
    null;
  #engine: RemoteEngine | null = null;
  #slots = 0;
  #pacing: Pacing = FULL_SPEED;
  readonly #running = new Set<DecodeGate>();

  constructor(services: RemoteHostServices) {
    this.#services = services;
  }

  configure(configuration: RemoteConfiguration): Promise<Outcome<null>> {
    this.#keys.clear();
    for (const key of configuration.keys) {
      const held = this.#keys.set(key.endpointId, key.origin, key.key);
      if (!held.ok) return Promise.resolve(held);
    }
    const { times, endpoints } = configuration;
    const before = this.#configured;
    const directory =
      before !== null && JSON.stringify(before.configuration.times) === JSON.stringify(times)
        ? before.directory // what is known of its servers stays
        : new RemoteDirectory({
            ...this.#services,
            keys: this.#keys,
            ...(times === undefined ? {} : { times }),
          });
    directory.configure(endpoints);
    this.#configured = { directory, configuration };
    return Promise.resolve(ok(null));
  }

  async load(options: InferenceLoadOptions): Promise<Outcome<LoadedModel>> {
    await this.unload();
    const { name } = options.model;
    if (options.embeddings === true)
      return err(failure('request-unsupported', { model: name, reason: 'embeddings' }));
    if (this.#configured === null) return err(failure('engine-failed', { reason: 'not-configured' }));
    const { directory, configuration } = this.#configured;
    const made = directory.engineFor(configuration.member);
    if (!made.ok) return made;
    const engine = made.value;
    engine.setPacing(UNPACED);
    this.#engine = engine;
    this.#slots = options.slots;
    return engine.load(NEVER, options);
  }

  async generate(request: GenerateRequest, port: MessagePort): Promise<Outcome<Generation>> {
    const engine = this.#engine;
    if (engine === null || this.#running.size >= this.#slots) {
      port.close();
      if (engine === null) return err(failure('engine-failed', { reason: 'no-model' }));
      return err(failure('slots-exhausted', { slots: this.#slots }));
    }
    const gate = new DecodeGate(port, this.#pacing);
    this.#running.add(gate);
    const fallSilent = this.#showLife(gate);
    try {
      return await engine.generate(
        gate.signal,
        request,
        ({ text }) => {
          gate.onToken(text);
        },
        undefined,
        () => gate.beforeStep(),
      );
    } finally {
      fallSilent();
      gate.close();
      this.#running.delete(gate);
    }
  }

  setPacing(pacing: Pacing): Promise<Outcome<null>> {
    this.#pacing = pacing;
    for (const gate of this.#running) gate.setPacing(pacing);
    return Promise.resolve(ok(null));
  }

  async unload(): Promise<Outcome<null>> {
    const engine = this.#engine;
    this.#engine = null;
    await engine?.unload();
    return ok(null);
  }

  health(): Promise<Outcome<readonly RemoteHealth[]>> {
    return Promise.resolve(ok(this.#configured?.directory.health() ?? []));
  }

  async check(endpoint: RemoteEndpoint, key: RemoteKey | null): Promise<Outcome<RemoteHealth>> {
    const checked = await this.#look(endpoint, key);
    return checked.ok ? ok(checked.value.health) : checked;
  }

  async listModels(
    endpoint: RemoteEndpoint,
    key: RemoteKey | null,
  ): Promise<Outcome<readonly RemoteModel[] | null>> {
    const checked = await this.#look(endpoint, key);
    return checked.ok ? ok(checked.value.models) : checked;
  }

  /** Looks at a server by itself: with no other key at hand, and without a trace in the member's own servers. */
  async #look(endpoint: RemoteEndpoint, key: RemoteKey | null): Promise<Outcome<CheckedServer>> {
    const keys = new KeyRing();
    const held = key === null ? ok(null) : keys.set(key.endpointId, key.origin, key.key);
    if (!held.ok) return held;
    const directory = new RemoteDirectory({ ...this.#services, keys });
    directory.configure([endpoint]);
    return directory.check(NEVER, endpoint.id);
  }

  /** @returns what ends it */
  #showLife(gate: DecodeGate): () => void {
    let cancel: () => void = () => undefined;
    const again = (): void => {
      cancel = this.#services.clock.after(SIGN_OF_LIFE_MS, () => {
        gate.onSilentStep();
        again();
      });
    };
    again();
    return () => {
      cancel();
    };
  }
}
