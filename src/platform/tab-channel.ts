/** Tells the other tabs of this origin that shared records changed. Silent where BroadcastChannel is missing. */
export class TabChannel {
  readonly #channel: BroadcastChannel | null;
  readonly #listeners = new Set<() => void>();

  constructor(name: string) {
    this.#channel = typeof BroadcastChannel === 'undefined' ? null : new BroadcastChannel(name);
    this.#channel?.addEventListener('message', () => {
      this.#notify();
    });
  }

  /** Announces a change to this tab and the others. */
  announce(): void {
    this.#channel?.postMessage('changed');
    this.#notify();
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #notify(): void {
    for (const listener of this.#listeners) listener();
  }
}
