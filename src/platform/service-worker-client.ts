/** Registers the service worker and tells when a new version waits. */
export class ServiceWorkerClient {
  #waiting: ServiceWorker | null = null;
  readonly #listeners = new Set<() => void>();

  /** True when a new version is installed and waits for the user's word. */
  get ready(): boolean {
    return this.#waiting !== null;
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Switches to the waiting version and reloads the page once it is in charge. */
  apply(): void {
    if (this.#waiting === null) return;
    navigator.serviceWorker.addEventListener('controllerchange', () => {
      location.reload();
    });
    this.#waiting.postMessage({ type: 'SKIP_WAITING' });
  }

  /**
   * Registers after the page has loaded, so that the first paint does not compete with the precache.
   * Does nothing where service workers are missing or refused: the page then works online only.
   * @param scriptUrl of the service worker, relative to the page
   */
  async register(scriptUrl: string): Promise<void> {
    if (!('serviceWorker' in navigator)) return;
    try {
      const registration = await navigator.serviceWorker.register(scriptUrl);
      this.#watch(registration);
      await reloadOnceForIsolation();
    } catch {
      // Private windows of some browsers refuse registration; nothing else depends on it.
    }
  }

  #watch(registration: ServiceWorkerRegistration): void {
    const offer = (worker: ServiceWorker | null): void => {
      if (worker === null || navigator.serviceWorker.controller === null) return;
      this.#waiting = worker;
      for (const listener of this.#listeners) listener();
    };
    offer(registration.waiting);
    registration.addEventListener('updatefound', () => {
      const installing = registration.installing;
      installing?.addEventListener('statechange', () => {
        if (installing.state === 'installed') offer(registration.waiting);
      });
    });
  }
}

const RELOADED_AT = 'witan.reloaded-for-isolation';
/** A browser that refuses isolation must not loop; a forced reload (which bypasses the service worker) may be mended. */
const RELOAD_AGAIN_AFTER_MS = 30_000;

/**
 * On hosts without isolation headers the service worker adds them, but only from the next load on, and a forced reload
 * goes past it. Reloads once then, unless somebody is already using the page: threads are not worth a lost question.
 */
async function reloadOnceForIsolation(): Promise<void> {
  if (crossOriginIsolated) return;
  const reloadedAt = Number(sessionStorage.getItem(RELOADED_AT) ?? 0);
  if (Date.now() - reloadedAt < RELOAD_AGAIN_AFTER_MS) return;
  await navigator.serviceWorker.ready;
  const { userActivation } = navigator as Partial<Navigator>;
  if (userActivation?.hasBeenActive === true) return;
  sessionStorage.setItem(RELOADED_AT, String(Date.now()));
  location.reload();
}
