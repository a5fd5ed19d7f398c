import { TokenBucket, type BucketLimit } from './token-bucket.ts';

export interface RateLimits {
  readonly requests?: BucketLimit;
  /** Prompt and answer together. */
  readonly tokens?: BucketLimit;
}

/**
 * Shapes traffic to a rate of requests and of tokens: what is too much now waits, and nothing is dropped. A request is
 * charged what it may cost at most, and gets back what it did not use.
 */
export class TrafficShaper {
  readonly #requests: TokenBucket | null;
  readonly #tokens: TokenBucket | null;

  constructor({ requests, tokens }: RateLimits, nowMs: number) {
    this.#requests = requests === undefined ? null : new TokenBucket(requests, nowMs);
    this.#tokens = tokens === undefined ? null : new TokenBucket(tokens, nowMs);
  }

  /** Milliseconds until a request of so many tokens may begin; 0: now. */
  waitMs(tokens: number, nowMs: number): number {
    return Math.max(this.#requests?.waitMs(1, nowMs) ?? 0, this.#tokens?.waitMs(tokens, nowMs) ?? 0);
  }

  begin(tokens: number, nowMs: number): void {
    this.#requests?.take(1, nowMs);
    this.#tokens?.take(tokens, nowMs);
  }

  /** It has ended, and used so many of the tokens it was charged. */
  end(charged: number, used: number): void {
    this.#tokens?.giveBack(charged - used);
  }
}
