import type { Clock } from '#kernel/clock';
import { inTime } from '#kernel/in-time';
import { err, ok } from '#kernel/result';
import type { RoundEvent } from '#contracts/council';
import type { AskOptions, Deliberation } from '#contracts/deliberation';
import { failure, type Outcome } from '#contracts/errors';
import type { MetricWriter } from '#contracts/metrics';
import type { ResponseCachePort, ResponseCacheStats } from '#contracts/response-cache';
import { cacheKey, modelsOf, type CacheQuestion } from '../council/cache/cache-key.ts';
import { cachedRecord, eventsOfCached, isCacheable } from '../council/cache/cacheable.ts';
import { SingleFlight } from '../council/cache/single-flight.ts';
import type { SeatedMember } from '../resources/member-spec.ts';
import type { DeliberationStore } from '../storage/deliberation-store.ts';
import type { KeptResponse, ResponseStore } from '../storage/response-store.ts';
import type { ResponseSwitch } from '../storage/response-switch.ts';
import { cacheQuestion, cacheSeat } from './cache-question.ts';

/**
 * A question, and an answer that is there already, wait for the browser's database no longer than this. A read takes a few
 * milliseconds, a bundled round some hundred; a database that is stuck answers never.
 */
const STORE_LIMIT_MS = 500;

export interface ResponseCachePorts {
  readonly clock: Clock;
  readonly metrics: MetricWriter;
  readonly newId: () => string;
  readonly open: () => Promise<ResponseStore>;
  readonly chosen: () => Promise<Pick<ResponseSwitch, 'isOn' | 'set'>>;
  /** Hears the events of a round that nobody had to be asked for. */
  readonly emit: (event: RoundEvent) => void;
}

export interface CachedAsking {
  /**
   * The question with all that its answer depends on, as it stands now; null: it is not to be kept. Asked before the round
   * and after it: only an answer of the members that were meant is kept.
   */
  readonly question: () => CacheQuestion | null;
  /** Ask the members even where an answer is kept; the new one takes its place. */
  readonly fresh?: boolean;
  readonly threadId?: string;
  /** Runs the round, and keeps its record in the history. */
  readonly ask: (signal: AbortSignal) => Promise<Outcome<Deliberation>>;
}

/** A question to the council as it sits. */
export interface CouncilAsking {
  readonly prompt: string;
  readonly options: AskOptions;
  readonly manager: { seated(): readonly SeatedMember[] };
  /** The exact sentence with which members decline. */
  readonly abstain: string;
  readonly ask: CachedAsking['ask'];
}

/**
 * Answers a question from the cache, or has it asked and keeps the answer. The same question asked twice at once is one
 * round. Whatever goes wrong with the cache, the question is asked.
 */
export class ResponseCacheService implements ResponseCachePort {
  readonly #ports: ResponseCachePorts;
  readonly #flights = new SingleFlight<Deliberation>();
  #counts = { hits: 0, misses: 0, shared: 0, bypassed: 0, stored: 0, unfit: 0 };
  #told = { evicted: 0, expired: 0 };
  readonly #sinceMs: number;

  constructor(ports: ResponseCachePorts) {
    this.#ports = ports;
    this.#sinceMs = ports.clock.epochMs();
  }

  /** As `ask`, of the members as they sit when it is asked. */
  askCouncil(signal: AbortSignal, asking: CouncilAsking): Promise<Outcome<Deliberation>> {
    const { prompt, options, manager, abstain, ask } = asking;
    const { fresh, threadId } = options;
    return this.ask(signal, {
      question: () => cacheQuestion(prompt, options, manager.seated().map(cacheSeat), abstain),
      ask,
      ...(fresh === undefined ? {} : { fresh }),
      ...(threadId === undefined ? {} : { threadId }),
    });
  }

