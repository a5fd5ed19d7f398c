import * as v from 'valibot';
import type { Clock } from '#kernel/clock';
import { err, ok } from '#kernel/result';
import { DeliberationSchema, type Deliberation } from '#contracts/deliberation';
import { failure, type Outcome } from '#contracts/errors';
import type { WitanDatabase } from './database.ts';
import { DatabaseShelf, MemoryShelf, type ResponseShelf } from './response-shelf.ts';

export const ResponseHeaderSchema = v.object({
  schema: v.literal('witan.response'),
  version: v.literal(1),
  key: v.pipe(v.string(), v.minLength(1)),
  /** Id of the round whose answer it is. */
  roundId: v.string(),
  /** Ids of the models that gave it. */
  models: v.array(v.string()),
  /** Milliseconds since the Unix epoch. */
  storedAt: v.pipe(v.number(), v.finite()),
  /** Orders the entries by their last use: the wall clock where that goes forward. */
  usedAt: v.pipe(v.number(), v.finite()),
  sizeBytes: v.pipe(v.number(), v.integer(), v.minValue(1)),
});
export type ResponseHeader = v.InferOutput<typeof ResponseHeaderSchema>;

export interface ResponseLimits {
  /** Bytes of all kept answers together, as UTF-8 of their JSON. */
  readonly maxBytes: number;
  readonly maxEntries: number;
  /** Answers older than this are asked anew, milliseconds. */
  readonly ttlMs: number;
}

/**
 * A record takes 1 to 3 KB, so these are some thousand questions. The headers of all are read at every write, hence the
 * bound on their number (4,096 take a few milliseconds). The weights do not change under a key, so an answer does not age;
 * a week bounds how long one can outlive a cause that the key does not know of.
 */
export const RESPONSE_LIMITS: ResponseLimits = {
  maxBytes: 8 * 1024 * 1024,
  maxEntries: 4_096,
  ttlMs: 7 * 86_400_000,
};

/** Without a database the entries take the tab's own memory. */
const MEMORY_BYTES = 2 * 1024 * 1024;

/**
 * A wall clock may be set back by this much (a drift put right) without an entry counting as one from the future, whose age
 * nobody knows.
 */
const CLOCK_STEP_MS = 5 * 60_000;

/** What happened since the store was made. */
export interface ResponseCounts {
  readonly evicted: number;
  readonly expired: number;
  readonly invalidated: number;
  /** Entries that could not be read; they were dropped. */
  readonly damaged: number;
  /** Entries that were not kept: no room, or the database refused. */
  readonly failed: number;
}

export interface KeptResponse {
  readonly record: Deliberation;
  readonly storedAt: number;
}

/**
 * Answers by the key of their question, the least recently used given up first. Every change is one transaction that sees
 * all entries, so the bounds hold for all tabs together. Without a database, and after the browser took it away, the
 * entries live in memory as long as the tab does.
 */
export class ResponseStore {
  readonly #clock: Clock;
  readonly #limits: ResponseLimits;
  #shelf: ResponseShelf;
  /** The latest use that this tab knows of: each next one is later, also where the wall clock was set back. */
  #latestUse = 0;
  #counts = { evicted: 0, expired: 0, invalidated: 0, damaged: 0, failed: 0 };

  constructor(clock: Clock, database: WitanDatabase | null, limits: ResponseLimits = RESPONSE_LIMITS) {
    this.#clock = clock;
    this.#limits = limits;
    this.#shelf = database === null ? new MemoryShelf() : new DatabaseShelf(database);
  }

  get persistent(): boolean {
    return this.#shelf.persistent;
  }

