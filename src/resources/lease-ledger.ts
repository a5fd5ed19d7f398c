import type { Clock } from '#kernel/clock';
import type { Outcome } from '#contracts/errors';
import {
  COMPUTE,
  type Compute,
  type Lease,
  type LeasePort,
  type LeaseWait,
  type MemoryLease,
  type MemoryWish,
  type TurnWish,
} from '#contracts/leases';
import { ComputeTurns } from './compute-turns.ts';
import { MemoryLeases } from './memory-leases.ts';

export interface LeaseBudget {
  /** For models, of the memory that they run in; infinite where nobody knows. */
  readonly memoryBytes: Readonly<Record<Compute, number>>;
  /** Instances that may use the graphics card at the same time. */
  readonly cards: number;
  /** Threads of the processor that models may use at the same time. */
  readonly threads: number;
}

/** What is given out now. */
export interface LeaseAccount {
  readonly memoryBytes: Readonly<Record<Compute, number>>;
  readonly memoryWaiting: number;
  readonly cards: number;
  readonly threads: number;
  /** Requests for a turn that wait. */
  readonly turnsWaiting: number;
}

/** The one account of what models may use of this device: who wants more than is left waits, or takes less. */
export class LeaseLedger implements LeasePort {
  readonly #memory: Readonly<Record<Compute, MemoryLeases>>;
  readonly #turns: Readonly<Record<Compute, ComputeTurns>>;

  constructor(clock: Clock, { memoryBytes, cards, threads }: LeaseBudget) {
    this.#memory = {
      card: new MemoryLeases(clock, memoryBytes.card),
      processor: new MemoryLeases(clock, memoryBytes.processor),
    };
    this.#turns = { card: new ComputeTurns(cards), processor: new ComputeTurns(threads) };
  }

  memory(
    signal: AbortSignal,
    wish: MemoryWish,
    onWait: (wait: LeaseWait) => void,
  ): Promise<Outcome<MemoryLease>> {
    return this.#memory[wish.of ?? 'processor'].take(signal, wish, onWait);
  }

  turn(signal: AbortSignal, wish: TurnWish, onWait: (wait: LeaseWait) => void): Promise<Outcome<Lease>> {
    return this.#turns[wish.of].take(signal, wish, onWait);
  }

  /** A plan has changed. What is held stays held. */
  setBudget({ memoryBytes, cards, threads }: LeaseBudget): void {
    for (const of of COMPUTE) this.#memory[of].setBudget(memoryBytes[of]);
    this.#turns.card.setUnits(cards);
    this.#turns.processor.setUnits(threads);
  }

  get account(): LeaseAccount {
    const { card, processor } = this.#turns;
    const memory = this.#memory;
    return {
      memoryBytes: { card: memory.card.heldBytes, processor: memory.processor.heldBytes },
      memoryWaiting: memory.card.waiting + memory.processor.waiting,
      cards: card.held,
      threads: processor.held,
      turnsWaiting: card.waiting + processor.waiting,
    };
  }
}
