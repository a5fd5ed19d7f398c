import type { Clock } from '#kernel/clock';
import { failure, failureOf, type Outcome, type WitanFailure } from '#contracts/errors';
import type { ComputeShare, Lease, LeasePort } from '#contracts/leases';
import { err } from '#kernel/result';

export interface ComputeTurnPorts {
  readonly clock: Clock;
  readonly leases: LeasePort;
  readonly holder: string;
  readonly share: ComputeShare;
  /** A turn that others wait for takes nothing new after this long, ms. */
  readonly turnMs: number;
  /** Something has changed: look again. */
  readonly onChange: () => void;
}

/**
 * A replica's turn on what it computes with: the graphics card, or threads of the processor. All its slots share one turn, for they decode in one step. While others wait it
 * takes new work for `turnMs` at most, works off what it has, and goes to the end of the line: nobody waits longer than the
 * turns before it and the answers under way at their ends.
 */
export class ComputeTurn {
  readonly #ports: ComputeTurnPorts;
  #lease: Lease | null = null;
  #asking: AbortController | null = null;
  #sinceMs = 0;
  #users = 0;
  #isResting = true;
  #refusal: WitanFailure | null = null;

  constructor(ports: ComputeTurnPorts) {
    this.#ports = ports;
  }

  /** New work may begin now. */
  get open(): boolean {
    return this.#lease !== null && !this.#isOver(this.#lease);
  }

  get held(): boolean {
    return this.#lease !== null;
  }

  /** Why there will be none; null where there will. */
  get refusal(): WitanFailure | null {
    return this.#refusal;
  }

  /** There is work for it. Safe to say again. */
  want(): void {
    this.#isResting = false;
    if (this.#lease !== null && this.#users === 0 && this.#isOver(this.#lease)) this.#release();
    if (this.#lease !== null || this.#asking !== null || this.#refusal !== null) return;
    const asking = new AbortController();
    this.#asking = asking;
    void this.#ask(asking);
  }

  /** There is no more work for it. */
  rest(): void {
    this.#isResting = true;
    this.#asking?.abort();
    this.#asking = null;
    if (this.#users === 0) this.#release();
  }

  /** There is work, but none that it can do. */
  restIfIdle(): void {
    if (this.#users === 0) this.rest();
  }

  enter(): void {
    this.#users += 1;
  }

  leave(): void {
    this.#users -= 1;
    if (this.#users > 0 || this.#lease === null) return;
    if (this.#isResting || this.#isOver(this.#lease)) this.#release();
  }

  #isOver(lease: Lease): boolean {
    return lease.wanted && this.#ports.clock.nowMs() - this.#sinceMs >= this.#ports.turnMs;
  }

  #release(): void {
    this.#lease?.release();
    this.#lease = null;
  }

  async #ask(asking: AbortController): Promise<void> {
    const { leases, holder, share, clock, onChange } = this.#ports;
    let granted: Outcome<Lease>;
    try {
      granted = await leases.turn(asking.signal, { holder, ...share }, () => undefined);
    } catch (thrown) {
      granted = err(failureOf(thrown));
    }
    if (this.#asking !== asking) {
      if (granted.ok) granted.value.release(); // granted in the moment it was given up
      return;
    }
    this.#asking = null;
    if (granted.ok) {
      this.#lease = granted.value;
      this.#sinceMs = clock.nowMs();
    } else {
      this.#refusal = granted.error.code === 'cancelled' ? failure('internal') : granted.error;
    }
    onChange();
  }
}
