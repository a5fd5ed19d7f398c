import type { Clock } from '#kernel/clock';
import { ok } from '#kernel/result';
import type { QualityView } from '#contracts/decision';
import type { FrameSummary } from '#contracts/deliberation';
import type { Outcome } from '#contracts/errors';
import { SAMPLE_INTERVAL_MS, type MetricSample } from '#contracts/metrics';
import type { MonitorPort } from '#contracts/ports';
import type { HistoryPoint, TelemetryWorkerApi } from '#contracts/telemetry';
import type { WorkerFactory, WorkerHandle } from '#contracts/worker-handle';
import type { Pacing } from '#contracts/engine';
import type { FrameClock } from '../platform/frame-clock.ts';
import type { MetricBoard } from '../telemetry/metric-board.ts';
import { QualityScaler } from '../optimizer/quality-scaler.ts';

const CALL_DEADLINE_MS = 5_000;
/** A telemetry worker that keeps dying is left down: the council does not depend on it. */
const RESTARTS_ALLOWED = 3;

type TelemetryStats = Awaited<ReturnType<MonitorPort['stats']>>;

const NO_STATS: TelemetryStats = {
  samples: 0,
  missedTicks: 0,
  chunksWritten: 0,
  persistent: false,
  meanTickUs: 0,
};

export interface MonitorServicePorts {
  readonly clock: Clock;
  readonly frames: FrameClock;
  readonly board: MetricBoard;
  readonly startWorker: WorkerFactory<TelemetryWorkerApi>;
  /** Carries a new pace to the members. */
  readonly applyPacing: (pacing: Pacing) => void;
  readonly visible: () => boolean;
  /** Tells visibility changes; the returned function ends it. */
  readonly onVisibility: (listener: (visible: boolean) => void) => () => void;
}

/** Closes the loop: frames → scaler → pace of the members; counters → telemetry worker → charts and history. */
export class MonitorService implements MonitorPort {
  readonly #ports: MonitorServicePorts;
  readonly #scaler = new QualityScaler();
  #worker: WorkerHandle<TelemetryWorkerApi>;
  #restarts = 0;
  #cancelOffer: () => void = () => undefined;

  constructor(ports: MonitorServicePorts) {
    this.#ports = ports;
    this.#worker = this.#startWorker();
    ports.onVisibility((visible) => {
      void this.#worker.call(CALL_DEADLINE_MS, async (api) => ok(await api.setVisible(visible)));
    });
    ports.frames.subscribe(({ intervalMs, budgetMs, atMs }) => {
      if (this.#scaler.onFrame(intervalMs, budgetMs, atMs) !== null) this.#carryOut();
    });
    ports.frames.start();
    if (ports.board.shared === null) this.#offerLater();
  }

  /** Members began to think, or the last has ended: only meanwhile may frames drive quality down. */
  setBusy(busy: boolean): void {
    this.#ports.frames.setBusy(busy);
    if (busy) this.#scaler.setActive(true);
    else if (this.#scaler.onIdle().length > 0) this.#carryOut();
  }

  async recent(sinceMs: number): Promise<readonly MetricSample[]> {
    const recent = await this.#worker.call(CALL_DEADLINE_MS, async (api) => ok(await api.recent(sinceMs)));
    return recent.ok ? recent.value : [];
  }

  history(fromMs: number, toMs: number, maxPoints: number): Promise<Outcome<readonly HistoryPoint[]>> {
    return this.#worker.call(CALL_DEADLINE_MS, (api) => api.history(fromMs, toMs, maxPoints));
  }

  async stats(): Promise<TelemetryStats> {
    const stats = await this.#worker.call(CALL_DEADLINE_MS, async (api) => ok(await api.stats()));
    return stats.ok ? stats.value : NO_STATS;
  }

  quality(): QualityView {
    return this.#scaler.view();
  }

  setQualityEnabled(enabled: boolean): void {
    if (this.#scaler.setEnabled(enabled).length > 0) this.#carryOut();
  }

  frames(mark = 0): { mark: number; summary: FrameSummary; refreshIntervalMs: number } {
    const { frames } = this.#ports;
    return {
      mark: frames.mark(),
      summary: frames.summarySince(mark),
      refreshIntervalMs: frames.refreshIntervalMs,
    };
  }

  #carryOut(): void {
    this.#ports.board.set('qualityLevel', this.#scaler.level);
    this.#ports.applyPacing(this.#scaler.pacing);
  }

  #startWorker(): WorkerHandle<TelemetryWorkerApi> {
    const worker = this.#ports.startWorker('telemetry');
    worker.onLost(() => {
      this.#restarts += 1;
      if (this.#restarts <= RESTARTS_ALLOWED) this.#worker = this.#startWorker();
    });
    const session = crypto.randomUUID();
    void worker.call(CALL_DEADLINE_MS, (api) => api.start({ board: this.#ports.board.shared, session }));
    const visible = this.#ports.visible();
    void worker.call(CALL_DEADLINE_MS, async (api) => ok(await api.setVisible(visible)));
    return worker;
  }

  /** Without shared memory the page posts its slots; never a second time while one post is under way. */
  #offerLater(): void {
    this.#cancelOffer = this.#ports.clock.after(SAMPLE_INTERVAL_MS, () => {
      const slots = this.#ports.board.copy();
      void this.#worker
        .call(CALL_DEADLINE_MS, async (api) => ok(await api.offer(slots)))
        .then(() => {
          this.#offerLater();
        });
    });
  }

  /** Ends sampling and writes what is buffered. */
  async stop(): Promise<void> {
    this.#cancelOffer();
    this.#ports.frames.stop();
    await this.#worker.call(CALL_DEADLINE_MS, async (api) => ok(await api.stop()));
  }
}
