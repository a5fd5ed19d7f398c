import { assert } from '#kernel/assert';
import type { Clock } from '#kernel/clock';
import { err, ok } from '#kernel/result';
import { failure, type Outcome } from '#contracts/errors';
import type { LeaseTerms, LeaseWait, MemoryLease, MemoryWish } from '#contracts/leases';
import { degradations } from './lease-terms.ts';

interface Waiting {
  readonly wish: MemoryWish;
  /** What was told last, so that it is told changes only. */
  told: string;
  readonly tell: (wait: LeaseWait) => void;
  /** It has waited as long as it wanted to: lesser terms will do. */
  yields: boolean;
  readonly end: (outcome: Outcome<MemoryLease>) => void;
}

/**
 * Shares a budget of bytes out to models, strictly first come, first served: whoever waits is never overtaken, so a large
 * model is not kept out by small ones for ever. The price: memory that would do for a later one may lie idle meanwhile.
 */
export class MemoryLeases {
  readonly #clock: Clock;
  #budgetBytes: number;
  #heldBytes = 0;
  readonly #waiting: Waiting[] = [];

  constructor(clock: Clock, budgetBytes: number) {
    this.#clock = clock;
    this.#budgetBytes = budgetBytes;
  }

  get heldBytes(): number {
    return this.#heldBytes;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  /** What is held stays, even where it is now more than the budget; who waits for what will never fit is refused. */
  setBudget(bytes: number): void {
    this.#budgetBytes = bytes;
    this.#serve();
  }

  /** Errors: out-of-memory, cancelled. */
  take(
    signal: AbortSignal,
    wish: MemoryWish,
    tell: (wait: LeaseWait) => void,
  ): Promise<Outcome<MemoryLease>> {
    assert(wish.terms.length > 0, 'a wish names its terms');
    if (signal.aborted) return Promise.resolve(err(failure('cancelled', { model: wish.holder })));
    return new Promise((resolve) => {
      let stopWaiting = (): void => undefined;
      const onAbort = (): void => {
        waiting.end(err(failure('cancelled', { model: wish.holder })));
        this.#serve();
      };
      const waiting: Waiting = {
        wish,
        tell,
        told: '',
        yields: false,
        end: (outcome) => {
          stopWaiting();
          signal.removeEventListener('abort', onAbort);
          this.#waiting.splice(this.#waiting.indexOf(waiting), 1);
          resolve(outcome);
        },
      };
      signal.addEventListener('abort', onAbort, { once: true });
      stopWaiting = this.#clock.after(wish.patienceMs, () => {
        waiting.yields = true;
        this.#serve();
      });
      this.#waiting.push(waiting);
      this.#serve();
    });
  }

  #serve(): void {
    for (const waiting of [...this.#waiting]) {
      if (this.#possible(waiting).length > 0) continue;
      const neededBytes = Math.min(...waiting.wish.terms.map(({ memoryBytes }) => memoryBytes));
      const details = { model: waiting.wish.holder, neededBytes, budgetBytes: this.#budgetBytes };
      waiting.end(err(failure('out-of-memory', details)));
    }
    for (let head = this.#waiting[0]; head !== undefined; head = this.#waiting[0]) {
      const granted = this.#grantable(head);
      if (granted === undefined) break;
      head.end(ok(this.#lease(head.wish, granted)));
    }
    this.#waiting.forEach((waiting, position) => {
      const [best] = this.#possible(waiting);
      const shortBytes = Math.max(0, (best?.memoryBytes ?? 0) - (this.#budgetBytes - this.#heldBytes));
      const told = `${String(position)} ${String(shortBytes)}`;
      if (told === waiting.told) return;
      waiting.told = told;
      waiting.tell({ position, shortBytes });
    });
  }

  /** The terms that the whole budget could hold. */
  #possible({ wish }: Waiting): readonly LeaseTerms[] {
    return wish.terms.filter(({ memoryBytes }) => memoryBytes <= this.#budgetBytes);
  }

  #grantable(waiting: Waiting): LeaseTerms | undefined {
    const possible = this.#possible(waiting);
    const wanted = waiting.yields ? possible : possible.slice(0, 1);
    return wanted.find(({ memoryBytes }) => this.#heldBytes + memoryBytes <= this.#budgetBytes);
  }

  #lease({ holder, terms: [best] }: MemoryWish, terms: LeaseTerms): MemoryLease {
    this.#heldBytes += terms.memoryBytes;
    let held = true;
    const othersWait = (): boolean => this.#waiting.length > 0;
    return {
      holder,
      terms,
      degraded: best === undefined ? [] : degradations(best, terms),
      get wanted() {
        return othersWait();
      },
      release: () => {
        if (!held) return;
        held = false;
        this.#heldBytes -= terms.memoryBytes;
        this.#serve();
      },
    };
  }
}