  get counts(): ResponseCounts {
    return { ...this.#counts };
  }

  /**
   * The answer kept under this key; null when there is none, it is too old, or it is damaged (it is then dropped).
   * @param prompt of the question: an entry of another one counts as damaged
   * Errors: storage-failed.
   */
  async get(key: string, prompt: string): Promise<Outcome<KeptResponse | null>> {
    return this.#attempt(async (shelf) => {
      const entry = await shelf.read(key);
      if (entry === null) return null;
      const header = headerOf(entry.header, key);
      const body = v.safeParse(DeliberationSchema, entry.body);
      if (header === null || !body.success || body.output.prompt !== prompt) {
        this.#counts.damaged += 1;
        await shelf.change(() => ({ drop: [key] }));
        return null;
      }
      if (this.#isExpired(header)) {
        this.#counts.expired += 1;
        await shelf.change(() => ({ drop: [key] }));
        return null;
      }
      await this.#touch(shelf, header);
      return { record: body.output, storedAt: header.storedAt };
    });
  }

  /**
   * Keeps an answer, and gives up what is too old, and of the rest the least recently used as far as room is needed.
   * Errors: storage-failed; storage-full (all entries are then given up); record-invalid (nothing is kept: it could never be
   * read again).
   */
  async put(key: string, record: Deliberation, models: readonly string[]): Promise<Outcome<null>> {
    const valid = v.safeParse(DeliberationSchema, record);
    if (!valid.success) return err(failure('record-invalid', { store: 'responses' }));
    const body = valid.output;
    const sizeBytes = new TextEncoder().encode(JSON.stringify(body)).length;
    const maxBytes = this.#shelf.persistent
      ? this.#limits.maxBytes
      : Math.min(MEMORY_BYTES, this.#limits.maxBytes);
    if (sizeBytes > maxBytes || this.#limits.maxEntries < 1) {
      this.#counts.failed += 1;
      return ok(null);
    }
    const make = (usedAt: number): ResponseHeader => ({
      schema: 'witan.response',
      version: 1,
      key,
      roundId: record.id,
      models: [...models],
      storedAt: this.#clock.epochMs(),
      usedAt,
      sizeBytes,
    });
    const kept = await this.#attempt(async (shelf) => {
      let counted: Counted = NOTHING_GONE;
      await shelf.change((entries) => {
        const { headers, damaged } = sorted(entries);
        const others = headers.filter((header) => header.key !== key);
        const fresh = others.filter((header) => !this.#isExpired(header));
        const stale = others.filter((header) => this.#isExpired(header)).map((header) => header.key);
        const evicted = surplus(fresh, maxBytes - sizeBytes, this.#limits.maxEntries - 1);
        const broken = damaged.filter((each) => each !== key);
        counted = { evicted: evicted.length, expired: stale.length, damaged: broken.length };
        this.#latestUse = Math.max(this.#latestUse, ...fresh.map(({ usedAt }) => usedAt));
        return {
          drop: [...stale, ...broken, ...evicted.map((header) => header.key)],
          put: { header: make(this.#nextUse()), body },
        };
      });
      this.#count(counted); // Not before it is done.
      return null;
    });
    if (!kept.ok && kept.error.code === 'storage-full') await this.#giveUpRoom();
    return kept;
  }

  /** Forgets the answers for which `which` says so; entries that cannot be read always go. Errors: storage-failed. */
  async invalidate(which: (header: ResponseHeader) => boolean): Promise<Outcome<null>> {
    return this.#attempt(async (shelf) => {
      let counted: Counted = NOTHING_GONE;
      await shelf.change((entries) => {
        const { headers, damaged } = sorted(entries);
        const gone = headers.filter(which).map(({ key }) => key);
        counted = { invalidated: gone.length, damaged: damaged.length };
        return { drop: [...gone, ...damaged] };
      });
      this.#count(counted);
      return null;
    });
  }

  /** Errors: storage-failed. */
  async size(): Promise<Outcome<{ readonly entries: number; readonly bytes: number }>> {
    return this.#attempt(async (shelf) => {
      const { headers } = sorted(await shelf.list());
      return { entries: headers.length, bytes: bytesOf(headers) };
    });
  }

  /** A full device has better use for the room: what was asked for once is lost with it, answers can be asked for again. */
  async #giveUpRoom(): Promise<void> {
    await this.#attempt(async (shelf) => {
      let evicted = 0;
      await shelf.change((entries) => {
        evicted = entries.length;
        return { drop: entries.map(({ key }) => key) };
      });
      this.#count({ evicted });
    });
  }

  #count(counted: Counted): void {
    for (const [what, by] of Object.entries(counted) as [keyof ResponseCounts, number][])
      this.#counts[what] += by;
  }

  async #touch(shelf: ResponseShelf, header: ResponseHeader): Promise<void> {
    this.#latestUse = Math.max(this.#latestUse, header.usedAt);
    const usedAt = this.#nextUse();
    // That it was used is worth no failure: the answer is here.
    await shelf.touch(header.key, { ...header, usedAt }).catch(() => undefined);
  }

  #nextUse(): number {
    this.#latestUse = Math.max(this.#clock.epochMs(), this.#latestUse + 1);
    return this.#latestUse;
  }

  #isExpired({ storedAt }: ResponseHeader): boolean {
    const ageMs = this.#clock.epochMs() - storedAt;
    return ageMs > this.#limits.ttlMs || ageMs < -CLOCK_STEP_MS;
  }

  async #attempt<T>(act: (shelf: ResponseShelf) => Promise<T>): Promise<Outcome<T>> {
    try {
      return ok(await act(this.#shelf));
    } catch (thrown) {
      this.#counts.failed += 1;
      // InvalidStateError: the connection is closed for good (storage cleared, another version), so go on in memory.
      if (thrown instanceof DOMException && thrown.name === 'InvalidStateError')
        this.#shelf = new MemoryShelf();
      const full = thrown instanceof DOMException && thrown.name === 'QuotaExceededError';
      return err(failure(full ? 'storage-full' : 'storage-failed', { store: 'responses' }, thrown));
    }
  }
}

type Counted = Partial<ResponseCounts>;
const NOTHING_GONE: Counted = {};

const bytesOf = (headers: readonly ResponseHeader[]): number =>
  headers.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);

function headerOf(value: unknown, key: string): ResponseHeader | null {
  const parsed = v.safeParse(ResponseHeaderSchema, value);
  return parsed.success && parsed.output.key === key ? parsed.output : null;
}

function sorted(entries: readonly { readonly key: string; readonly header: unknown }[]): {
  readonly headers: readonly ResponseHeader[];
  readonly damaged: readonly string[];
} {
  const headers: ResponseHeader[] = [];
  const damaged: string[] = [];
  for (const { key, header } of entries) {
    const parsed = headerOf(header, key);
    if (parsed === null) damaged.push(key);
    else headers.push(parsed);
  }
  return { headers, damaged };
}

/** Whom to give up, least recently used first, until the rest has room. */
function surplus(
  headers: readonly ResponseHeader[],
  maxBytes: number,
  maxEntries: number,
): readonly ResponseHeader[] {
  const oldestFirst = [...headers].sort((a, b) => a.usedAt - b.usedAt);
  let bytes = bytesOf(headers);
  let count = 0;
  for (const { sizeBytes } of oldestFirst) {
    if (bytes <= maxBytes && oldestFirst.length - count <= maxEntries) break;
    bytes -= sizeBytes;
    count += 1;
  }
  return oldestFirst.slice(0, count);
}
