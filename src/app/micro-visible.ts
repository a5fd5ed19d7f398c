import type { Clock } from '#kernel/clock';
import { err } from '#kernel/result';
import { failure, type Outcome } from '#contracts/errors';
import { VisibilityLog } from '../bench/visibility-log.ts';

export interface VisiblePorts {
  readonly clock: Clock;
  readonly visible: () => boolean;
  readonly onVisibility: (listener: (visible: boolean) => void) => () => void;
}

/** A page that is hidden for so long, all together, is not being looked at: the measurement gives up. */
const HIDDEN_LIMIT_MS = 60_000;
/** So many repetitions thrown away are a page that comes and goes all the time. */
const VOID_LIMIT = 12;

/** Sees to it that nothing counts that was measured while the page was hidden: browsers then slow everything down. */
export class MicroVisible {
  readonly #ports: VisiblePorts;
  readonly #log: VisibilityLog;
  readonly #startMs: number;
  readonly #changed = new Set<() => void>();
  readonly #forget: () => void;
  #voided = 0;

  constructor(ports: VisiblePorts) {
    this.#ports = ports;
    this.#startMs = ports.clock.nowMs();
    this.#log = new VisibilityLog(ports.clock, !ports.visible());
    this.#forget = ports.onVisibility((visible) => {
      this.#log.note(!visible);
      for (const changed of [...this.#changed]) changed();
    });
  }

  /** Repetitions thrown away. */
  get voided(): number {
    return this.#voided;
  }

  /** Milliseconds since the beginning in which the page could be seen. */
  spentMs(): number {
    return this.#ports.clock.nowMs() - this.#startMs - this.#log.read().hiddenMs;
  }

  /** What `work` gives when the page was there from beginning to end: it is done again until it was. Errors: benchmark-void. */
  async seen<T>(signal: AbortSignal, work: () => Promise<Outcome<T>>): Promise<Outcome<T>> {
    while (this.#voided <= VOID_LIMIT) {
      if (this.#log.read().hidden && !(await this.#shown(signal))) break;
      if (signal.aborted) return err(failure('cancelled'));
      const before = this.#log.read().episodes;
      const outcome = await work();
      if (signal.aborted) return err(failure('cancelled'));
      if (this.#log.read().episodes === before) return outcome;
      this.#voided += 1;
    }
    return err(signal.aborted ? failure('cancelled') : failure('benchmark-void', { reason: 'hidden' }));
  }

  end(): void {
    this.#forget();
  }

  /** @returns false when it was hidden for too long, or the signal aborted */
  #shown(signal: AbortSignal): Promise<boolean> {
    const leftMs = HIDDEN_LIMIT_MS - this.#log.read().hiddenMs;
    if (signal.aborted || leftMs <= 0) return Promise.resolve(false);
    return new Promise((resolve) => {
      const settle = (shown: boolean): void => {
        cancel();
        this.#changed.delete(onChange);
        signal.removeEventListener('abort', onAbort);
        resolve(shown);
      };
      const onChange = (): void => {
        if (!this.#log.read().hidden) settle(true);
      };
      const onAbort = (): void => {
        settle(false);
      };
      const cancel = this.#ports.clock.after(leftMs, () => {
        settle(false);
      });
      this.#changed.add(onChange);
      signal.addEventListener('abort', onAbort, { once: true });
    });
  }
}
