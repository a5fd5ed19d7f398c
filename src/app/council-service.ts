import { delay, type Clock } from '#kernel/clock';
import { err, ok } from '#kernel/result';
import { untilAborted } from '#kernel/until-aborted';
import type { CouncilEvent, MemberView, RoundEvent, Roster } from '#contracts/council';
import type { AskOptions, Deliberation, FrameSummary } from '#contracts/deliberation';
import { failure, failureOf, type Outcome } from '#contracts/errors';
import type { MetricWriter } from '#contracts/metrics';
import type { CouncilPort, Unsubscribe } from '#contracts/ports';
import type { StarterCouncil } from '#contracts/starter';
import { Council, type CouncilPorts } from '../council/council.ts';
import {
  CouncilManager,
  type CouncilManagerPorts,
  type PrepareOptions,
} from '../resources/council-manager.ts';
import type { MemberSpec } from '../resources/member-spec.ts';
import type { CouncilDispatch } from './council-dispatch.ts';
import type { ResponseCacheService } from './response-cache-service.ts';
import type { StarterCatalogue } from './starter-catalogue.ts';

/** Who sits on the council. */
export interface Appointment {
  readonly specs: readonly MemberSpec[];
  /** Per member id, the rungs that a tab died of while loading them. */
  readonly deadlyRungs?: ReadonlyMap<string, readonly string[]>;
  /** Some of those chosen could not be looked up this time: whoever asks next tries again. */
  readonly incomplete?: boolean;
}

/** Longest question before the members are known, characters. */
const FIRST_PROMPT_LIMIT = 140;

/** The first question of a visit waits for the cache's code no longer than this, and then is simply asked. */
const CACHE_CODE_LIMIT_MS = 500;

export interface CouncilServicePorts {
  /** The code of rounds and rules, which the page's first visit does without. */
  readonly rounds: CouncilPorts['rounds'];
  /** The orchestrator, which the first visit does without. */
  readonly dispatch: () => Promise<Pick<CouncilDispatch, 'seat'>>;
  readonly memoryTurns?: CouncilManagerPorts['memoryTurns'];
  readonly tier?: CouncilPorts['tier'];
  readonly clock: Clock;
  readonly metrics: MetricWriter;
  readonly catalogue: StarterCatalogue;
  readonly launch: CouncilManagerPorts['launch'];
  readonly marks?: CouncilManagerPorts['marks'];
  /** Whom the user chose. Errors: those of reading what they chose, and what is known of it. */
  readonly appointment: (signal: AbortSignal, about: StarterCouncil) => Promise<Outcome<Appointment>>;
  readonly watchFrames: () => () => FrameSummary | null;
  /** Keeps the record; resolves when it is stored. */
  readonly keep: (record: Deliberation) => Promise<unknown>;
  /** Answers of before; absent: every question is asked. Its code comes with the first of them. */
  readonly responses?: () => Promise<Pick<ResponseCacheService, 'askCouncil'>>;
  /** Told when the first member starts to think and when the last has ended. */
  readonly onBusy: (busy: boolean) => void;
}

const isCancelled = (outcome: Outcome<unknown>): boolean => !outcome.ok && outcome.error.code === 'cancelled';

/** Wires council and council manager together and speaks to the page. */
export class CouncilService implements CouncilPort {
  readonly manager: CouncilManager;
  readonly #ports: CouncilServicePorts;
  readonly #council: Council;
  readonly #listeners = new Set<(event: CouncilEvent) => void>();
  readonly #thinking = new Set<string>();
  readonly #tokensSeen = new Map<string, number>();
  #dispatch: Promise<Pick<CouncilDispatch, 'seat'>> | null = null;
  #about: StarterCouncil | null = null;
  #specs: readonly MemberSpec[] = [];
  #promptLimit = FIRST_PROMPT_LIMIT;
  /** Settles when the council is appointed; null before, and when that has to be tried again. */
  #appointing: Promise<Outcome<null> | null> | null = null;

