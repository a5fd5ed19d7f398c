import { present } from '#kernel/assert';
import type { Clock } from '#kernel/clock';
import { err } from '#kernel/result';
import type { EngineKind, Generation, Pacing } from '#contracts/engine';
import { failure, type Outcome, type WitanFailure } from '#contracts/errors';
import { UNLIMITED_LEASES, type LeasePort } from '#contracts/leases';
import { NO_METRICS } from '#contracts/metrics';
import { AGE_STEP_MS, serviceKeyMs } from './aging.ts';
import { mayAskElsewhere, PATIENCE } from './attempt.ts';
import { HealthMonitor } from './health-monitor.ts';
import { Lane } from './lane.ts';
import { ModelTurns } from './model-turns.ts';
import type { OrchestratedModel } from './orchestrated-model.ts';
import type {
  ModelStatus,
  OrchestratorEvent,
  OrchestratorOptions,
  OrchestratorPorts,
  OrchestratorRequest,
} from './orchestrator-ports.ts';
import type { Assignment } from './replica-pool.ts';
import type { Replica } from './replica.ts';
import { RequestQueue } from './request-queue.ts';
import { SchedulerMetrics, type Quantiles } from './scheduler-metrics.ts';
import { Ticket, type RequestListeners } from './ticket.ts';
import { TrafficShaper } from './traffic-shaper.ts';

/** Requests that may wait; a council of 16 with a handful of questions waiting stays below it. */
const QUEUE_LIMIT = 256;
/** Long enough that loading a model is the smaller part, short enough that nobody believes it forgotten. */
const TURN_MS = 15_000;
/** Asked at one replica, and once more at another. */
const ATTEMPTS = 2;

/**
 * Takes requests, and has each answered once: queue → processor (which model) → shaper (when) → balancer (which replica) →
 * engine. Schedules like a serving engine: everything is decided when a slot is free, by what is known then.
 */
export class Orchestrator {
  readonly #clock: Clock;
  readonly #metrics: SchedulerMetrics;
  readonly #leases: LeasePort;
  readonly #onEvent: (event: OrchestratorEvent) => void;
  readonly #options: Required<Omit<OrchestratorOptions, 'limits'>>;
  readonly #queue: RequestQueue<Ticket>;
  readonly #shaper: TrafficShaper;
  readonly #turns: ModelTurns;
  readonly #health: HealthMonitor;
  readonly #lanes = new Map<string, Lane>();
  readonly #laneOfMember = new Map<string, Lane>();
  readonly #open = new Set<Ticket>();
  #order = 0;
  #pumping = false;
  #again = false;
  #cancelWake: () => void = () => undefined;
  /** Work of the scheduler that is not yet put to any request, ms. */
  #unbilledMs = 0;

