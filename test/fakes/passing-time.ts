import type { VirtualClock } from './virtual-clock.ts';

/** Turns in which time passes and nothing happens, before it counts as hung: whatever waits for time ends long before. */
const IDLE_TURNS = 500;

/** What happens in virtual time. */
export interface Timed {
  readonly clock: VirtualClock;
  /** So many things have happened. */
  readonly operations: number;
}

/** Time goes on while everybody waits. */
export class PassingTime {
  /** Rejects when nothing happens any more. */
  readonly hung: Promise<never>;
  #stopped = false;

  constructor(simulation: Timed) {
    this.hung = new Promise((_, reject) => {
      let [idle, before] = [0, -1];
      const pass = (): void => {
        if (this.#stopped) return;
        idle = simulation.operations === before ? idle + 1 : 0;
        before = simulation.operations;
        if (idle > IDLE_TURNS) {
          reject(new Error('everybody waits for ever'));
          return;
        }
        simulation.clock.advance(2);
        setImmediate(pass);
      };
      setImmediate(pass);
    });
  }

  stop(): void {
    this.#stopped = true;
  }
}
