interface KeptRequest {
  readonly url: string;
}

/** One cache of the Cache API, as far as web-llm uses it. */
class FakeCache {
  readonly kept = new Map<string, string>();
  readonly #caches: FakeCaches;

  constructor(caches: FakeCaches) {
    this.#caches = caches;
  }

  match(request: KeptRequest): Promise<Response | undefined> {
    const body = this.kept.get(request.url);
    return Promise.resolve(body === undefined ? undefined : new Response(body));
  }

  add(request: KeptRequest): Promise<void> {
    this.#caches.fetched.push(request.url);
    const body = this.#caches.network.get(request.url);
    // Chromium's words for a response that is not ok.
    if (body === undefined)
      return Promise.reject(new TypeError("Failed to execute 'add' on 'Cache': Request failed"));
    this.kept.set(request.url, body);
    return Promise.resolve();
  }

  /** Keeps nothing of a body that breaks. */
  async put(request: KeptRequest, response: Response): Promise<void> {
    const body = await response.text();
    if (this.#caches.full) throw new DOMException('Quota exceeded.', 'QuotaExceededError');
    this.kept.set(request.url, body);
  }

  keys(): Promise<readonly KeptRequest[]> {
    return Promise.resolve([...this.kept.keys()].map((url) => ({ url })));
  }

  delete(request: KeptRequest): Promise<boolean> {
    return Promise.resolve(this.kept.delete(request.url));
  }
}

/** The worker's `caches`, over a network that holds what the test puts there. */
export class FakeCaches {
  /** Bodies by URL; what is not here is a 404. */
  readonly network = new Map<string, string>();
  readonly fetched: string[] = [];
  /** Whether the device has no room left. */
  full = false;
  readonly #caches = new Map<string, FakeCache>();

  open(name: string): Promise<FakeCache> {
    return Promise.resolve(this.named(name));
  }

  named(name: string): FakeCache {
    const cache = this.#caches.get(name) ?? new FakeCache(this);
    this.#caches.set(name, cache);
    return cache;
  }
}