  /**
   * A record from the cache is marked (`cached`) and has an id of its own; it is for the caller to put into the history.
   * Errors: those of `ask`, and cancelled.
   */
  async ask(signal: AbortSignal, asking: CachedAsking): Promise<Outcome<Deliberation>> {
    const startedMs = this.#ports.clock.nowMs();
    const question = asking.question();
    const key = question === null || !(await this.#isOn()) ? null : await cacheKey(question);
    if (question === null || key === null) {
      this.#counts.bypassed += 1;
      return asking.ask(signal);
    }
    const kept = asking.fresh === true ? null : await this.#read(key, question);
    if (signal.aborted) return err(failure('cancelled'));
    if (kept !== null) {
      this.#counts.hits += 1;
      this.#ports.metrics.add('cacheHits', 1);
      const record = cachedRecord(kept.record, {
        id: this.#ports.newId(),
        nowMs: this.#ports.clock.epochMs(),
        storedAt: kept.storedAt,
        tookMs: this.#ports.clock.nowMs() - startedMs,
        ...(asking.threadId === undefined ? {} : { threadId: asking.threadId }),
      });
      for (const event of eventsOfCached(record)) this.#ports.emit(event);
      return ok(record);
    }
    // A record names its conversation, so a round is shared within one alone; and who wants it fresh wants no other's.
    const flight = `${key}/${asking.threadId ?? ''}/${asking.fresh === true ? this.#ports.newId() : ''}`;
    if (this.#flights.has(flight)) this.#counts.shared += 1;
    else if (asking.fresh === true) this.#counts.bypassed += 1;
    else {
      this.#counts.misses += 1;
      this.#ports.metrics.add('cacheMisses', 1);
    }
    return this.#flights.run(signal, flight, async (shared) => {
      const asked = await asking.ask(shared);
      // The answer is there: it waits for no disk.
      if (asked.ok) await inTime(this.#ports.clock, STORE_LIMIT_MS, this.#keep(key, asking, asked.value));
      return asked;
    });
  }

  /** A model was deleted, fetched anew or replaced. Errors: storage-failed, storage-unavailable. */
  forgetModel(modelId: string): Promise<Outcome<null>> {
    return this.#with((store) => store.invalidate(({ models }) => models.includes(modelId)));
  }

  /** The user removes this record from the history, or calls its answer bad. Errors: as `forgetModel`. */
  async forgetRecord(history: Pick<DeliberationStore, 'get'>, recordId: string): Promise<Outcome<null>> {
    const found = await history.get(recordId);
    const cached = found.ok ? found.value.cached : undefined;
    return this.forgetRound(cached?.roundId ?? recordId);
  }

  /** Forgets the answer of this round. Errors: as `forgetModel`. */
  forgetRound(roundId: string): Promise<Outcome<null>> {
    return this.#with((store) => store.invalidate((header) => header.roundId === roundId));
  }

  async clear(): Promise<Outcome<null>> {
    const cleared = await this.#with((store) => store.invalidate(() => true));
    if (cleared.ok) this.#tellSize(0);
    return cleared;
  }

  async setEnabled(enabled: boolean): Promise<Outcome<null>> {
    const set = await (await this.#ports.chosen()).set(enabled);
    const cleared = enabled ? ok(null) : await this.clear();
    return set.ok ? cleared : set;
  }

  async stats(): Promise<Outcome<ResponseCacheStats>> {
    const enabled = await this.#isOn();
    return this.#with(async (store) => {
      const size = await store.size();
      if (!size.ok) return size;
      this.#tellSize(size.value.bytes);
      return ok({
        enabled,
        sinceMs: this.#sinceMs,
        ...this.#counts,
        ...store.counts,
        ...size.value,
        persistent: store.persistent,
      });
    });
  }

  async #read(key: string, question: CacheQuestion): Promise<KeptResponse | null> {
    const reading = this.#with((store) => store.get(key, question.prompt));
    const found = await inTime(this.#ports.clock, STORE_LIMIT_MS, reading);
    return found?.ok === true ? found.value : null;
  }

  /** Where nobody can say in time, nothing is kept. */
  async #isOn(): Promise<boolean> {
    const asked = this.#ports.chosen().then((chosen) => chosen.isOn());
    return (await inTime(this.#ports.clock, STORE_LIMIT_MS, asked)) ?? false;
  }

  #tellSize(bytes: number): void {
    this.#ports.metrics.set('cacheSize', bytes / 1024);
  }

  async #keep(key: string, asking: CachedAsking, record: Deliberation): Promise<void> {
    const question = asking.question();
    const same = question !== null && (await cacheKey(question)) === key;
    if (question === null || !same || !isCacheable(record)) {
      this.#counts.unfit += 1;
      return;
    }
    if (!(await this.#isOn())) return; // turned off while the members thought
    const kept = await this.#with(async (store) => {
      const put = await store.put(key, record, modelsOf(question));
      const size = await store.size();
      if (size.ok) this.#tellSize(size.value.bytes);
      return put;
    });
    if (kept.ok) this.#counts.stored += 1;
  }

  async #with<T>(use: (store: ResponseStore) => Promise<Outcome<T>>): Promise<Outcome<T>> {
    let store: ResponseStore;
    try {
      store = await this.#ports.open();
    } catch (thrown) {
      return err(failure('storage-unavailable', {}, thrown));
    }
    const result = await use(store);
    const { evicted, expired } = store.counts;
    this.#ports.metrics.add('cacheEvictions', evicted - this.#told.evicted);
    this.#ports.metrics.add('cacheExpired', expired - this.#told.expired);
    this.#told = { evicted, expired };
    return result;
  }
}
