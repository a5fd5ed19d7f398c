import type { Clock } from '#kernel/clock';
import type { Random } from '#kernel/random';
import type { Outcome } from '#contracts/errors';
import type { Replica } from './replica.ts';

/** Often enough that a dead replica is found before the next question, as a rule; rarely enough to cost nothing. */
const INTERVAL_MS = 30_000;
/** Replicas that began together are not checked together. */
const JITTER = 0.2;
/** A check is a small thing. */
const CHECK_LIMIT_MS = 5_000;

/**
 * Asks replicas that nothing was heard of for a while whether they are well, and tells their breakers. One that was left
 * alone for its faults is probed so, before a request is risked on it. Replicas at work need no check.
 */
export class HealthMonitor {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #replicas: () => readonly Replica[];
  readonly #onChange: () => void;
  readonly #checking = new Set<Replica>();
  #cancelTick: (() => void) | null = null;

  constructor(clock: Clock, random: Random, replicas: () => readonly Replica[], onChange: () => void) {
    this.#clock = clock;
    this.#random = random;
    this.#replicas = replicas;
    this.#onChange = onChange;
  }

  /** Safe to call twice. */
  start(): void {
    this.#cancelTick ??= this.#tickLater();
  }

  stop(): void {
    this.#cancelTick?.();
    this.#cancelTick = null;
  }

  #tickLater(): () => void {
    return this.#clock.after(INTERVAL_MS * (1 + JITTER * (this.#random() - 0.5)), () => {
      this.#cancelTick = this.#tickLater();
      for (const replica of this.#replicas()) if (this.#isDue(replica)) this.#check(replica);
    });
  }

  #isDue(replica: Replica): boolean {
    const quietMs = this.#clock.nowMs() - replica.lastHeardMs;
    // Its turn to be probed is worth a check even if it was heard of: what was heard was a fault.
    const due = quietMs >= INTERVAL_MS / 2 || replica.breaker.state === 'half-open';
    return due && replica.running === 0 && replica.breaker.admits && !this.#checking.has(replica);
  }

  #check(replica: Replica): void {
    const { check } = replica.spec;
    if (check === undefined) return;
    const passage = replica.breaker.enter();
    const abort = new AbortController();
    const end = (isWell: boolean): void => {
      if (!this.#checking.delete(replica)) return;
      cancelLimit();
      if (isWell) passage.succeeded();
      else passage.failed();
      replica.lastHeardMs = this.#clock.nowMs();
      this.#onChange();
    };
    this.#checking.add(replica);
    const cancelLimit = this.#clock.after(CHECK_LIMIT_MS, () => {
      end(false);
      abort.abort();
    });
    isWell(() => check(abort.signal)).then(end, () => undefined);
  }
}

async function isWell(check: () => Promise<Outcome<unknown>>): Promise<boolean> {
  try {
    return (await check()).ok;
  } catch {
    return false;
  }
}
