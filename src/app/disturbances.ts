import type { Clock } from '#kernel/clock';

/**
 * What makes the times of a round say nothing of the device, where the round itself does not tell.
 * hidden: browsers slow a page down that nobody sees · paced: members were slowed on purpose, for a smooth page · transfer:
 * a model is fetched, hashed or checked, in this tab or another: its workers take the processor and the disk.
 * Measurements and benchmarks are none: they wait for rounds to end, and rounds for them (`CouncilService.exclusively`).
 * Those of other tabs, and what other programs do, nobody here can know.
 */
export const DISTURBANCES = ['hidden', 'paced', 'transfer'] as const;
export type Disturbance = (typeof DISTURBANCES)[number];

/** Remembers what disturbs the members, and until when it did. */
export class Disturbances {
  readonly #clock: Clock;
  readonly #now = new Set<Disturbance>();
  #endedMs = -Infinity;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  set(what: Disturbance, present: boolean): void {
    if (present) this.#now.add(what);
    else if (this.#now.delete(what)) this.#endedMs = this.#clock.nowMs();
  }

  /** Whether there was any in the time up to now. @param lastMs length of that time */
  within(lastMs: number): boolean {
    return this.#now.size > 0 || this.#endedMs >= this.#clock.nowMs() - lastMs;
  }
}
