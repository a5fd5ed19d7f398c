import type { Clock } from './clock.ts';

/**
 * Ends an exchange that was stopped, or of which nothing was heard for the time allowed. Its `signal` aborts in both
 * cases; `silence` tells them apart.
 */
export class SilenceWatch {
  readonly #clock: Clock;
  readonly #abort = new AbortController();
  readonly #stops: readonly AbortSignal[];
  readonly #onStop = (): void => {
    this.rest();
    this.#abort.abort();
  };
  #cancel: () => void = () => undefined;
  #silence: { readonly phase: string; readonly silentMs: number } | null = null;

  /** @param stops any of these ends the exchange */
  constructor(clock: Clock, ...stops: readonly AbortSignal[]) {
    this.#clock = clock;
    this.#stops = stops;
    for (const stop of stops) {
      if (stop.aborted) this.#abort.abort();
      else stop.addEventListener('abort', this.#onStop, { once: true });
    }
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** What was waited for in vain, and how long; null when the exchange was not ended by silence. */
  get silence(): { readonly phase: string; readonly silentMs: number } | null {
    return this.#silence;
  }

  /** From now on something has to be heard within `allowedMs`. */
  allow(allowedMs: number, phase: string): void {
    this.rest();
    if (this.signal.aborted) return;
    this.#cancel = this.#clock.after(allowedMs, () => {
      this.#silence = { phase, silentMs: allowedMs };
      this.#abort.abort();
    });
  }

  /** Stops waiting: it is not the server's turn. */
  rest(): void {
    this.#cancel();
    this.#cancel = () => undefined;
  }

  /** Has to be called when the exchange is over: lets go of timers and listeners, and of the connection. */
  end(): void {
    this.rest();
    for (const stop of this.#stops) stop.removeEventListener('abort', this.#onStop);
    this.#abort.abort();
  }
}
