/** The part of `WakeLockSentinel` used here. */
export interface WakeSentinel {
  release(): Promise<void>;
  addEventListener(type: 'release', listener: () => void): void;
}

export interface WakeLockPorts {
  /** Rejects where the browser refuses (low battery, a page that is hidden). */
  readonly request: () => Promise<WakeSentinel>;
  readonly visible: () => boolean;
  readonly onVisibility: (listener: (visible: boolean) => void) => () => void;
}

/**
 * Keeps the screen on while it is wanted. The browser takes the lock away from a page that is hidden, and when the battery
 * runs low: it is asked for again when the page is next seen. A refusal is silent, for nothing depends on it.
 */
export class ScreenWakeLock {
  readonly #ports: WakeLockPorts;
  #wanted = false;
  #held: WakeSentinel | null = null;
  #asking = false;
  #stopWatching: (() => void) | null = null;

  constructor(ports: WakeLockPorts) {
    this.#ports = ports;
  }

  want(wanted: boolean): void {
    if (wanted === this.#wanted) return;
    this.#wanted = wanted;
    if (wanted) {
      this.#stopWatching = this.#ports.onVisibility((visible) => {
        if (visible) void this.#ask();
      });
      void this.#ask();
    } else {
      this.#stopWatching?.();
      this.#stopWatching = null;
      this.#letGo();
    }
  }

  async #ask(): Promise<void> {
    if (this.#asking || this.#held !== null || !this.#ports.visible()) return;
    this.#asking = true;
    try {
      const sentinel = await this.#ports.request();
      this.#held = sentinel;
      sentinel.addEventListener('release', () => {
        if (this.#held === sentinel) this.#held = null;
      });
      // The work may have ended while the browser thought about it.
      if (!this.#wanted) this.#letGo();
    } catch {
      // Refused: asked for again when the page is next seen.
    } finally {
      this.#asking = false;
    }
  }

  #letGo(): void {
    const held = this.#held;
    this.#held = null;
    held?.release().catch(() => undefined); // taken away already
  }
}

/** Null where the browser has no wake locks. */
export function screenWakeLock(visibility: Omit<WakeLockPorts, 'request'>): ScreenWakeLock | null {
  const { wakeLock } = navigator as Partial<Navigator>;
  if (wakeLock === undefined) return null;
  return new ScreenWakeLock({ ...visibility, request: () => wakeLock.request('screen') });
}
