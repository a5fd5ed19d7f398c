import type { Clock } from '#kernel/clock';
import { ok } from '#kernel/result';
import type { Outcome } from '#contracts/errors';
import { METRIC_IDS, type MetricSample } from '#contracts/metrics';
import type { HistoryChunk, HistoryPoint, TelemetryStart, TelemetryWorkerApi } from '#contracts/telemetry';
import type { DatabaseEvents, WitanDatabase } from '../../src/storage/database.ts';
import { HistoryStore } from '../../src/storage/history-store.ts';
import { BoardReader, takeCopy } from '../../src/telemetry/metric-board.ts';
import { Rollup } from '../../src/telemetry/rollup.ts';
import { Sampler } from '../../src/telemetry/sampler.ts';

export interface TelemetryHostOptions {
  readonly clock: Clock;
  readonly openDatabase: (events: DatabaseEvents) => Promise<Outcome<WitanDatabase>>;
}

/** A browser may leave `indexedDB.open` unanswered; sampling starts at once and `start` answers after this at the latest. */
const OPEN_DEADLINE_MS = 3000;

/** The telemetry worker's logic: samples the board, keeps history, answers queries. Sampling never waits for storage. */
export class TelemetryHost implements TelemetryWorkerApi {
  readonly #options: TelemetryHostOptions;
  readonly #store: HistoryStore;
  /** Slots of a page that cannot share memory; filled by `offer`. */
  readonly #offered = new Int32Array(METRIC_IDS.length);
  #sampler: Sampler | null = null;
  #visible = true;
  #database: WitanDatabase | null = null;
  #stopped = false;
  /** The newest write and all before it; never rejects. */
  #writes: Promise<Outcome<null>> = Promise.resolve(ok(null));

  constructor(options: TelemetryHostOptions) {
    this.#options = options;
    this.#store = new HistoryStore(options.clock);
  }

  async start(options: TelemetryStart): Promise<Outcome<{ persistent: boolean }>> {
    if (this.#sampler === null) {
      this.#stopped = false;
      const reader = new BoardReader(options.board === null ? this.#offered : new Int32Array(options.board));
      this.#sampler = new Sampler({
        clock: this.#options.clock,
        read: () => reader.read(),
        session: options.session,
        sink: (chunk) => {
          this.#keep(chunk);
        },
      });
      this.#sampler.setVisible(this.#visible);
      this.#sampler.start();
      await this.#open();
    }
    return ok({ persistent: this.#store.persistent });
  }

  /** A page that hides may never come back, so what is collected is written at once. */
  async setVisible(visible: boolean): Promise<void> {
    this.#visible = visible;
    this.#sampler?.setVisible(visible);
    if (!visible) await this.flush();
  }

  offer(slots: Int32Array): Promise<void> {
    takeCopy(this.#offered, slots);
    return Promise.resolve();
  }

  recent(sinceMs: number): Promise<readonly MetricSample[]> {
    return Promise.resolve(this.#sampler?.recent(sinceMs) ?? []);
  }

  async history(fromMs: number, toMs: number, maxPoints: number): Promise<Outcome<readonly HistoryPoint[]>> {
    await this.#writes;
    const rollup = new Rollup(fromMs, toMs, maxPoints);
    const visited = await this.#store.visit(fromMs, toMs, (chunk) => {
      rollup.add(chunk);
    });
    if (!visited.ok) return visited;
    const unfinished = this.#sampler?.unfinished() ?? null;
    if (unfinished !== null) rollup.add(unfinished);
    return ok(rollup.points());
  }

  stats(): ReturnType<TelemetryWorkerApi['stats']> {
    const { samples, missedTicks, meanTickUs } = this.#sampler?.stats() ?? NO_SAMPLES;
    const { written: chunksWritten, persistent } = this.#store;
    return Promise.resolve({ samples, missedTicks, chunksWritten, persistent, meanTickUs });
  }

  flush(): Promise<Outcome<null>> {
    this.#sampler?.cut();
    return this.#writes;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#sampler?.stop();
    await this.flush();
    this.#sampler = null;
    this.#store.attach(null);
    this.#database?.close();
    this.#database = null;
  }

  /** One write at a time, in order; a failed one is answered to whoever flushes and kept in memory by the store. */
  #keep(chunk: HistoryChunk): void {
    this.#writes = this.#writes.then(() => this.#store.append(chunk));
  }

  /** Opens the database or gives up waiting for it; a late one is still taken. */
  #open(): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#options.clock.after(OPEN_DEADLINE_MS, resolve);
      const onLost = (): void => {
        this.#store.attach(null);
        this.#database = null;
      };
      void this.#options.openDatabase({ onLost }).then((opened) => {
        cancel();
        if (opened.ok) this.#adopt(opened.value);
        resolve();
      });
    });
  }

  #adopt(database: WitanDatabase): void {
    if (this.#stopped) {
      database.close();
      return;
    }
    this.#database = database;
    this.#store.attach(database);
  }
}

const NO_SAMPLES = { samples: 0, missedTicks: 0, meanTickUs: 0 } as const;
