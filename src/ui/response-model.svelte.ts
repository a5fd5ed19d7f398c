import { err } from '#kernel/result';
import type { Clock } from '#kernel/clock';
import { failureOf, type Outcome, type WitanFailure } from '#contracts/errors';
import type { WitanPorts } from '#contracts/ports';
import type { ResponseCachePort, ResponseCacheStats } from '#contracts/response-cache';

/** An answer is kept a moment after its round has ended, here or in another tab. To look takes a few milliseconds. */
const REFRESH_MS = 3_000;

/** What the cache of answers holds and did, looked at anew every few seconds, and the two changes to it. */
export class ResponseModel {
  /** Null until it was looked at. */
  stats = $state.raw<ResponseCacheStats | null>(null);
  problem = $state.raw<WitanFailure | null>(null);
  /** A change is under way. */
  changing = $state(false);
  /** Read out by screen readers. */
  announcement = $state('');
  readonly #ports: Pick<WitanPorts, 'responses'>;
  readonly #clock: Clock;

  constructor(ports: Pick<WitanPorts, 'responses'>, clock: Clock) {
    this.#ports = ports;
    this.#clock = clock;
  }

  /** Looks until the returned function is called; a look that takes long delays the next. */
  connect(): () => void {
    let left = false;
    let cancel: () => void = () => undefined;
    const next = (): void => {
      void this.#look().finally(() => {
        if (!left) cancel = this.#clock.after(REFRESH_MS, next);
      });
    };
    next();
    return () => {
      left = true;
      cancel();
    };
  }

  async forgetAll(): Promise<void> {
    await this.#change((port) => port.clear(), 'All answers are forgotten.');
  }

  async setEnabled(enabled: boolean): Promise<void> {
    const said = enabled
      ? 'Answers are kept from now on.'
      : 'Every question is asked. All answers are forgotten.';
    await this.#change((port) => port.setEnabled(enabled), said);
  }

  async #change(change: (port: ResponseCachePort) => Promise<Outcome<null>>, said: string): Promise<void> {
    if (this.changing) return;
    this.changing = true;
    this.announcement = '';
    const changed = await this.#use(change);
    await this.#look();
    this.problem = changed.ok ? null : changed.error;
    this.announcement = changed.ok ? said : '';
    this.changing = false;
  }

  async #look(): Promise<void> {
    const stats = await this.#use((port) => port.stats());
    const first = this.stats === null;
    if (stats.ok) this.stats = stats.value;
    // Once there are figures, a look that fails is made good by the next.
    if (first) this.problem = stats.ok ? null : stats.error;
  }

  /** The port's code is fetched with its first use, and that may fail. */
  async #use<T>(use: (port: ResponseCachePort) => Promise<Outcome<T>>): Promise<Outcome<T>> {
    try {
      return await use(await this.#ports.responses());
    } catch (thrown) {
      return err(failureOf(thrown));
    }
  }
}
