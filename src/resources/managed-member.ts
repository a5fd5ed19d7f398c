import { err, ok } from '#kernel/result';
import { untilAborted } from '#kernel/until-aborted';
import type { AbsentMember, CouncilMember, MemberState, MemberView } from '#contracts/council';
import { FULL_SPEED, type Engine, type LoadedModel, type LoadProgress, type Pacing } from '#contracts/engine';
import { failure, failureOf, type ErrorCode, type Outcome, type WitanFailure } from '#contracts/errors';
import { discard, markedLoad } from './member-load.ts';
import type { MemberPorts } from './member-ports.ts';
import { demandOf, seatOf, type MemoryDemand } from './member-seat.ts';
import { plannedBackend, type MemberRung, type MemberSpec, type SeatedMember } from './member-spec.ts';
import { memberView } from './member-view.ts';
import { MemberStanding } from './member-standing.ts';
import type { LadderStep, Trouble } from './recovery-ladder.ts';
import { ResilientEngine } from './resilient-engine.ts';

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
  readonly #standing: MemberStanding;
  readonly #resilient: ResilientEngine;
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
    this.#standing = new MemberStanding(ports.clock, ports.deviceLosses);
    this.#resilient = new ResilientEngine(ports.clock, {
      kind: () => this.#rung.engine,
      current: () => (this.#loaded === null ? null : this.#engine),
      wake: (signal) => this.wake(signal),
      successor: (signal) => this.#successor(signal),
      broken: (engine, problem) => {
        this.#onLost(engine, problem);
      },
      lossOf: (engine) => this.#losses.get(engine) ?? null,
      onAwaited: () => {
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

  get seated(): SeatedMember {
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
    if (this.#standing.find(spec.rungs, this.#rung.id)) this.#spec = spec;
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
    this.#standing.rest();
    await this.#bringUp('loading', signal);
  }

  /** Loads it if it is asleep. Errors: those of loading; council-unavailable when it is left alone until the user asks. */
  async wake(signal: AbortSignal): Promise<Outcome<Engine>> {
    if (this.#mayWake) await this.prepare(signal);
    else await this.#successor(signal);
    if (this.#engine !== null && this.#loaded !== null) return ok(this.#engine);
    if (signal.aborted) return err(failure('cancelled', { member: this.id }));
    return err(this.#problem ?? failure('council-unavailable', { cause: 'none' }));
  }

  /** Starts over from the top of the ladder: whoever asks for it may have made room. */
  restart(): Promise<Outcome<MemberView>> {
    this.#restarts += 1;
    return this.#fromTheTop('restarting');
  }

  /** As if it had never been loaded: what went wrong is forgotten, and it loads when it is asked. */
  reset(): MemberView {
    discard(this.#letGo());
    this.#backToTheTop();
    this.#setState('absent');
    return this.view();
  }

  /** Starts over, this time with the user's yes to the download; nothing to do for one that is what was chosen. */
  async download(): Promise<Outcome<MemberView>> {
    if (this.#standing.isAtTop) {
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

  /**
   * Null when it cannot be asked.
   * @param wakes it need not be in memory: it loads when it is asked
   */
  ready(wakes = false): CouncilMember | null {
    if (this.#loaded === null && !(wakes && this.#mayWake)) return null;
    return seatOf(this.#spec, this.#rung, {
      loaded: this.#loaded,
      engine: this.#resilient,
      restarts: () => this.#restarts,
    });
  }

  /** What it takes, or would take, of whose memory; null where that is next to nothing, or nobody knows. */
  get demand(): MemoryDemand | null {
    return demandOf(this.#spec, this.#rung, this.#loaded);
  }

  /** Not loaded, or not yet, and nothing is known that would keep it from being. Nobody waits for a download. */
  get #mayWake(): boolean {
    if (this.#held || this.#retired || this.#spec.unavailable !== undefined) return false;
    return this.#state === 'absent' || (this.#loading !== null && !this.#mayDownload);
  }

  /** Why it cannot be asked; null when it can. @param wakes as of `ready` */
  absent(wakes = false): AbsentMember | null {
    if (this.#loaded !== null || (wakes && this.#mayWake)) return null;
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
      because: this.#standing.because,
      progress: this.#progress,
    });
  }

  get #rung(): MemberRung {
    return this.#standing.on(this.#spec.rungs);
  }

  /** Started over in the middle of a download, it goes on with it. */
  async #fromTheTop(
    state: 'loading' | 'restarting',
    mayDownload = this.#mayDownload,
  ): Promise<Outcome<MemberView>> {
    this.#backToTheTop();
    return this.#told(await this.#bringUp(state, NEVER, mayDownload));
  }

  #backToTheTop(): void {
    this.#held = false;
    this.#standing.toTheTop();
  }

  #told(loaded: Outcome<LoadedModel>): Outcome<MemberView> {
    return loaded.ok ? ok(this.view()) : loaded;
  }

  /** A tab died of a load: begin below it, or wait for the user where there is nothing smaller. */
  #avoid(deadlyRungs: readonly string[]): void {
    if (this.#standing.avoid(this.#spec.rungs, deadlyRungs)) return;
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
    const download = this.#mayDownload && this.#standing.isAtTop;
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
    this.#standing.rest();
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

  #step(problem: WitanFailure, phase: Trouble['phase']): LadderStep {
    const step = this.#standing.step(this.#spec.rungs, problem, phase);
    if (step.do !== 'give-up' && (phase === 'run' || step.do === 'restart')) this.#restarts += 1;
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
