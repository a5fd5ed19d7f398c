import type { BenchProgress, BenchResult } from '#contracts/bench';
import { failureOf, type WitanFailure } from '#contracts/errors';
import type { BenchPort, WitanPorts } from '#contracts/ports';

/** The Benchmark page. A run goes on while another page is open, hence one model per app. */
export class BenchmarkModel {
  result = $state.raw<BenchResult | null>(null);
  link = $state<string | null>(null);
  progress = $state.raw<BenchProgress | null>(null);
  problem = $state.raw<WitanFailure | null>(null);
  /** The result a link brought, and why a link could not be read. */
  shared = $state.raw<BenchResult | null>(null);
  sharedProblem = $state.raw<WitanFailure | null>(null);
  readonly running = $derived(this.progress !== null);
  readonly comparison = $derived.by(() =>
    this.shared === null || this.result === null ? null : this.#bench.compare(this.shared, this.result),
  );

  readonly #bench: BenchPort;
  #abort: AbortController | null = null;

  constructor(bench: BenchPort) {
    this.#bench = bench;
    void this.#recall();
  }

  async run(): Promise<void> {
    if (this.running) return;
    const abort = new AbortController();
    this.#abort = abort;
    this.problem = null;
    this.progress = { done: 0, total: 0, current: '' };
    try {
      const measured = await this.#bench.runQuick(abort.signal, (progress) => {
        this.progress = progress;
      });
      if (measured.ok) await this.#keep(measured.value);
      else this.problem = measured.error;
    } catch (thrown) {
      this.problem = failureOf(thrown);
    } finally {
      this.progress = null;
      this.#abort = null;
    }
  }

  stop(): void {
    this.#abort?.abort();
  }

  /** Reads a shared result from a fragment; null closes it. */
  async open(fragment: string | null): Promise<void> {
    this.sharedProblem = null;
    if (fragment === null) {
      this.shared = null;
      return;
    }
    try {
      const opened = await this.#bench.open(fragment);
      this.shared = opened.ok ? opened.value : null;
      if (!opened.ok) this.sharedProblem = opened.error;
    } catch (thrown) {
      this.shared = null;
      this.sharedProblem = failureOf(thrown);
    }
  }

  async #recall(): Promise<void> {
    const latest = await this.#bench.latest();
    if (latest.ok && latest.value !== null && this.result === null) await this.#keep(latest.value);
  }

  async #keep(result: BenchResult): Promise<void> {
    this.result = result;
    const link = await this.#bench.link(result);
    this.link = link.ok ? link.value : null;
    if (!link.ok) this.problem = link.error;
  }
}

const models = new WeakMap<WitanPorts, BenchmarkModel>();

export function benchmarkModel(ports: WitanPorts): BenchmarkModel {
  const known = models.get(ports);
  if (known !== undefined) return known;
  const model = new BenchmarkModel(ports.bench);
  models.set(ports, model);
  return model;
}
