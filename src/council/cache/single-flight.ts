import { err } from '#kernel/result';
import { untilAborted } from '#kernel/until-aborted';
import { failure, failureOf, type Outcome, type WitanFailure } from '#contracts/errors';

interface Flight<T> {
  readonly result: Promise<Outcome<T>>;
  readonly stop: AbortController;
  /** Callers that still wait. */
  waiting: number;
}

/** Runs a task once for all who want the same at the same time. */
export class SingleFlight<T> {
  readonly #flights = new Map<string, Flight<T>>();

  /** Tasks under way. */
  get size(): number {
    return this.#flights.size;
  }

  has(key: string): boolean {
    return this.#flights.has(key);
  }

  /**
   * Joins the task that runs under `key`, or starts it. Who leaves while others wait hears `cancelled`; the last who leaves
   * stops the task and hears what it has to say of that, as without others. Whoever comes then starts a new one.
   * Errors: cancelled, and those of the task; what it throws becomes a failure.
   */
  async run(
    signal: AbortSignal,
    key: string,
    task: (signal: AbortSignal) => Promise<Outcome<T>>,
  ): Promise<Outcome<T>> {
    if (signal.aborted) return err(failure('cancelled'));
    const flight = this.#flights.get(key) ?? this.#start(key, task);
    flight.waiting += 1;
    const result = await untilAborted(flight.result, signal);
    flight.waiting -= 1;
    if (result !== null) return result;
    if (flight.waiting > 0) return err(failure('cancelled'));
    if (this.#flights.get(key) === flight) this.#flights.delete(key);
    flight.stop.abort();
    return flight.result;
  }

  #start(key: string, task: (signal: AbortSignal) => Promise<Outcome<T>>): Flight<T> {
    const stop = new AbortController();
    const flight: Flight<T> = {
      stop,
      waiting: 0,
      result: Promise.resolve()
        .then(() => task(stop.signal))
        .catch((thrown: unknown) => err<WitanFailure>(failureOf(thrown)))
        .finally(() => {
          if (this.#flights.get(key) === flight) this.#flights.delete(key);
        }),
    };
    this.#flights.set(key, flight);
    return flight;
  }
}
