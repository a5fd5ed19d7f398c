import { failureOf, type Outcome, type WitanFailure } from '#contracts/errors';

/** A measurement that somebody started: how far it is, and how it ended. Only one of it at a time. */
export class MeasureRun<P> {
  running = $state(false);
  /** Null until the first word of it. */
  progress = $state.raw<P | null>(null);
  problem = $state.raw<WitanFailure | null>(null);
  /** The last one was stopped by hand, which is no failure. */
  stopped = $state(false);
  #abort: AbortController | null = null;

  /** What was measured; null where it failed, was stopped, or was running. */
  async run<R>(
    measure: (signal: AbortSignal, onProgress: (progress: P) => void) => Promise<Outcome<R>>,
  ): Promise<R | null> {
    if (this.running) return null;
    const abort = new AbortController();
    this.#abort = abort;
    this.running = true;
    this.progress = null;
    this.problem = null;
    this.stopped = false;
    try {
      const measured = await measure(abort.signal, (progress) => {
        this.progress = progress;
      });
      if (measured.ok) return measured.value;
      this.#failed(measured.error);
    } catch (thrown) {
      this.#failed(failureOf(thrown));
    } finally {
      this.running = false;
      this.progress = null;
      this.#abort = null;
    }
    return null;
  }

  stop(): void {
    this.#abort?.abort();
  }

  #failed(problem: WitanFailure): void {
    if (problem.code === 'cancelled') this.stopped = true;
    else this.problem = problem;
  }
}
