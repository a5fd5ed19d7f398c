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
      // Only hosts without isolation headers need this code.
      if (!crossOriginIsolated) await (await import('./isolation-reload.ts')).reloadOnceForIsolation();
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
