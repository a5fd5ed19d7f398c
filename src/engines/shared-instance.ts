import { err, ok } from '#kernel/result';
import { untilAborted } from '#kernel/until-aborted';
import {
  FULL_SPEED,
  type Engine,
  type EngineKind,
  type GenerateRequest,
  type Generation,
  type LoadedModel,
  type LoadOptions,
  type Pacing,
  type TokenChunk,
} from '#contracts/engine';
import { failure, failureOf, type Outcome, type WitanFailure } from '#contracts/errors';

/** Starts the engine that the members share. `onLost` is called once when it is gone and nobody asked for it. */
export type SharedLaunch = (onLost: (reason: WitanFailure) => void) => Engine;

/** One engine and its model, from launch to end. */
interface Shared {
  readonly engine: Engine;
  readonly loading: Promise<Outcome<LoadedModel>>;
  /** Aborted when nobody waits for the load any more. */
  readonly abandon: AbortController;
  readonly seats: Set<Seat>;
}

/** A member's place at the engine: what it asks to know of the others. */
interface Table {
  /** Loads, or joins the load that is under way. Errors: those of `Engine.load`. */
  join(signal: AbortSignal, seat: Seat, options: LoadOptions): Promise<Outcome<Joined>>;
  leave(seat: Seat): Promise<void>;
  /** A member has changed its wish. */
  pace(): void;
}

interface Joined {
  readonly engine: Engine;
  readonly loaded: LoadedModel;
}

/**
 * One model in memory, asked by several members (personas, samples) who know nothing of each other: the weights are there
 * once, and each member has its own stop and its own end. The engine ends with the last of them; when it is lost it is lost
 * for all, and the first who loads again starts the next one.
 */
export class SharedInstance {
  readonly #plan: LoadOptions;
  readonly #launch: SharedLaunch;
  readonly #table: Table;
  #shared: Shared | null = null;

  /** @param plan how the model is loaded, whatever the members ask; its `slots` are those of all members together */
  constructor(plan: LoadOptions, launch: SharedLaunch) {
    this.#plan = plan;
    this.#launch = launch;
    this.#table = {
      join: (signal, seat, options) => this.#join(signal, seat, options),
      leave: (seat) => this.#leave(this.#shared, seat),
      pace: () => {
        this.#pace();
      },
    };
  }

  /**
   * A member's own engine.
   * @param onLost called when the shared engine is lost while this member holds it
   */
  member(kind: EngineKind, onLost: (reason: WitanFailure) => void): Engine {
    return new Seat(kind, this.#table, onLost);
  }

  async #join(signal: AbortSignal, seat: Seat, options: LoadOptions): Promise<Outcome<Joined>> {
    const { model } = options;
    if (model.id !== this.#plan.model.id)
      return err(failure('request-unsupported', { model: model.name, reason: 'other-model' }));
    if (signal.aborted) return err(failure('cancelled', { model: model.name }));
    let shared: Shared;
    try {
      shared = this.#shared ?? this.#start();
    } catch (thrown) {
      return err(failureOf(thrown));
    }
    shared.seats.add(seat);
    const loaded = await untilAborted(shared.loading, signal);
    if (loaded?.ok === true && shared.seats.has(seat)) {
      this.#pace();
      return ok({ engine: shared.engine, loaded: loaded.value });
    }
    await this.#leave(shared, seat);
    return loaded?.ok === false ? loaded : err(failure('cancelled', { model: model.name }));
  }

  #start(): Shared {
    const abandon = new AbortController();
    const engine = this.#launch((reason) => {
      this.#onLost(engine, reason);
    });
    const shared = {
      engine,
      abandon,
      seats: new Set<Seat>(),
      loading: engine.load(abandon.signal, this.#plan).catch((thrown: unknown) => err(failureOf(thrown))),
    };
    this.#shared = shared;
    void shared.loading.then((loaded) => {
      // Whoever comes after a load that failed starts a new one.
      if (!loaded.ok && this.#shared === shared) this.#shared = null;
    });
    return shared;
  }

  async #leave(shared: Shared | null, seat: Seat): Promise<void> {
    if (shared?.seats.delete(seat) !== true) return;
    if (shared.seats.size > 0) {
      this.#pace();
      return;
    }
    if (this.#shared === shared) this.#shared = null;
    shared.abandon.abort();
    await shared.engine.unload();
  }

  /** One step decodes for all, so the slowest wish rules. */
  #pace(): void {
    const wishes = [...(this.#shared?.seats ?? [])].map((seat) => seat.pacing);
    if (wishes.length === 0) return;
    this.#shared?.engine.setPacing({
      flushIntervalMs: Math.max(...wishes.map((pacing) => pacing.flushIntervalMs)),
      decodeDelayMs: Math.max(...wishes.map((pacing) => pacing.decodeDelayMs)),
    });
  }

  #onLost(engine: Engine, reason: WitanFailure): void {
    const shared = this.#shared;
    if (shared?.engine !== engine) return;
    this.#shared = null;
    for (const seat of [...shared.seats]) seat.lose(reason);
  }
}

class Seat implements Engine {
  readonly kind: EngineKind;
  readonly #table: Table;
  readonly #onLost: (reason: WitanFailure) => void;
  pacing: Pacing = FULL_SPEED;
  #engine: Engine | null = null;
  #lost: WitanFailure | null = null;
  #life = new AbortController();

  constructor(kind: EngineKind, table: Table, onLost: (reason: WitanFailure) => void) {
    this.kind = kind;
    this.#table = table;
    this.#onLost = onLost;
  }

  async load(signal: AbortSignal, options: LoadOptions): Promise<Outcome<LoadedModel>> {
    this.#lost = null;
    const joined = await this.#table.join(AbortSignal.any([signal, this.#life.signal]), this, options);
    if (!joined.ok) return joined;
    this.#engine = joined.value.engine;
    return ok(joined.value.loaded);
  }

  async generate(
    signal: AbortSignal,
    request: GenerateRequest,
    onChunk: (chunk: TokenChunk) => void,
  ): Promise<Outcome<Generation>> {
    if (this.#engine === null) return err(this.#lost ?? failure('engine-failed', { reason: 'no-model' }));
    return this.#engine.generate(AbortSignal.any([signal, this.#life.signal]), request, onChunk);
  }

  setPacing(pacing: Pacing): void {
    this.pacing = pacing;
    this.#table.pace();
  }

  async unload(): Promise<void> {
    this.#life.abort();
    this.#life = new AbortController();
    this.#engine = null;
    await this.#table.leave(this);
  }

  lose(reason: WitanFailure): void {
    this.#engine = null;
    this.#lost = reason;
    this.#onLost(reason);
  }
}
