import { ConsecutiveBreaker, ExponentialBackoff, noJitterGenerator, type IBackoff } from 'cockatiel';
import type { Clock } from './clock.ts';

/** Three in a row are no accident; one is (a restart, a lost packet). */
const FAULTS_TO_OPEN = 3;
/** Long enough for a process to come back, short enough that a user does not give up first. */
const FIRST_PAUSE_MS = 10_000;
const LONGEST_PAUSE_MS = 300_000;

/** One request on its way through the breaker. After `alive` one of the others follows; the first of them counts. */
export interface Passage {
  /** The first token is there: a probe has found the server again and lets others pass, but nothing is proved yet. */
  readonly alive: () => void;
  /** The server answered as it should. */
  readonly succeeded: () => void;
  /** The server was at fault. */
  readonly failed: () => void;
  /** The end told nothing of the server: the request was stopped, or was at fault itself. */
  readonly abandoned: () => void;
}

/**
 * Circuit breaker (Nygard, "Release It!", 2nd ed., §5.2): after three consecutive faults a server, or an engine, is
 * left alone for 10 s; then one request probes it, and each failed probe doubles the pause, up to 5 min.
 *
 * Counting and doubling are cockatiel's. Its `CircuitBreakerPolicy` is not used: it reads `Date.now()`, so it neither
 * runs on our clock nor survives a change of the wall clock, and it makes waiting callers sit out the probe.
 */
export class CircuitBreaker {
  readonly #clock: Clock;
  readonly #faults = new ConsecutiveBreaker(FAULTS_TO_OPEN);
  readonly #pauses = new ExponentialBackoff({
    generator: noJitterGenerator,
    initialDelay: FIRST_PAUSE_MS,
    maxDelay: LONGEST_PAUSE_MS,
  });
  #pause: IBackoff<unknown> | null = null;
  #openUntilMs = 0;
  #probing = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get state(): 'closed' | 'open' | 'half-open' {
    if (this.#pause === null) return 'closed';
    return this.#probing || this.#clock.nowMs() >= this.#openUntilMs ? 'half-open' : 'open';
  }

  /** Faults since the last success. */
  get consecutiveFaults(): number {
    return this.#faults.state;
  }

  /** Milliseconds until a request may pass; 0 when one may pass now, or when a probe is out. */
  get closedForMs(): number {
    return this.#pause === null ? 0 : Math.max(0, this.#openUntilMs - this.#clock.nowMs());
  }

  /** True when a request may pass now. */
  get admits(): boolean {
    return this.#pause === null || (!this.#probing && this.closedForMs === 0);
  }

  /** Lets one request pass; how it ended has to be told to the passage. While the pause lasts this is the probe. */
  enter(): Passage {
    const probe = this.#pause !== null;
    if (probe) this.#probing = true;
    let over = false;
    const once = (tell: () => void) => (): void => {
      if (over) return;
      over = true;
      if (probe && this.#pause !== null) this.#probing = false;
      tell();
    };
    return {
      alive: () => {
        if (over || !probe || this.#pause === null) return;
        this.#probing = false;
        this.#pause = null;
        this.#faults.state = FAULTS_TO_OPEN - 1; // on probation: the next fault opens it again
      },
      succeeded: once(() => {
        this.#faults.success();
        this.#pause = null;
      }),
      failed: once(() => {
        this.#fault(probe);
      }),
      abandoned: once(() => undefined),
    };
  }

  #fault(probe: boolean): void {
    const enough = this.#faults.failure();
    // While it is open, the fault of a request that began before says nothing new.
    if (!enough || (this.#pause !== null && !probe)) return;
    this.#pause = this.#pause === null ? this.#pauses.next() : this.#pause.next(undefined);
    this.#openUntilMs = this.#clock.nowMs() + this.#pause.duration;
  }
}
