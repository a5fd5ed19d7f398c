import type { Clock } from '#kernel/clock';
import { untilAborted } from '#kernel/until-aborted';
import type { IdlePort, Reluctance } from '#contracts/idle';

/** What of the browser tells whether the device has time and power to spare. All of it may be missing. */
export interface IdleSources {
  readonly visible: () => boolean;
  /** Compute Pressure: `nominal`, `fair`, `serious`, `critical`; null where nobody tells. */
  readonly pressure: () => Promise<unknown>;
  /** Battery Status API; rejects or is undefined where there is none. */
  readonly battery: (() => Promise<{ readonly charging: boolean }>) | undefined;
  /** `navigator.connection.saveData`; no browser tells of its battery saver itself. */
  readonly saveData: () => boolean;
  readonly requestIdle: ((task: () => void) => void) | undefined;
}

/** Without `requestIdleCallback` (Safari): long enough for a frame and what it brought. */
const PAUSE_MS = 50;

/** Looks at page, processor and battery before work that nobody waits for. */
export class IdleSignal implements IdlePort {
  readonly #clock: Clock;
  readonly #sources: IdleSources;

  constructor(clock: Clock, sources: IdleSources) {
    this.#clock = clock;
    this.#sources = sources;
  }

  async idle(signal: AbortSignal): Promise<void> {
    const { requestIdle } = this.#sources;
    const reached = new Promise<void>((resolve) => {
      if (requestIdle === undefined) this.#clock.after(PAUSE_MS, resolve);
      else requestIdle(resolve);
    });
    await untilAborted(reached, signal);
  }

  async reluctance(): Promise<Reluctance | null> {
    const { visible, pressure, battery, saveData } = this.#sources;
    if (!visible()) return 'hidden';
    if (saveData()) return 'saver';
    // Where nobody tells of a battery there may be none, or there is no telling: a desktop, or Safari.
    const power = await battery?.().catch(() => null);
    if (power?.charging === false) return 'battery';
    const state = await pressure();
    return state === 'serious' || state === 'critical' ? 'pressure' : null;
  }
}

interface PowerNavigator {
  readonly getBattery?: () => Promise<{ readonly charging: boolean }>;
  readonly connection?: { readonly saveData?: boolean };
}

/** Of this page. */
export function pageIdleSources(visible: () => boolean, pressure: () => Promise<unknown>): IdleSources {
  const power = navigator as PowerNavigator;
  const idle = Reflect.get(globalThis, 'requestIdleCallback') as ((task: () => void) => void) | undefined;
  return {
    visible,
    pressure,
    battery: power.getBattery?.bind(navigator),
    saveData: () => power.connection?.saveData === true,
    requestIdle: idle,
  };
}
