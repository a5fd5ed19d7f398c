import { present } from '#kernel/assert';
import { err, ok } from '#kernel/result';
import { untilAborted } from '#kernel/until-aborted';
import type {
  AbsentMember,
  CouncilMember,
  MemberFallback,
  MemberState,
  MemberView,
} from '#contracts/council';
import { FULL_SPEED, type Engine, type LoadedModel, type LoadProgress, type Pacing } from '#contracts/engine';
import { failure, failureOf, type ErrorCode, type Outcome, type WitanFailure } from '#contracts/errors';
import { discard, markedLoad } from './member-load.ts';
import type { MemberPorts } from './member-ports.ts';
import { plannedBackend, type MemberRung, type MemberSpec, type MemberStanding } from './member-spec.ts';
import { councilMember, memberView } from './member-view.ts';
import {
  ladderAt,
  nextStep,
  rested,
  rungAfterDeath,
  type LadderStep,
  type Trouble,
} from './recovery-ladder.ts';
import { ResilientEngine } from './resilient-engine.ts';
import { RestartWindow } from './restart-window.ts';

const NEVER = new AbortController().signal;

/** What fails again whenever it is tried, at the price of a whole load: only the user may want that. */
const HOPELESS: ReadonlySet<ErrorCode> = new Set([
  'out-of-memory',
  'feature-missing',
  'engine-incompatible',
  'device-lost',
]);

/** One member's life: absent → loading → ready ⇄ thinking; in trouble it restarts or moves down its ladder, or fails. */
export class ManagedMember {
  #spec: MemberSpec;
  readonly #ports: MemberPorts;
  readonly #window = new RestartWindow();
  readonly #resilient: ResilientEngine;
  #ladder = ladderAt(0);
  #state: MemberState = 'absent';
  #engine: Engine | null = null;
  /** Not null exactly while `#engine` can be asked. */
  #loaded: LoadedModel | null = null;
  #loading: Promise<Outcome<LoadedModel>> | null = null;
  #lostInLoad: WitanFailure | null = null;
  readonly #losses = new WeakMap<Engine, WitanFailure>();
  /** Counts what supersedes a load: another load, an unload. */
  #epoch = 0;
  #problem: WitanFailure | null = null;
  #because: MemberFallback['because'] | null = null;
  /** Left alone until the user asks. */
  #held = false;
  #pacing: Pacing = FULL_SPEED;
  #restarts = 0;
  /** The load under way has the user's yes to fetch what was chosen; a smaller model would be another download. */
  #mayDownload = false;
  /** It has lost its seat for good. */
  #retired = false;
  #progress: LoadProgress | null = null;

