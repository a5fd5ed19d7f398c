import { err, ok } from '#kernel/result';
import { failure, type Outcome } from '#contracts/errors';
import type { Lease, LeaseWait } from '#contracts/leases';

interface Waiting {
  readonly tell: (wait: LeaseWait) => void;
  readonly grant: () => void;
}

/**
 * Who may use the graphics card now: a few at a time, first come, first served. Two jobs at once make each other slower and
 * the page with them (research/engines.md, complaint 7), so there is usually one turn.
 */
export class GpuTurns {
  #free: number;
  #turns: number;
  readonly #waiting: Waiting[] = [];

  constructor(turns: number) {
    this.#turns = turns;
    this.#free = turns;
  }

  get held(): number {
    return this.#turns - this.#free;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  /** Turns that are held stay; fewer are given out from then on. */
  setTurns(turns: number): void {
    this.#free += turns - this.#turns;
    this.#turns = turns;
    this.#serve();
  }

  /** Errors: cancelled. */
  take(signal: AbortSignal, holder: string, tell: (wait: LeaseWait) => void): Promise<Outcome<Lease>> {
    if (signal.aborted) return Promise.resolve(err(failure('cancelled', { model: holder })));
    return new Promise((resolve) => {
      const onAbort = (): void => {
        this.#waiting.splice(this.#waiting.indexOf(waiting), 1);
        resolve(err(failure('cancelled', { model: holder })));
        this.#tellAll();
      };
      const waiting: Waiting = {
        tell,
        grant: () => {
          signal.removeEventListener('abort', onAbort);
          resolve(ok(this.#lease(holder)));
        },
      };
      signal.addEventListener('abort', onAbort, { once: true });
      this.#waiting.push(waiting);
      this.#serve();
    });
  }

  #serve(): void {
    while (this.#free > 0) {
      const next = this.#waiting.shift();
      if (next === undefined) return;
      this.#free -= 1;
      next.grant();
    }
    this.#tellAll();
  }

  #tellAll(): void {
    this.#waiting.forEach(({ tell }, position) => {
      tell({ position, shortBytes: 0 });
    });
  }

  #lease(holder: string): Lease {
    let held = true;
    const othersWait = (): boolean => this.#waiting.length > 0;
    return {
      holder,
      get wanted() {
        return othersWait();
      },
      release: () => {
        if (!held) return;
        held = false;
        this.#free += 1;
        this.#serve();
      },
    };
  }
}
