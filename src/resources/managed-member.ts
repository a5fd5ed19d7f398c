import type { Clock } from '#kernel/clock';
import { err, ok } from '#kernel/result';
import type { CouncilMember, MemberState, MemberView } from '#contracts/council';
import { FULL_SPEED, type Engine, type LoadedModel, type Pacing } from '#contracts/engine';
import type { Outcome, WitanFailure } from '#contracts/errors';
import type { StarterMember } from '#contracts/starter';

/** Starts a worker with its engine. `onLost` is called once when the worker is gone and nobody asked for it. */
export type MemberLaunch = (memberId: string, onLost: (reason: WitanFailure) => void) => Engine;

export interface MemberSpec {
  readonly starter: StarterMember;
  readonly url: string;
  readonly threads: number;
}

/** A worker that dies more often than this within the window is left down until the user asks: no restart storm. */
const RESTARTS_ALLOWED = 8;
const RESTART_WINDOW_MS = 60_000;

/** One slot: a member answers one question at a time, and its whole context belongs to that answer. */
const SLOTS = 1;

const NEVER = new AbortController().signal;

/** One member's life: absent → loading → ready ⇄ thinking; lost → restarting → ready, or failed. */
export class ManagedMember {
  readonly #spec: MemberSpec;
  readonly #clock: Clock;
  readonly #launch: MemberLaunch;
  readonly #changed: () => void;
  #state: MemberState = 'absent';
  #engine: Engine | null = null;
  #loaded: LoadedModel | null = null;
  #problem: WitanFailure | null = null;
  #loading: Promise<Outcome<LoadedModel>> | null = null;
  #pacing: Pacing = FULL_SPEED;
  #restarts = 0;
  #recentLossesMs: number[] = [];

  constructor(spec: MemberSpec, clock: Clock, launch: MemberLaunch, changed: () => void) {
    this.#spec = spec;
    this.#clock = clock;
    this.#launch = launch;
    this.#changed = changed;
  }

  get id(): string {
    return this.#spec.starter.id;
  }

  /** Loads unless loaded; joins a load that is under way. */
  async prepare(signal: AbortSignal): Promise<void> {
    if (this.#state === 'ready' || this.#state === 'thinking') return;
    await (this.#loading ?? this.#load('loading', signal));
  }

  async restart(): Promise<Outcome<MemberView>> {
    this.#recentLossesMs = [];
    await this.unload();
    this.#restarts += 1;
    const loaded = await this.#load('restarting', NEVER);
    return loaded.ok ? ok(this.view()) : err(loaded.error);
  }

  async unload(): Promise<void> {
    const engine = this.#engine;
    this.#engine = null;
    this.#loaded = null;
    this.#loading = null;
    this.#setState('absent');
    await engine?.unload();
  }

  ready(): CouncilMember | null {
    if (this.#engine === null || this.#loaded === null) return null;
    const { id, name, accuracy } = this.#spec.starter;
    return { id, name, backend: this.#loaded.backend, engine: this.#engine, accuracy: accuracy.dev };
  }

  setPacing(pacing: Pacing): void {
    this.#pacing = pacing;
    this.#engine?.setPacing(pacing);
  }

  setThinking(thinking: boolean): void {
    if (thinking && this.#state === 'ready') this.#setState('thinking');
    if (!thinking && this.#state === 'thinking') this.#setState('ready');
  }

  view(): MemberView {
    const { id, name, parameters, sizeBytes, accuracy } = this.#spec.starter;
    return {
      id,
      name,
      engine: 'wllama',
      backend: this.#loaded?.backend ?? 'cpu',
      state: this.#state,
      parameters,
      sizeBytes,
      threads: this.#loaded?.threads ?? null,
      loadMs: this.#loaded?.loadMs ?? null,
      testAccuracy: accuracy.test,
      restarts: this.#restarts,
      problem: this.#problem,
    };
  }

  #load(state: 'loading' | 'restarting', signal: AbortSignal): Promise<Outcome<LoadedModel>> {
    const { starter, url, threads } = this.#spec;
    const engine: Engine = this.#launch(this.id, (reason) => {
      if (this.#engine === engine) this.#onLost(reason);
    });
    this.#engine = engine;
    this.#loaded = null;
    this.#problem = null;
    this.#setState(state);
    const loading = this.#settle(
      engine,
      engine.load(signal, {
        model: {
          id: starter.id,
          name: starter.name,
          url,
          sizeBytes: starter.sizeBytes,
          sha256: starter.sha256,
        },
        threads,
        contextTokens: starter.context,
        slots: SLOTS,
      }),
    );
    this.#loading = loading;
    return loading;
  }

  async #settle(engine: Engine, load: Promise<Outcome<LoadedModel>>): Promise<Outcome<LoadedModel>> {
    const loaded = await load;
    if (this.#engine !== engine) return loaded; // replaced meanwhile; the successor reports for itself
    this.#loading = null;
    if (loaded.ok) {
      this.#loaded = loaded.value;
      engine.setPacing(this.#pacing);
      this.#setState('ready');
      return loaded;
    }
    this.#engine = null;
    this.#problem = loaded.error.code === 'cancelled' ? null : loaded.error;
    this.#setState(loaded.error.code === 'cancelled' ? 'absent' : 'failed');
    await engine.unload();
    return loaded;
  }

  #onLost(reason: WitanFailure): void {
    if (this.#loading !== null) return; // the load itself fails with the same reason and says so
    this.#engine = null;
    this.#loaded = null;
    this.#problem = reason;
    const now = this.#clock.nowMs();
    this.#recentLossesMs = [...this.#recentLossesMs.filter((at) => now - at < RESTART_WINDOW_MS), now];
    if (this.#recentLossesMs.length > RESTARTS_ALLOWED) {
      this.#setState('failed');
      return;
    }
    this.#restarts += 1;
    void this.#load('restarting', NEVER);
  }

  #setState(state: MemberState): void {
    this.#state = state;
    this.#changed();
  }
}
