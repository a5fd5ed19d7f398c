import type { Clock } from '#kernel/clock';
import type { Outcome } from '#contracts/errors';
import type { Lease, LeasePort, LeaseWait, MemoryLease, MemoryWish } from '#contracts/leases';
import { GpuTurns } from './gpu-turns.ts';
import { MemoryLeases } from './memory-leases.ts';

export interface LeaseBudget {
  /** For models, of whatever memory they run in. */
  readonly memoryBytes: number;
  /** Instances that may use the graphics card at the same time. */
  readonly gpuTurns: number;
}

/** What is given out now. */
export interface LeaseAccount {
  readonly memoryBytes: number;
  readonly memoryWaiting: number;
  readonly gpuTurns: number;
  readonly gpuWaiting: number;
}

/** The one account of what models may use of this device: who wants more than is left waits, or takes less. */
export class LeaseLedger implements LeasePort {
  readonly #memory: MemoryLeases;
  readonly #gpu: GpuTurns;

  constructor(clock: Clock, budget: LeaseBudget) {
    this.#memory = new MemoryLeases(clock, budget.memoryBytes);
    this.#gpu = new GpuTurns(budget.gpuTurns);
  }

  memory(
    signal: AbortSignal,
    wish: MemoryWish,
    onWait: (wait: LeaseWait) => void,
  ): Promise<Outcome<MemoryLease>> {
    return this.#memory.take(signal, wish, onWait);
  }

  gpuTurn(signal: AbortSignal, holder: string, onWait: (wait: LeaseWait) => void): Promise<Outcome<Lease>> {
    return this.#gpu.take(signal, holder, onWait);
  }

  /** A plan has changed. What is held stays held. */
  setBudget(budget: LeaseBudget): void {
    this.#memory.setBudget(budget.memoryBytes);
    this.#gpu.setTurns(budget.gpuTurns);
  }

  get account(): LeaseAccount {
    return {
      memoryBytes: this.#memory.heldBytes,
      memoryWaiting: this.#memory.waiting,
      gpuTurns: this.#gpu.held,
      gpuWaiting: this.#gpu.waiting,
    };
  }
}
