/** The part of `PressureObserver` used here. */
interface Observer {
  observe(source: 'cpu', options: { readonly sampleInterval: number }): Promise<void>;
}
type ObserverClass = new (onChange: (changes: readonly { readonly state: unknown }[]) => void) => Observer;

/** The system is asked no more often; the callback comes when the state changes. */
const SAMPLE_INTERVAL_MS = 1_000;

/**
 * The state of Compute Pressure. A first one takes a sample or two, so the watch goes on from the first question: later
 * ones are answered at once.
 */
export class PressureWatch {
  readonly #observer: () => ObserverClass | undefined;
  #newest: unknown = undefined;
  #first: Promise<unknown> | null = null;

  /** @param observer the browser's class, undefined where it has none */
  constructor(observer: () => ObserverClass | undefined) {
    this.#observer = observer;
  }

  /** The newest state. Settles with the first one where there is none yet; null where the browser tells none or refuses. */
  async state(): Promise<unknown> {
    this.#first ??= this.#watch();
    const first = await this.#first;
    return this.#newest ?? first;
  }

  #watch(): Promise<unknown> {
    const Class = this.#observer();
    if (Class === undefined) return Promise.resolve(null);
    return new Promise((resolve) => {
      const observer = new Class((changes) => {
        this.#newest = changes.at(-1)?.state;
        resolve(this.#newest);
      });
      // Refused by a permissions policy, or the system has no such figure.
      observer.observe('cpu', { sampleInterval: SAMPLE_INTERVAL_MS }).catch(() => {
        resolve(null);
      });
    });
  }
}

/** Of this page. */
export const cpuPressure = new PressureWatch(
  () => Reflect.get(globalThis, 'PressureObserver') as ObserverClass | undefined,
);
