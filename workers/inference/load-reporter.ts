import type { LoadProgress } from '#contracts/engine';

/** The page repaints at most four times a second for it. */
const REPORT_INTERVAL_MS = 250;

/** Tells the page how far a load is: the beginning and the end of a phase at once, what is between now and then. */
export class LoadReporter {
  readonly #port: MessagePort | undefined;
  #phase: LoadProgress['phase'] | null = null;
  #fraction = 0;
  #reportedMs = Number.NEGATIVE_INFINITY;

  /** @param port where the page listens, if it does */
  constructor(port: MessagePort | undefined) {
    this.#port = port;
  }

  readonly report = (progress: LoadProgress): void => {
    const now = performance.now();
    const turns = progress.phase !== this.#phase || (progress.fraction >= 1 && this.#fraction < 1);
    if (!turns && now - this.#reportedMs < REPORT_INTERVAL_MS) return;
    this.#phase = progress.phase;
    this.#fraction = progress.fraction;
    this.#reportedMs = now;
    this.#port?.postMessage(progress);
  };

  close(): void {
    this.#port?.close();
  }
}
