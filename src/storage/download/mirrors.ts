import { backoffMs } from '#kernel/backoff';
import type { Random } from '#kernel/random';
import type { DownloadPolicy } from './download-policy.ts';
import { mostTellingFault, type FetchFault } from './fetch-fault.ts';

/** One address of the file, and what is known of the server behind it. */
export interface Mirror {
  readonly url: string;
  /** `yes`: a range was answered with a part. `no`: it was seen that ranges do not work. */
  ranges: 'untried' | 'yes' | 'no';
  /** Requests with a range that got no answer while ranges were untried: some servers fail them, see `asksForRanges`. */
  rangeFailures: number;
  /** In a row, without one chunk kept in between. */
  failures: number;
  restUntilMs: number;
  lastFault: FetchFault | null;
  /** Given up for this download. */
  gone: boolean;
  /** Chunks of it were part of a whole that differed from its hash. */
  disproved: number;
  /** Exponentially weighted mean of what its chunks came with; null when none came. */
  bytesPerSecond: number | null;
  etag: string | null;
}

/** Weight of the newest chunk: a change of speed is believed after some three chunks. */
const EWMA_WEIGHT = 0.3;

/** Who is asked for the next bytes: a server in health, the fastest by a clear margin, the preferred otherwise. */
export class Mirrors {
  readonly #all: readonly Mirror[];
  readonly #policy: DownloadPolicy;
  readonly #random: Random;

  constructor(urls: readonly string[], policy: DownloadPolicy, random: Random) {
    this.#policy = policy;
    this.#random = random;
    this.#all = [...new Set(urls)].map((url) => ({
      url,
      ranges: 'untried',
      rangeFailures: 0,
      failures: 0,
      restUntilMs: -Infinity,
      lastFault: null,
      gone: false,
      disproved: 0,
      bytesPerSecond: null,
      etag: null,
    }));
  }

  /**
   * The server to ask now; null when all rest or are given up.
   * @param avoid those that gave bad bytes for what is wanted: asked only when nobody else is there
   * @param current the one asked last, kept unless another is clearly better
   */
  pick(nowMs: number, avoid: ReadonlySet<string>, current: Mirror | null): Mirror | null {
    const ready = this.#all.filter((mirror) => !mirror.gone && mirror.restUntilMs <= nowMs);
    const ordered = current !== null && ready.includes(current) ? [current, ...ready] : ready;
    return ordered.reduce<Mirror | null>(
      (best, next) => (best === null || this.#isBetter(next, best, avoid) ? next : best),
      null,
    );
  }

  /** When the first that rests is ready; null when none is left. */
  wakeMs(): number | null {
    const left = this.#all.filter(({ gone }) => !gone);
    return left.length === 0 ? null : Math.min(...left.map(({ restUntilMs }) => restUntilMs));
  }

  /** Whether somebody who is ready is clearly faster, or would be if he is what is assumed of him. */
  isSlow(mirror: Mirror, nowMs: number): boolean {
    return this.#all.some(
      (other) =>
        other !== mirror &&
        !other.gone &&
        other.restUntilMs <= nowMs &&
        other.ranges !== 'no' &&
        other.disproved <= mirror.disproved &&
        this.#speed(other) > this.#speed(mirror) * this.#policy.fasterBy,
    );
  }

  /** Why nobody is left, or why all rest. */
  lastFault(): FetchFault {
    return mostTellingFault(this.#all.flatMap(({ lastFault }) => lastFault ?? []));
  }

  failed(mirror: Mirror, what: FetchFault, nowMs: number): void {
    mirror.lastFault = what;
    mirror.failures += 1;
    mirror.gone ||= what.lasting || mirror.failures >= this.#policy.failuresInARow;
    const restMs = Math.max(what.restMs ?? 0, backoffMs(this.#policy, mirror.failures - 1, this.#random));
    mirror.restUntilMs = Math.max(mirror.restUntilMs, nowMs + restMs);
  }

  /** A chunk from this server was proved and kept. */
  kept(mirror: Mirror): void {
    mirror.failures = 0;
  }

  /** @param elapsedMs spent waiting for the network only */
  measured(mirror: Mirror, bytes: number, elapsedMs: number): void {
    const speed = (bytes * 1000) / Math.max(1, elapsedMs);
    const before = mirror.bytesPerSecond ?? speed;
    mirror.bytesPerSecond = before + EWMA_WEIGHT * (speed - before);
  }

  /** The whole differs from its hash: those whose bytes are in it are asked last from now on. */
  disproved(urls: ReadonlySet<string>): void {
    for (const mirror of this.#all) if (urls.has(mirror.url)) mirror.disproved += 1;
  }

  #isBetter(next: Mirror, best: Mirror, avoid: ReadonlySet<string>): boolean {
    const reasons = [
      Number(avoid.has(best.url)) - Number(avoid.has(next.url)),
      best.disproved - next.disproved,
      // All of a file for the sake of a few chunks: only when nobody sends parts.
      Number(best.ranges === 'no') - Number(next.ranges === 'no'),
    ];
    const first = reasons.find((reason) => reason !== 0);
    if (first !== undefined) return first > 0;
    return this.#speed(next) > this.#speed(best) * this.#policy.fasterBy;
  }

  #speed({ bytesPerSecond }: Mirror): number {
    return bytesPerSecond ?? this.#policy.assumedBytesPerSecond;
  }
}

/**
 * Whether this server is asked for ranges. A request with a range that fails without an answer may be one that the server
 * compressed all the same, which browsers refuse: then the whole is asked for. With chunks already kept that would cost
 * more than it brings, so the range is tried once more.
 */
export function asksForRanges(mirror: Mirror, anyKept: boolean): boolean {
  if (mirror.ranges !== 'untried') return mirror.ranges === 'yes';
  return mirror.rangeFailures < (anyKept ? 2 : 1);
}
