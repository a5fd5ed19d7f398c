import { err, ok } from '#kernel/result';
import { failure, type Outcome } from '#contracts/errors';
import type { Lease, LeaseWait, TurnWish } from '#contracts/leases';

interface Waiting {
  readonly units: number;
  readonly tell: (wait: LeaseWait) => void;
  readonly grant: () => void;
}

/**
 * Who may compute now, of all who share a graphics card or the processor's threads: as many as there are units for, first
 * come, first served. Two jobs on one card make each other slower and the page with them (research/engines.md, complaint 7);
 * so do more threads than there are, which wait for each other at every step of a model.
 */
export class ComputeTurns {
  #free: number;
  #units: number;
  readonly #waiting: Waiting[] = [];

  /** @param units cards, or threads; at least 1 */
  constructor(units: number) {
    this.#units = units;
    this.#free = units;
  }

  get held(): number {
    return this.#units - this.#free;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  /** What is held stays held; less is given out from then on. */
  setUnits(units: number): void {
    this.#free += units - this.#units;
    this.#units = units;
    this.#serve();
  }

  /** Errors: cancelled. */
  take(
    signal: AbortSignal,
    { holder, units }: Pick<TurnWish, 'holder' | 'units'>,
    tell: (wait: LeaseWait) => void,
  ): Promise<Outcome<Lease>> {
    if (signal.aborted) return Promise.resolve(err(failure('cancelled', { model: holder })));
    return new Promise((resolve) => {
      const onAbort = (): void => {
        this.#waiting.splice(this.#waiting.indexOf(waiting), 1);
        resolve(err(failure('cancelled', { model: holder })));
        this.#serve(); // it may have been the one that the others waited behind
      };
      const waiting: Waiting = {
        units,
        tell,
        grant: () => {
          signal.removeEventListener('abort', onAbort);
          resolve(ok(this.#lease(holder, this.#due(units))));
        },
      };
      signal.addEventListener('abort', onAbort, { once: true });
      this.#waiting.push(waiting);
      this.#serve();
    });
  }

  /** Who wants more than there is gets all there is. */
  #due(units: number): number {
    return Math.min(units, this.#units);
  }

  #serve(): void {
    for (let [next] = this.#waiting; next !== undefined; [next] = this.#waiting) {
      const units = this.#due(next.units);
      if (units > this.#free) break; // nobody overtakes it: it would never come to its turn
      this.#waiting.shift();
      this.#free -= units;
      next.grant();
    }
    this.#waiting.forEach(({ tell }, position) => {
      tell({ position, shortBytes: 0 });
    });
  }

  #lease(holder: string, units: number): Lease {
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
        this.#free += units;
        this.#serve();
      },
    };
  }
}