  /** @param deadlyRungs ids of the rungs that a tab died of while loading them */
  constructor(spec: MemberSpec, ports: MemberPorts, deadlyRungs: readonly string[] = []) {
    this.#spec = spec;
    this.#ports = ports;
    this.#resilient = new ResilientEngine(ports.clock, {
      kind: () => this.#rung.engine,
      current: () => (this.#loaded === null ? null : this.#engine),
      successor: (signal) => this.#successor(signal),
      broken: (engine, problem) => {
        this.#onLost(engine, problem);
      },
      lossOf: (engine) => this.#losses.get(engine) ?? null,
      onReplay: () => {
        this.setThinking(true);
      },
      unload: () => this.unload(),
    });
    this.#avoid(deadlyRungs);
  }

  get id(): string {
    return this.#spec.id;
  }

  get bundled(): boolean {
    return this.#spec.bundled;
  }

  /** Null while it cannot be asked. */
  get loaded(): LoadedModel | null {
    return this.#loaded;
  }

  get standing(): MemberStanding {
    const rung = this.#rung;
    return { spec: this.#spec, rung, backend: this.#loaded?.backend ?? plannedBackend(rung) };
  }

  /**
   * Whether it is already what `spec` asks for. If so it takes the ladder over: what lies below the first rung changes
   * with every download, and no reason to begin anew.
   */
  adopt(spec: MemberSpec): boolean {
    const first = ({ name, rungs, unavailable }: MemberSpec): string =>
      JSON.stringify([name, rungs[0], unavailable]);
    if (first(spec) !== first(this.#spec)) return false;
    const rung = spec.rungs.findIndex(({ id }) => id === this.#rung.id);
    if (rung >= 0) {
      this.#spec = spec;
      this.#ladder = { ...this.#ladder, rung };
    }
    return true;
  }

  /**
   * Loads unless loaded; joins a load that is under way, and starts its own when whoever began that one gave it up.
   * Resolves early on abort. A member that failed for good stays as it is, and nobody waits for a download.
   */
  async prepare(signal: AbortSignal): Promise<void> {
    while (this.#loading !== null) {
      if (this.#mayDownload) return;
      const joined = await untilAborted(this.#loading, signal);
      if (joined === null || joined.ok || joined.error.code !== 'cancelled') return;
    }
    if (signal.aborted || this.#held || this.#retired || this.#loaded !== null) return;
    this.#ladder = rested(this.#ladder);
    await this.#bringUp('loading', signal);
  }

  /** Starts over from the top of the ladder: whoever asks for it may have made room. */
  restart(): Promise<Outcome<MemberView>> {
    this.#restarts += 1;
    return this.#fromTheTop('restarting');
  }

  /** Starts over, this time with the user's yes to the download; nothing to do for one that is what was chosen. */
  async download(): Promise<Outcome<MemberView>> {
    if (this.#ladder.rung === 0) {
      if (this.#loaded !== null) return ok(this.view());
      if (this.#loading !== null && this.#mayDownload) return this.#told(await this.#loading);
    }
    return this.#fromTheTop('loading', true);
  }

  /** Ends it for good: whoever still waits for a load of it begins no other. */
  retire(): Promise<void> {
    this.#retired = true;
    return this.unload();
  }

  async unload(): Promise<void> {
    if (this.#held) return; // nothing is in memory, and why is not forgotten
    const engine = this.#letGo();
    this.#setState('absent');
    await engine?.unload();
  }

  ready(): CouncilMember | null {
    if (this.#loaded === null) return null;
    const running = { engine: this.#resilient, restarts: () => this.#restarts };
    return councilMember(this.#spec, this.#rung, this.#loaded.backend, running);
  }

  /** Why it cannot be asked; null when it can. */
  absent(): AbsentMember | null {
    if (this.#loaded !== null) return null;
    const { id, name, engine, backend } = this.view();
    const meanwhile = this.#mayDownload ? 'model-downloading' : 'cancelled';
    return { id, name, engine, backend, error: this.#problem?.code ?? meanwhile };
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
    return memberView(this.#spec, this.#rung, {
      state: this.#state,
      loaded: this.#loaded,
      restarts: this.#restarts,
      problem: this.#problem,
      because: this.#because,
      progress: this.#progress,
    });
  }

  get #rung(): MemberRung {
    return present(this.#spec.rungs[this.#ladder.rung], 'the rung');
  }

  /** Started over in the middle of a download, it goes on with it. */
  async #fromTheTop(
    state: 'loading' | 'restarting',
    mayDownload = this.#mayDownload,
  ): Promise<Outcome<MemberView>> {
    this.#window.forget();
    this.#held = false;
    this.#because = null;
    this.#ladder = ladderAt(0); // the session's account of lost GPUs stays as it is
    return this.#told(await this.#bringUp(state, NEVER, mayDownload));
  }

  #told(loaded: Outcome<LoadedModel>): Outcome<MemberView> {
    return loaded.ok ? ok(this.view()) : loaded;
  }

  /** A tab died of a load: begin below it, or wait for the user where there is nothing smaller. */
  #avoid(deadlyRungs: readonly string[]): void {
    const deadly = this.#spec.rungs.findLastIndex((rung) => deadlyRungs.includes(rung.id));
    if (deadly < 0) return;
    const next = rungAfterDeath(this.#spec.rungs, deadly);
    this.#ladder = ladderAt(next ?? deadly);
    this.#because = 'died-while-loading';
    if (next !== null) return;
    this.#held = true;
    this.#state = 'failed';
    const { name } = this.#rung.load.model;
    this.#problem = failure('model-load-failed', { model: name, reason: 'died-while-loading' });
  }

  /** Takes the engine out of service, and makes every load under way one of the past. */
  #letGo(): Engine | null {
    const engine = this.#engine;
    this.#epoch += 1;
    this.#engine = null;
    this.#loaded = null;
    this.#loading = null;
    this.#mayDownload = false;
    this.#problem = null;
    return engine;
  }

  #bringUp(
    state: 'loading' | 'restarting',
    signal: AbortSignal,
    mayDownload = false,
  ): Promise<Outcome<LoadedModel>> {
    // One worker at a time: the old one goes before the new one comes, with no gap in which a third could be started.
    discard(this.#letGo());
    this.#mayDownload = mayDownload;
    const loading = this.#climbDown(this.#epoch, signal);
    this.#loading = loading;
    this.#setState(state);
    return loading;
  }

  /** Loads the rung it stands on and, as long as that fails and there is something left to try, the next. */
  async #climbDown(epoch: number, signal: AbortSignal): Promise<Outcome<LoadedModel>> {
    let began: WitanFailure | null = null;
    for (;;) {
      const answer = await this.#attempt(signal);
      if (this.#epoch !== epoch) {
        // Replaced or unloaded meanwhile; the successor reports for itself.
        return err(answer.ok ? failure('cancelled', { member: this.id }) : answer.error);
      }
      // Lost in the moment it succeeded: a dead engine must not be shown as ready.
      const loaded = answer.ok && this.#lostInLoad !== null ? err(this.#lostInLoad) : answer;
      if (loaded.ok) return this.#serve(loaded.value);
      discard(this.#engine);
      this.#engine = null;
      if (loaded.error.code === 'cancelled') return this.#end('absent', null, loaded.error);
      this.#ports.onLoadFailed(loaded.error);
      const step = this.#step(loaded.error, 'load');
      began ??= loaded.error;
      if (step.do === 'give-up') {
        // That nothing below is on the device explains nothing: what began the descent does.
        const told = loaded.error.code === 'consent-required' ? began : loaded.error;
        return this.#end('failed', told, told);
      }
      if (this.#epoch !== epoch) return err(failure('cancelled', { member: this.id }));
      if (signal.aborted) return this.#end('absent', null, failure('cancelled', { member: this.id }));
      this.#setState(step.do === 'restart' ? 'restarting' : 'loading');
    }
  }

  /** Never throws before its first answer: where a browser lets no worker be made, that is the answer. */
  #attempt(signal: AbortSignal): Promise<Outcome<LoadedModel>> {
    let engine: Engine | null = null;
    const { unavailable } = this.#spec;
    if (unavailable !== undefined) return Promise.resolve(err(unavailable));
    try {
      engine = this.#ports.launch(
        this.id,
        (reason) => {
          if (engine !== null) this.#onLost(engine, reason);
        },
        this.#rung,
      );
    } catch (thrown) {
      return Promise.resolve(err(failureOf(thrown)));
    }
    this.#engine = engine;
    this.#lostInLoad = null;
    const download = this.#mayDownload && this.#ladder.rung === 0;
    const load = { ...this.#rung.load, ...(download ? { download } : {}) };
    return markedLoad(signal, engine, this.#spec, { ...this.#rung, load }, this.#ports.marks, (progress) => {
      if (this.#engine !== engine || this.#loaded !== null) return;
      this.#progress = progress;
      this.#ports.onChange();
    });
  }

  #serve(loaded: LoadedModel): Outcome<LoadedModel> {
    this.#loading = null;
    this.#mayDownload = false;
    this.#loaded = loaded;
    this.#ladder = rested(this.#ladder);
    this.#engine?.setPacing(this.#pacing);
    this.#setState('ready');
    return ok(loaded);
  }

  #end(
    state: 'absent' | 'failed',
    problem: WitanFailure | null,
    outcome: WitanFailure,
  ): Outcome<LoadedModel> {
    this.#letGo();
    this.#problem = problem;
    this.#held = problem !== null && HOPELESS.has(problem.code);
    this.#setState(state);
    return err(outcome);
  }

  /** The engine that served is gone or of no more use; told several times, it counts once. */
  #onLost(engine: Engine, problem: WitanFailure): void {
    if (this.#engine !== engine) return;
    if (this.#loaded === null) {
      this.#lostInLoad ??= problem; // the load says so when it settles
      return;
    }
    this.#losses.set(engine, problem);
    const step = this.#step(problem, 'run');
    if (step.do === 'give-up') {
      discard(engine);
      this.#end('failed', problem, problem);
    } else {
      void this.#bringUp('restarting', NEVER);
    }
  }

  /** Decides, and stands where the decision says. */
  #step(problem: WitanFailure, phase: Trouble['phase']): LadderStep {
    const now = this.#ports.clock.nowMs();
    const runRestarts = this.#window.left(now);
    const step = nextStep(
      this.#spec.rungs,
      { ...this.#ladder, runRestarts },
      {
        problem,
        phase,
        deviceMayReturn: problem.code !== 'device-lost' || this.#ports.deviceLosses.note(now),
      },
    );
    if (step.do === 'give-up') return step;
    // What is not on the device is passed over; the reason for going down is another.
    if (step.do === 'descend' && (this.#because === null || problem.code !== 'consent-required'))
      this.#because = problem.code;
    if (step.state.runRestarts < runRestarts) this.#window.note(now);
    if (phase === 'run' || step.do === 'restart') this.#restarts += 1;
    this.#ladder = step.state;
    return step;
  }

  async #successor(signal: AbortSignal): Promise<Engine | null> {
    while (!signal.aborted) {
      if (this.#loaded !== null) return this.#engine;
      if (this.#loading === null) return null;
      await untilAborted(this.#loading, signal);
    }
    return null;
  }

  #setState(state: MemberState): void {
    this.#state = state;
    this.#progress = null;
    this.#ports.onChange();
  }
}
