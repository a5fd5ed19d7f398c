import type { BenchComparison, BenchProgress, BenchResult } from '#contracts/bench';
import type { Outcome } from '#contracts/errors';
import type { BenchPort } from '#contracts/ports';
import { assert } from '#kernel/assert';
import type { BenchService, BenchServicePorts } from './bench-service.ts';

/** The bench port whose code is fetched with its first use: most visits never measure. */
export class LazyBench implements BenchPort {
  readonly #load: () => Promise<BenchService>;
  #loading: Promise<BenchService> | null = null;
  #loaded: BenchService | null = null;

  constructor(ports: BenchServicePorts) {
    this.#load = async () => {
      const { BenchService } = await import('./bench-service.ts');
      return (this.#loaded = new BenchService(ports));
    };
  }

  async runQuick(
    signal: AbortSignal,
    onProgress: (progress: BenchProgress) => void,
  ): Promise<Outcome<BenchResult>> {
    return (await this.#service()).runQuick(signal, onProgress);
  }

  async latest(): Promise<Outcome<BenchResult | null>> {
    return (await this.#service()).latest();
  }

  async link(result: BenchResult): Promise<Outcome<string>> {
    return (await this.#service()).link(result);
  }

  async open(link: string): Promise<Outcome<BenchResult>> {
    return (await this.#service()).open(link);
  }

  /** A comparison needs two results, and whoever has one has used the port before. */
  compare(theirs: BenchResult, ours: BenchResult): readonly BenchComparison[] {
    assert(this.#loaded !== null, 'the bench code is loaded before two results can be compared');
    return this.#loaded.compare(theirs, ours);
  }

  #service(): Promise<BenchService> {
    return (this.#loading ??= this.#load());
  }
}
