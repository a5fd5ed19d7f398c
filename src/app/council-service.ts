import type { Clock } from '#kernel/clock';
import { err, ok } from '#kernel/result';
import type { CouncilEvent, MemberView, RoundEvent, Roster } from '#contracts/council';
import type { AskOptions, Deliberation, FrameSummary } from '#contracts/deliberation';
import type { Outcome } from '#contracts/errors';
import type { MetricWriter } from '#contracts/metrics';
import type { CouncilPort, Unsubscribe } from '#contracts/ports';
import type { StarterCouncil } from '#contracts/starter';
import { FREE_ANSWER_TOKENS } from '../council/answer-shape.ts';
import { Council } from '../council/council.ts';
import { CouncilManager, type CouncilManagerPorts } from '../resources/council-manager.ts';
import type { StarterCatalogue } from './starter-catalogue.ts';

/** Tokens the chat template adds around the question. */
const TEMPLATE_TOKENS = 4;

export interface CouncilServicePorts {
  readonly clock: Clock;
  readonly metrics: MetricWriter;
  readonly catalogue: StarterCatalogue;
  readonly launch: CouncilManagerPorts['launch'];
  readonly threads: () => number;
  readonly watchFrames: () => () => FrameSummary | null;
  /** Keeps the record; resolves when it is stored. */
  readonly keep: (record: Deliberation) => Promise<unknown>;
  /** Told when the first member starts to think and when the last has ended. */
  readonly onBusy: (busy: boolean) => void;
}

/** Wires council and council manager together and speaks to the page. */
export class CouncilService implements CouncilPort {
  readonly manager: CouncilManager;
  readonly #ports: CouncilServicePorts;
  readonly #council: Council;
  readonly #listeners = new Set<(event: CouncilEvent) => void>();
  readonly #thinking = new Set<string>();
  readonly #tokensSeen = new Map<string, number>();
  #about: StarterCouncil | null = null;

  constructor(ports: CouncilServicePorts) {
    this.#ports = ports;
    this.manager = new CouncilManager({
      clock: ports.clock,
      metrics: ports.metrics,
      launch: ports.launch,
      urlOf: (file) => ports.catalogue.urlOf(file),
      threads: ports.threads,
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
      roster: (signal) => this.roster(signal),
      watchFrames: ports.watchFrames,
      newId: () => crypto.randomUUID(),
      abstain: () => this.#about?.abstain ?? '',
      promptLimit: () => this.promptLimit(),
    });
  }

  async about(signal: AbortSignal): Promise<Outcome<StarterCouncil>> {
    const council = await this.#ports.catalogue.council(signal);
    if (council.ok && this.#about === null) {
      this.#about = council.value;
      this.manager.appoint(council.value.members);
    }
    return council;
  }

  /** Longest question in characters: the smallest context less the longest answer, one token a character. */
  promptLimit(): number {
    const contexts = this.#about?.members.map((member) => member.context) ?? [256];
    return Math.min(...contexts) - FREE_ANSWER_TOKENS - TEMPLATE_TOKENS;
  }

  members(): readonly MemberView[] {
    return this.manager.views();
  }

  async prepare(signal: AbortSignal): Promise<Outcome<readonly MemberView[]>> {
    const roster = await this.roster(signal);
    return roster.ok ? ok(this.manager.views()) : roster;
  }

  /** The members, loaded first when needed: those that can be asked, and those that cannot. */
  async roster(signal: AbortSignal): Promise<Outcome<Roster>> {
    const about = await this.about(signal);
    return about.ok ? this.manager.prepare(signal) : about;
  }

  async ask(signal: AbortSignal, prompt: string, options?: AskOptions): Promise<Outcome<Deliberation>> {
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

  #onRoundEvent(event: RoundEvent): void {
    const { metrics } = this.#ports;
    switch (event.type) {
      case 'member-started':
        this.#setThinking(event.memberId, true);
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
