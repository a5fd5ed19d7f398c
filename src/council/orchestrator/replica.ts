import { CircuitBreaker } from '#kernel/circuit-breaker';
import type { Clock } from '#kernel/clock';
import type { Engine, Generation } from '#contracts/engine';
import type { Outcome } from '#contracts/errors';
import type { ComputeShare } from '#contracts/leases';
import { attempt, type AttemptListeners, type Patience } from './attempt.ts';
import type { ReplicaLoad } from './balancing-policies.ts';
import type { ComputeTurn } from './compute-turn.ts';
import type { Ticket } from './ticket.ts';

/** One instance of a model's weights. */
export interface ReplicaSpec {
  readonly id: string;
  readonly engine: Engine;
  /** Answers that it decodes at once. */
  readonly slots: number;
  /**
   * Tokens of context that its slots share: answers that may exceed it together are not begun together, for both would fail
   * (wllama's unified cache, research/engines.md §3.2 d). Absent: each slot has its own.
   */
  readonly sharedContextTokens?: number;
  /** It takes turns with others on what it computes with. Absent: it takes too little of it, or it is not this device's. */
  readonly compute?: ComputeShare;
  /** Whether it is well; asked while it has nothing to do. Ends when `signal` aborts. */
  readonly check?: (signal: AbortSignal) => Promise<Outcome<unknown>>;
}

export interface ReplicaHealth {
  readonly id: string;
  readonly breaker: 'closed' | 'open' | 'half-open';
  readonly running: number;
  /** Slots whose answer was stopped and does not end. */
  readonly stuck: number;
  readonly tokensPerSecond: number | null;
}

/** Weight of a new measurement: the last five or so count. */
const SPEED_WEIGHT = 0.3;

/** What is known of one replica, and what it is at. */
export class Replica implements ReplicaLoad {
  readonly spec: ReplicaSpec;
  readonly breaker: CircuitBreaker;
  readonly turn: ComputeTurn | null;
  /** Of the tickets that wait for it. */
  homedTokens = 0;
  /** Fewer than its own where less memory was granted. */
  slots: number;
  lastHeardMs: number;
  readonly #clock: Clock;
  #running = 0;
  #runningTokens = 0;
  #stuck = 0;
  #tokensPerSecond: number | null = null;

  constructor(spec: ReplicaSpec, clock: Clock, turn: ComputeTurn | null) {
    this.spec = spec;
    this.slots = spec.slots;
    this.turn = turn;
    this.breaker = new CircuitBreaker(clock);
    this.lastHeardMs = clock.nowMs();
    this.#clock = clock;
  }

  get id(): string {
    return this.spec.id;
  }

  get outstandingTokens(): number {
    return this.homedTokens + this.#runningTokens;
  }

  get tokensPerSecond(): number | null {
    return this.#tokensPerSecond;
  }

  get running(): number {
    return this.#running;
  }

  /** Nothing is to be hoped of it soon. */
  get isDown(): boolean {
    return (
      this.breaker.state === 'open' || this.#stuck >= this.slots || (this.turn?.refusal ?? null) !== null
    );
  }

  /** It could take one more, as soon as it has its turn. */
  get hasRoom(): boolean {
    return this.#running < this.slots && this.breaker.admits;
  }

  /** It fits beside what runs; alone the engine itself decides. */
  fits({ costTokens }: Ticket): boolean {
    const { sharedContextTokens = Infinity } = this.spec;
    return this.#running === 0 || this.#runningTokens + costTokens <= sharedContextTokens;
  }

  /** Begins to answer. The listeners are called when the state of the replica is up to date. */
  run(ticket: Ticket, patience: Patience, { onEnd, onStuck, onFree }: AttemptListeners): void {
    const { costTokens } = ticket;
    let stuck = false;
    this.#running += 1;
    this.#runningTokens += costTokens;
    this.turn?.enter();
    attempt(this.#clock, this.spec.engine, this.breaker.enter(), ticket, patience, {
      onEnd,
      onStuck: () => {
        stuck = true;
        this.#stuck += 1;
        this.turn?.leave(); // it may still be computing, but nobody else is to wait for it
        onStuck();
      },
      onFree: (outcome) => {
        this.#running -= 1;
        this.#runningTokens -= costTokens;
        if (stuck) this.#stuck -= 1;
        else this.turn?.leave();
        this.lastHeardMs = this.#clock.nowMs();
        if (outcome.ok) this.#measured(outcome.value);
        onFree(outcome);
      },
    });
  }

  health(): ReplicaHealth {
    const { id, running, tokensPerSecond } = this;
    return { id, breaker: this.breaker.state, running, stuck: this.#stuck, tokensPerSecond };
  }

  #measured({ decodeTokensPerSecond, completionTokens, durationMs }: Generation): void {
    const whole = durationMs > 0 && completionTokens > 0 ? (completionTokens * 1000) / durationMs : null;
    const speed = decodeTokensPerSecond ?? whole;
    if (speed === null) return;
    const before = this.#tokensPerSecond ?? speed;
    this.#tokensPerSecond = before + SPEED_WEIGHT * (speed - before);
  }
}
