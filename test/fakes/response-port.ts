import { err, ok } from '#kernel/result';
import { failure, type Outcome } from '#contracts/errors';
import type { ResponseCachePort, ResponseCacheStats } from '#contracts/response-cache';

export const RESPONSE_STATS: ResponseCacheStats = {
  enabled: true,
  sinceMs: Date.UTC(2026, 0, 5, 9, 30),
  hits: 3,
  misses: 9,
  shared: 0,
  bypassed: 1,
  stored: 8,
  unfit: 1,
  evicted: 0,
  expired: 0,
  invalidated: 0,
  damaged: 0,
  failed: 0,
  entries: 42,
  bytes: 96_300,
  persistent: true,
};

/** A cache of answers that does as it is told, as long as it does not fail. */
export class FakeResponsePort implements ResponseCachePort {
  now: ResponseCacheStats = RESPONSE_STATS;
  failing = false;

  stats(): Promise<Outcome<ResponseCacheStats>> {
    return this.#settle(() => this.now);
  }

  clear(): Promise<Outcome<null>> {
    return this.#settle(() => {
      this.now = { ...this.now, entries: 0, bytes: 0 };
      return null;
    });
  }

  async setEnabled(enabled: boolean): Promise<Outcome<null>> {
    const cleared = enabled ? ok(null) : await this.clear();
    if (cleared.ok) this.now = { ...this.now, enabled };
    return cleared;
  }

  #settle<T>(act: () => T): Promise<Outcome<T>> {
    return Promise.resolve(this.failing ? err(failure('storage-failed', { store: 'responses' })) : ok(act()));
  }
}
