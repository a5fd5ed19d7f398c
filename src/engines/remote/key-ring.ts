import { err, ok } from '#kernel/result';
import { failure, type Outcome, type WitanFailure } from '#contracts/errors';

/** Visible ASCII: anything else fetch refuses with an error that quotes the whole header. */
const HEADER_SAFE = /^[\x21-\x7e]{1,4096}$/;
const HIDDEN = '[key]';
/** Shorter ones are placeholders ("x", "none") for servers that want any key; hiding them would garble every message. */
const SHORTEST_SECRET = 4;
/** Longest text of a server that is kept with a failure. */
const CAUSE_LIMIT = 300;

interface HeldKey {
  readonly origin: string;
  readonly key: string;
  /** Finds the key in what a server says, also as JSON, URLs and base64 spell it. */
  readonly spellings: RegExp;
}

/**
 * Keys of remote servers, in memory only. A key leaves it in one way: as an Authorization header for the origin it was
 * entered for. If the user changes the address of the server to another origin, the key stays behind.
 */
export class KeyRing {
  readonly #keys = new Map<string, HeldKey>();

  /**
   * Errors: usage (the key has characters that no header can carry); the message never holds the key.
   * @param baseUrl the server's address; only its origin counts
   */
  set(endpointId: string, baseUrl: string, key: string): Outcome<null> {
    const trimmed = key.trim(); // pasted keys bring line ends along
    if (!HEADER_SAFE.test(trimmed)) {
      return err(failure('usage', { problem: 'A key has visible ASCII characters only, 4096 at most.' }));
    }
    this.#keys.set(endpointId, {
      origin: new URL(baseUrl).origin,
      key: trimmed,
      spellings: spellings(trimmed),
    });
    return ok(null);
  }

  has(endpointId: string): boolean {
    return this.#keys.has(endpointId);
  }

  delete(endpointId: string): void {
    this.#keys.delete(endpointId);
  }

  clear(): void {
    this.#keys.clear();
  }

  /** The value of the Authorization header; null without a key, and for any other origin than the key's own. */
  authorization(endpointId: string, url: string): string | null {
    const held = this.#keys.get(endpointId);
    return held?.origin === new URL(url).origin ? `Bearer ${held.key}` : null;
  }

  /** For the vault only: what has to be encrypted. */
  entries(): readonly { readonly endpointId: string; readonly origin: string; readonly key: string }[] {
    return [...this.#keys].map(([endpointId, { origin, key }]) => ({ endpointId, origin, key }));
  }

  /** `text` without any key of this ring. */
  redact(text: string): string {
    let safe = text;
    for (const { key, spellings: found } of this.#keys.values()) {
      if (key.length >= SHORTEST_SECRET) safe = safe.replace(found, HIDDEN);
    }
    return safe;
  }

  /** The failure without any key, its cause cut short: servers echo what they were sent, and some send whole pages. */
  scrub(problem: WitanFailure): WitanFailure {
    const details = Object.fromEntries(
      Object.entries(problem.details).map(([name, value]) => [
        name,
        typeof value === 'string' ? this.redact(value) : value,
      ]),
    );
    return problem.cause === undefined
      ? { ...problem, details }
      : { ...problem, details, cause: this.redact(problem.cause).slice(0, CAUSE_LIMIT) };
  }
}

function spellings(key: string): RegExp {
  const forms = [
    key,
    JSON.stringify(key).slice(1, -1),
    encodeURIComponent(key),
    btoa(key).replace(/=+$/, ''),
  ];
  const literal = [...new Set(forms)].map((form) => form.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&'));
  return new RegExp(literal.join('|'), 'gi');
}