  constructor(ports: OrchestratorPorts, options: OrchestratorOptions = {}) {
    const { clock, random, metrics = NO_METRICS, leases = UNLIMITED_LEASES, onEvent } = ports;
    this.#clock = clock;
    this.#metrics = new SchedulerMetrics(metrics);
    this.#leases = leases;
    this.#onEvent = (event) => {
      try {
        onEvent?.(event);
      } catch {
        metrics.add('errors', 1); // whoever listens must not stop the scheduler
      }
    };
    const defaults = {
      queueLimit: QUEUE_LIMIT,
      ageStepMs: AGE_STEP_MS,
      turnMs: TURN_MS,
      lingerMs: 0,
      patience: PATIENCE,
    };
    this.#options = { ...defaults, ...options };
    this.#queue = new RequestQueue(this.#options.queueLimit);
    this.#shaper = new TrafficShaper(options.limits ?? {}, clock.nowMs());
    const onChange = (): void => {
      this.#pump();
    };
    this.#turns = new ModelTurns({
      clock,
      leases,
      turnMs: this.#options.turnMs,
      lingerMs: this.#options.lingerMs,
      hasWork: (modelId) => this.#queue.of(modelId).length > 0,
      onOpened: (modelId, { terms, degraded }) => {
        this.#lanes.get(modelId)?.opened(terms, degraded);
        this.#metrics.switched();
        this.#onEvent({ type: 'model-in', modelId, degraded });
      },
      onClosed: (modelId) => {
        this.#onEvent({ type: 'model-out', modelId });
      },
      onFailed: (modelId, problem) => {
        for (const ticket of [...this.#queue.of(modelId)]) ticket.settle(err(problem));
      },
      onChange,
    });
    const replicas = (): readonly Replica[] =>
      [...this.#lanes.values()].flatMap(({ model, pool }) =>
        this.#turns.admits(model.id) ? pool.replicas : [],
      );
    this.#health = new HealthMonitor(clock, random, replicas, onChange);
  }

  /** From now on it can be asked; one of the same name is removed first. */
  add(model: OrchestratedModel): void {
    this.remove(model.id);
    const { turnMs } = this.#options;
    const lane = new Lane(model, {
      clock: this.#clock,
      leases: this.#leases,
      turnMs,
      onChange: () => {
        this.#pump();
      },
    });
    this.#lanes.set(model.id, lane);
    for (const member of model.members) this.#laneOfMember.set(member, lane);
    if (model.memory !== undefined) this.#turns.add(model.id, model.memory);
    if (model.replicas.some(({ check }) => check !== undefined)) this.#health.start();
  }

  /** What waits for it fails (`member-unknown`); what it is at comes to its end. */
  remove(modelId: string): void {
    const lane = this.#lanes.get(modelId);
    if (lane === undefined) return;
    this.#lanes.delete(modelId);
    for (const member of lane.model.members)
      if (this.#laneOfMember.get(member) === lane) this.#laneOfMember.delete(member);
    const waiting = [...this.#queue.of(modelId)];
    for (const ticket of waiting) this.#unqueue(ticket); // first: nothing of it may begin any more
    for (const ticket of waiting) ticket.settle(err(failure('member-unknown', { member: modelId })));
    lane.pool.rest();
    this.#turns.drop(modelId);
  }

  /**
   * Has a request answered. It settles once, at its deadline at the latest, whatever its engine does. A request whose engine
   * fails before the first token is asked once more, at another replica where there is one; one that has begun is not,
   * for what came would come again.
   * Errors: member-unknown, queue-full (with the number waiting), deadline-exceeded, cancelled (stopped before the first
   * token; after it the text so far comes back with finish 'cancelled'), worker-silent, out-of-memory, engine-failed, and
   * those of `Engine.generate` and of loading.
   */
  submit(
    signal: AbortSignal,
    request: OrchestratorRequest,
    listeners: RequestListeners = {},
  ): Promise<Outcome<Generation>> {
    const beganMs = this.#clock.nowMs();
    const { target, priority = 'normal', deadlineMs, generate } = request;
    const lane = this.#lane(target);
    if (lane === undefined) return Promise.resolve(err(failure('member-unknown', { member: target })));
    if (signal.aborted) return Promise.resolve(err(failure('cancelled')));
    if (deadlineMs !== undefined && deadlineMs <= 0)
      return Promise.resolve(err(failure('deadline-exceeded', { limitMs: deadlineMs, phase: 'queue' })));
    const { limit, depth } = this.#queue;
    if (depth >= limit) {
      this.#metrics.refused();
      return Promise.resolve(err(failure('queue-full', { limit, waiting: depth })));
    }
    this.#order += 1;
    const modelId = lane.model.id;
    const ticket = new Ticket(signal, this.#clock, {
      modelId,
      keyMs: serviceKeyMs(priority, beganMs, this.#options.ageStepMs),
      order: this.#order,
      request: generate,
      listeners,
      ...(deadlineMs === undefined ? {} : { deadlineMs }),
    });
    this.#open.add(ticket);
    this.#queue.offer(ticket);
    ticket.whenSettled(() => {
      this.#open.delete(ticket);
      this.#unqueue(ticket);
      this.#pump();
    });
    ticket.overheadMs = this.#clock.nowMs() - beganMs;
    this.#pump();
    return ticket.outcome;
  }

  /** Stops all requests, waiting and running. */
  stopAll(): void {
    for (const ticket of this.#queue.all()) this.#unqueue(ticket); // first: none of them is to begin meanwhile
    for (const ticket of [...this.#open]) ticket.stop();
  }

  /** Ends it: all requests are stopped, and no timer is left. */
  close(): void {
    this.stopAll();
    for (const modelId of [...this.#lanes.keys()]) this.remove(modelId);
    this.#health.stop();
    this.#cancelWake();
  }

  status(): readonly ModelStatus[] {
    return [...this.#lanes.values()].map((lane) => {
      const waiting = this.#queue.of(lane.model.id).length;
      return { ...lane.status(), waiting, waitsFor: waiting === 0 ? null : lane.waitsFor };
    });
  }

  /** What scheduling cost the newest thousand requests each, ms. */
  get overheadMs(): Quantiles {
    return this.#metrics.overheadMs();
  }

  /** Null when there is no such member. */
  kindOf(target: string): EngineKind | null {
    return this.#lane(target)?.model.replicas[0]?.engine.kind ?? null;
  }

  /** Of its newest answers; null before the first. */
  speedOf(target: string): number | null {
    return this.#lane(target)?.pool.replicas[0]?.tokensPerSecond ?? null;
  }

  setPacing(target: string, pacing: Pacing): void {
    for (const { engine } of this.#lane(target)?.model.replicas ?? []) engine.setPacing(pacing);
  }

  #unqueue(ticket: Ticket): void {
    if (this.#queue.remove(ticket)) this.#lanes.get(ticket.modelId)?.pool.leaveHome(ticket);
  }

  #lane(target: string): Lane | undefined {
    return this.#laneOfMember.get(target) ?? this.#lanes.get(target);
  }

  /** Begins all that can begin now. Called on every change; a call from within is taken up at the end of the one under way. */
  #pump(): void {
    this.#again = true;
    if (this.#pumping) return;
    this.#pumping = true;
    const beganMs = this.#clock.nowMs();
    const begun: Ticket[] = [];
    let restMs = Infinity;
    while (this.#again) {
      this.#again = false;
      restMs = this.#beginAll(begun);
      for (const { model, pool } of this.#lanes.values())
        if (this.#queue.of(model.id).length === 0) pool.rest();
      this.#turns.tend();
    }
    this.#pumping = false;
    this.#cancelWake();
    if (restMs < Infinity) {
      this.#cancelWake = this.#clock.after(restMs, () => {
        this.#pump();
      });
    }
    for (const lane of this.#lanes.values()) lane.tellPlaces(this.#queue.of(lane.model.id));
    this.#metrics.depth(this.#queue.depth);
    this.#bill(begun, this.#clock.nowMs() - beganMs);
  }

  /** @returns ms until a rate lets more begin */
  #beginAll(begun: Ticket[]): number {
    let restMs = Infinity;
    for (const modelId of this.#queue.models()) {
      const lane = present(this.#lanes.get(modelId), 'the lane of a model that something waits for');
      for (let next = this.#next(lane); next !== null; next = this.#next(lane)) {
        const { costTokens } = next.ticket;
        const nowMs = this.#clock.nowMs();
        const allMs = this.#shaper.waitMs(costTokens, nowMs);
        const waitMs = Math.max(allMs, lane.shaper.waitMs(costTokens, nowMs));
        if (waitMs > 0) {
          lane.waitsFor = 'rate';
          lane.pool.rest();
          restMs = Math.min(restMs, waitMs);
          // What is saved up for the most urgent is not spent by cheaper ones: it would never be enough for it.
          if (allMs > 0) return restMs;
          break;
        }
        this.#begin(lane, next);
        begun.push(next.ticket);
      }
    }
    return restMs;
  }

  /** What may begin now; null: nothing. */
  #next(lane: Lane): Assignment | null {
    const { id } = lane.model;
    const waiting = this.#queue.of(id);
    const [head] = waiting;
    if (head === undefined) return null;
    if (!this.#turns.admits(id)) {
      lane.waitsFor = 'memory';
      lane.pool.rest();
      this.#turns.want(id, head);
      return null;
    }
    const next = lane.pool.next(waiting);
    if (next !== null) return next;
    lane.waitsFor = lane.pool.waitsForTurnOn ?? 'replica';
    this.#refuseHopeless(lane, waiting);
    return null;
  }

  #refuseHopeless(lane: Lane, waiting: readonly Ticket[]): void {
    const { anyDown } = lane.pool;
    for (const ticket of [...waiting]) {
      const problem = anyDown || ticket.failedAt.size > 0 ? lane.pool.hopeless(ticket) : null;
      if (problem !== null) ticket.settle(err(problem));
    }
  }

  #begin(lane: Lane, { ticket, replica, stolen }: Assignment): void {
    const { pool, shaper } = lane;
    const modelId = lane.model.id;
    const { costTokens } = ticket;
    const nowMs = this.#clock.nowMs();
    this.#unqueue(ticket);
    ticket.started(replica.id);
    if (ticket.settled) return; // by whoever was told
    pool.began(replica, ticket);
    for (const each of [this.#shaper, shaper]) each.begin(costTokens, nowMs);
    const leave = this.#turns.enter(modelId);
    if (stolen) {
      this.#metrics.stolen();
      this.#onEvent({ type: 'stolen', modelId, by: replica.id });
    }
    replica.run(ticket, this.#options.patience, {
      onEnd: (outcome, begun) => {
        if (outcome.ok || begun || !this.#askElsewhere(lane, ticket, replica.id, outcome.error))
          ticket.settle(outcome);
      },
      onStuck: () => {
        leave();
        this.#onEvent({ type: 'stuck', modelId, replicaId: replica.id });
        this.#pump();
      },
      onFree: (outcome) => {
        leave();
        const used = outcome.ok ? outcome.value.promptTokens + outcome.value.completionTokens : costTokens;
        for (const each of [this.#shaper, shaper]) each.end(costTokens, Math.min(costTokens, used));
        this.#pump();
      },
    });
  }

  /** @returns false: there is no other, or it was asked twice already */
  #askElsewhere(lane: Lane, ticket: Ticket, failedId: string, problem: WitanFailure): boolean {
    ticket.failedAt.add(failedId);
    ticket.problem = problem;
    const known = this.#lanes.get(ticket.modelId) === lane;
    const possible = ticket.failedAt.size < ATTEMPTS && lane.pool.hasOther(ticket);
    if (!known || !possible || ticket.settled || !mayAskElsewhere(problem.code)) return false;
    this.#metrics.failedOver();
    this.#onEvent({ type: 'failed-over', modelId: ticket.modelId, from: failedId, problem });
    this.#queue.putBack(ticket);
    this.#pump();
    return true;
  }

  #bill(begun: readonly Ticket[], spentMs: number): void {
    this.#unbilledMs += spentMs;
    if (begun.length === 0) return;
    const share = this.#unbilledMs / begun.length;
    this.#unbilledMs = 0;
    const nowMs = this.#clock.nowMs();
    for (const ticket of begun) this.#metrics.began(nowMs - ticket.submittedMs, ticket.overheadMs + share);
  }
}
