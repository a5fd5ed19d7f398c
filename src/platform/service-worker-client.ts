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

const RELOADED_FLAG = 'witan.reloaded-for-isolation';

/**
 * On hosts without isolation headers the service worker adds them, but only from the next load on. Reloads once, never
 * twice in a session (a browser that refuses isolation would otherwise loop).
 */
async function reloadOnceForIsolation(): Promise<void> {
  if (crossOriginIsolated) return;
  if (sessionStorage.getItem(RELOADED_FLAG) !== null) return;
  await navigator.serviceWorker.ready;
  if (navigator.serviceWorker.controller === null) {
    await new Promise((resolve) => {
      navigator.serviceWorker.addEventListener('controllerchange', resolve, { once: true });
    });
  }
  sessionStorage.setItem(RELOADED_FLAG, 'yes');
  location.reload();
}
