import { NumberRing } from '#kernel/ring-buffer';
import { quantileOfSorted } from '#kernel/statistics-order';
import type { MetricWriter } from '#contracts/metrics';

/** Requests that the quantiles are taken over. */
const REMEMBERED = 1024;
/** Sorting a thousand numbers for every request would be most of the overhead that is measured. */
const TOLD_EVERY = 64;

export interface Quantiles {
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
}

/** What the scheduler itself costs, and how long requests wait. */
export class SchedulerMetrics {
  readonly #metrics: MetricWriter;
  readonly #overheadsMs = new NumberRing(REMEMBERED);

  constructor(metrics: MetricWriter) {
    this.#metrics = metrics;
  }

  depth(requests: number): void {
    this.#metrics.set('requestsWaiting', requests);
  }

  refused(): void {
    this.#metrics.add('requestsRefused', 1);
  }

  failedOver(): void {
    this.#metrics.add('requestsFailedOver', 1);
  }

  stolen(): void {
    this.#metrics.add('requestsStolen', 1);
  }

  switched(): void {
    this.#metrics.add('modelSwitches', 1);
  }

  /** @param overheadMs time that the scheduler spent on it, from submit until its engine was asked */
  began(waitedMs: number, overheadMs: number): void {
    this.#metrics.set('requestWait', waitedMs);
    this.#overheadsMs.push(overheadMs);
    if (this.#overheadsMs.total % TOLD_EVERY !== 0) return;
    const { p50, p95, p99 } = this.overheadMs();
    this.#metrics.set('schedulingP50', p50);
    this.#metrics.set('schedulingP95', p95);
    this.#metrics.set('schedulingP99', p99);
  }

  /** Of the newest requests, ms; zeros before the first. */
  overheadMs(): Quantiles {
    const sorted = this.#overheadsMs.newest(REMEMBERED).sort();
    if (sorted.length === 0) return { p50: 0, p95: 0, p99: 0 };
    const at = (p: number): number => quantileOfSorted(sorted, p);
    return { p50: at(0.5), p95: at(0.95), p99: at(0.99) };
  }
}
