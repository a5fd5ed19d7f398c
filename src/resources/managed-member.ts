import type { Clock } from '#kernel/clock';
import { err, ok } from '#kernel/result';
import { untilAborted } from '#kernel/until-aborted';
import type { AbsentMember, CouncilMember, MemberState, MemberView } from '#contracts/council';
import { FULL_SPEED, type Engine, type LoadedModel, type Pacing } from '#contracts/engine';
import { failure, failureOf, type Outcome, type WitanFailure } from '#contracts/errors';
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
  #lostInLoad: WitanFailure | null = null;
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

  /**
   * Loads unless loaded; joins a load that is under way, and starts its own when whoever began that one gave it up.
   * Resolves early on abort.
   */
  async prepare(signal: AbortSignal): Promise<void> {
    while (this.#loading !== null) {
      const joined = await untilAborted(this.#loading, signal);
      if (joined === null || joined.ok || joined.error.code !== 'cancelled') return;
    }
    if (signal.aborted || this.#state === 'ready' || this.#state === 'thinking') return;
    await this.#load('loading', signal);
  }

  async restart(): Promise<Outcome<MemberView>> {
    this.#recentLossesMs = [];
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

  /** Why it cannot be asked; null when it can. */
  absent(): AbsentMember | null {
    if (this.ready() !== null) return null;
    const { id, name, engine, backend } = this.view();
    return { id, name, engine, backend, error: this.#problem?.code ?? 'cancelled' };
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
    // One worker at a time: the old one goes before the new one comes, with no gap in which a third could be started.
    void this.#engine?.unload();
    this.#loaded = null;
    this.#problem = null;
    let engine: Engine | null = null;
    try {
      engine = this.#launch(this.id, (reason) => {
        if (engine !== null && this.#engine === engine) this.#onLost(reason);
      });
    } catch (thrown) {
      return Promise.resolve(err(this.#down(failureOf(thrown))));
    }
    this.#engine = engine;
    this.#lostInLoad = null;
    const loading = this.#settle(
      engine,
      engine.load(signal, {
        model: {
          format: 'gguf',
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
    this.#setState(state);
    return loading;
  }

  async #settle(engine: Engine, load: Promise<Outcome<LoadedModel>>): Promise<Outcome<LoadedModel>> {
    const answer = await load.catch((thrown: unknown) => err(failureOf(thrown)));
    if (this.#engine !== engine) {
      // Replaced or unloaded meanwhile; the successor reports for itself.
      return err(answer.ok ? failure('cancelled', { member: this.id }) : answer.error);
    }
    const loaded = answer.ok && this.#lostInLoad !== null ? err(this.#lostInLoad) : answer;
    this.#loading = null;
    if (loaded.ok) {
      this.#loaded = loaded.value;
      engine.setPacing(this.#pacing);
      this.#setState('ready');
      return loaded;
    }
    if (loaded.error.code === 'cancelled') {
      this.#engine = null;
      this.#setState('absent');
    } else {
      this.#down(loaded.error);
    }
    await engine.unload();
    return loaded;
  }

  #down(problem: WitanFailure): WitanFailure {
    this.#engine = null;
    this.#loading = null;
    this.#problem = problem;
    this.#setState('failed');
    return problem;
  }

  #onLost(reason: WitanFailure): void {
    if (this.#loading !== null) {
      // The load says so when it settles, also when it had just succeeded.
      this.#lostInLoad = reason;
      return;
    }
    this.#engine = null;
    this.#loaded = null;
    const now = this.#clock.nowMs();
    this.#recentLossesMs = [...this.#recentLossesMs.filter((at) => now - at < RESTART_WINDOW_MS), now];
    if (this.#recentLossesMs.length > RESTARTS_ALLOWED) {
      this.#down(reason);
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