  constructor(ports: CouncilServicePorts) {
    this.#ports = ports;
    this.manager = new CouncilManager({
      clock: ports.clock,
      metrics: ports.metrics,
      launch: ports.launch,
      ...(ports.marks === undefined ? {} : { marks: ports.marks }),
      ...(ports.memoryTurns === undefined ? {} : { memoryTurns: ports.memoryTurns }),
      onChange: (members) => {
        this.#emit({ type: 'members-changed', members });
      },
    });
    this.#council = new Council({
      clock: ports.clock,
      metrics: ports.metrics,
      emit: (event) => {
        this.#onRoundEvent(event);
      },
      roster: (signal, wish) => this.roster(signal, wish),
      watchFrames: ports.watchFrames,
      newId: () => crypto.randomUUID(),
      rounds: ports.rounds,
      abstain: () => this.#about?.abstain ?? '',
      ...(ports.tier === undefined ? {} : { tier: ports.tier }),
      promptLimit: () => this.promptLimit(),
    });
  }

  async about(signal: AbortSignal): Promise<Outcome<StarterCouncil>> {
    const council = await this.#ports.catalogue.council(signal);
    if (!council.ok) return council;
    this.#about = council.value;
    const appointed = await this.#appoint(signal, council.value);
    return appointed.ok ? council : appointed;
  }

  /** The members as they are appointed, loaded or not. Errors: those of `about`. */
  async appointed(signal: AbortSignal): Promise<Outcome<readonly MemberSpec[]>> {
    const about = await this.about(signal);
    return about.ok ? ok(this.#specs) : about;
  }

  /** Longest question in characters that at least one member reads. */
  promptLimit(): number {
    return this.#promptLimit;
  }

  /** Takes the seats anew, after the user chose other members; between two rounds. Errors: cancelled, those of `about`. */
  reappoint(signal: AbortSignal): Promise<Outcome<null>> {
    return this.exclusively(signal, async () => {
      this.#appointing = null;
      const about = await this.about(signal);
      return about.ok ? ok(null) : about;
    });
  }

  /** Loads one member with the user's yes to its download. Errors: member-unknown, those of loading. */
  async download(memberId: string): Promise<Outcome<MemberView>> {
    const about = await this.about(new AbortController().signal);
    return about.ok ? this.manager.download(memberId) : err(about.error);
  }

  members(): readonly MemberView[] {
    return this.manager.views();
  }

  async prepare(signal: AbortSignal): Promise<Outcome<readonly MemberView[]>> {
    void this.#responses();
    const roster = await this.roster(signal);
    return roster.ok ? ok(this.manager.views()) : roster;
  }

  /** The members, loaded first when needed: those that can be asked, through the orchestrator, and those that cannot. */
  async roster(signal: AbortSignal, wish?: PrepareOptions): Promise<Outcome<Roster>> {
    const about = await this.about(signal);
    if (!about.ok) return about;
    // Comes while the members are loaded; the page's first visit does without it.
    const dispatch = (this.#dispatch ??= this.#ports.dispatch());
    dispatch.catch(() => {
      this.#dispatch = null; // whoever asks next tries again
    });
    const roster = await this.manager.prepare(signal, wish);
    if (!roster.ok) return roster;
    try {
      return ok(await (await dispatch).seat(roster.value));
    } catch (thrown) {
      return err(failure('engine-unavailable', {}, thrown));
    }
  }

  async ask(signal: AbortSignal, prompt: string, options: AskOptions = {}): Promise<Outcome<Deliberation>> {
    const code = this.#responses();
    // How much they read, and under what an answer is kept, hangs on the members; what goes wrong comes up again in the round.
    await this.about(signal);
    const responses = await code;
    const ask = (asking: AbortSignal): Promise<Outcome<Deliberation>> =>
      this.#askMembers(asking, prompt, options);
    if (responses === null) return ask(signal);
    const abstain = this.#about?.abstain ?? '';
    const { manager } = this;
    const answered = await responses.askCouncil(signal, { prompt, options, manager, abstain, ask });
    if (answered.ok && answered.value.cached !== undefined) await this.#ports.keep(answered.value);
    return answered;
  }

  /** Tells the listeners of a round that nobody had to be asked for. */
  announce(event: RoundEvent): void {
    this.#emit(event);
  }

  /** Null where its code does not come, or not in time. */
  async #responses(): Promise<Pick<ResponseCacheService, 'askCouncil'> | null> {
    const { clock, responses } = this.#ports;
    if (responses === undefined) return null;
    const late = delay(clock, CACHE_CODE_LIMIT_MS).then(() => null);
    return Promise.race([responses(), late]).catch(() => null);
  }

  async #askMembers(
    signal: AbortSignal,
    prompt: string,
    options: AskOptions,
  ): Promise<Outcome<Deliberation>> {
    const asked = await this.#council.ask(signal, prompt, options);
    if (!asked.ok) {
      if (asked.error.code !== 'cancelled') this.#ports.metrics.add('errors', 1);
      return asked;
    }
    await this.#ports.keep(asked.value);
    return asked;
  }

  /** Runs a measurement on the engines while no round does. */
  exclusively<T>(signal: AbortSignal, task: () => Promise<Outcome<T>>): Promise<Outcome<T>> {
    return this.#council.exclusively(signal, task);
  }

  /** Work that nobody waits for, while no round and no measurement runs: see `Council.spare`. */
  spare(task: (signal: AbortSignal) => Promise<void>): Promise<void> {
    return this.#council.spare(task);
  }

  stop(memberId?: string): void {
    this.#council.stop(memberId);
  }

  async restart(memberId: string): Promise<Outcome<MemberView>> {
    const about = await this.about(new AbortController().signal);
    return about.ok ? this.manager.restart(memberId) : err(about.error);
  }

  subscribe(listener: (event: CouncilEvent) => void): Unsubscribe {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async #appoint(signal: AbortSignal, about: StarterCouncil): Promise<Outcome<null>> {
    for (;;) {
      const joined = this.#appointing;
      const appointed = await untilAborted(joined ?? this.#seat(signal, about), signal);
      if (signal.aborted) return err(failure('cancelled'));
      // That other members were chosen meanwhile, or that somebody else gave it up, is no answer to this caller.
      const again = appointed === null || (joined !== null && isCancelled(appointed));
      if (!again) return appointed;
    }
  }

  /** Never rejects. Null: other members were chosen before it knew, and nobody was seated. */
  #seat(signal: AbortSignal, about: StarterCouncil): Promise<Outcome<null> | null> {
    const seated = (appointment: Outcome<Appointment>): Outcome<null> | null => {
      if (this.#appointing !== seating) return null;
      // What failed, and what is not all of it, is tried again by the next who asks.
      if (!appointment.ok || appointment.value.incomplete === true) this.#appointing = null;
      if (!appointment.ok) return appointment;
      const { specs, deadlyRungs } = appointment.value;
      this.#specs = specs;
      const limits = specs.flatMap(({ manner }) => manner?.promptLimit ?? []);
      if (limits.length > 0) this.#promptLimit = Math.max(...limits);
      this.manager.appoint(specs, deadlyRungs);
      return ok(null);
    };
    const seating: Promise<Outcome<null> | null> = this.#ports
      .appointment(signal, about)
      .catch((thrown: unknown) => err(failureOf(thrown)))
      .then(seated);
    this.#appointing = seating;
    return seating;
  }

  #onRoundEvent(event: RoundEvent): void {
    const { metrics } = this.#ports;
    switch (event.type) {
      case 'member-started':
        this.#setThinking(event.memberId, true);
        break;
      case 'member-waiting':
        this.#setThinking(event.memberId, event.waitsFor === null);
        break;
      case 'member-chunk':
        this.#countTokens(event.memberId, event.tokens);
        break;
      case 'member-ended': {
        const { id, status, tokens, ttftMs } = event.member;
        this.#countTokens(id, tokens);
        this.#tokensSeen.delete(id);
        const took = this.#thinking.has(id); // a member that could not be loaded was counted then
        this.#setThinking(id, false);
        if (ttftMs !== null) metrics.set('timeToFirstToken', ttftMs);
        if (took && (status === 'failed' || status === 'lost')) metrics.add('errors', 1);
        break;
      }
      default:
    }
    this.#emit(event);
  }

  #countTokens(memberId: string, tokens: number): void {
    this.#ports.metrics.add('tokens', tokens - (this.#tokensSeen.get(memberId) ?? 0));
    this.#tokensSeen.set(memberId, tokens);
  }

  #setThinking(memberId: string, thinking: boolean): void {
    const wasBusy = this.#thinking.size > 0;
    if (thinking) this.#thinking.add(memberId);
    else this.#thinking.delete(memberId);
    this.manager.setThinking(memberId, thinking);
    const busy = this.#thinking.size > 0;
    if (busy !== wasBusy) this.#ports.onBusy(busy);
  }

  #emit(event: CouncilEvent): void {
    for (const listener of [...this.#listeners]) {
      try {
        listener(event);
      } catch (thrown) {
        // A listener's fault is its own: the round that speaks here must go on to its end.
        console.error(thrown);
      }
    }
  }
}
