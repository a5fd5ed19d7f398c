import { err, ok } from '#kernel/result';
import { failure, type Outcome } from '#contracts/errors';
import type {
  MicroBenchWorkerApi,
  MicroName,
  MicroPart,
  MicroPrepared,
  MicroSample,
} from '#contracts/micro-bench';
import type { WorkerFactory, WorkerHandle } from '#contracts/worker-handle';

/** To load the script, fill memory with random bytes, compile for the graphics card. */
const PREPARE_LIMIT_MS = 15_000;
/** A repetition takes some 25 ms; one of a slow disk, or of a card that is busy, some seconds. */
const SAMPLE_LIMIT_MS = 10_000;
/** To give back what was taken; whatever is left then goes with the worker. */
const END_LIMIT_MS = 3_000;

/** One part that is ready to be measured. */
export interface ReadyPart {
  readonly prepared: MicroPrepared;
  sample(name: MicroName, blocks: number): Promise<Outcome<MicroSample>>;
  /** Ends its workers. Never fails: a worker that does not end by itself is terminated. */
  end(): Promise<void>;
}

type Worker = WorkerHandle<MicroBenchWorkerApi>;

/** The workers of one measurement. */
export class MicroCrew {
  readonly #start: WorkerFactory<MicroBenchWorkerApi>;
  readonly #alive = new Map<Worker, MicroPart>();
  #closed = false;

  constructor(start: WorkerFactory<MicroBenchWorkerApi>) {
    this.#start = start;
  }

  /** Errors: worker-lost, deadline-exceeded, cancelled (closed), and those of `prepare`. */
  async open(part: MicroPart): Promise<Outcome<ReadyPart>> {
    const opened = await this.#worker(part);
    if (!opened.ok) return opened;
    const { worker, prepared } = opened.value;
    return ok({
      prepared,
      sample: (name, blocks) => sampleOf(worker, name, blocks),
      end: () => this.#end(worker),
    });
  }

  /**
   * Threads that compute at the same time: the first makes the memory that all share. Where another one does not start, the
   * figures of one thread remain. Errors: as for `open`.
   */
  async openThreads(threads: number): Promise<Outcome<ReadyPart>> {
    const first = await this.#worker({ kind: 'wasm', threads, index: 0, memory: null });
    if (!first.ok) return first;
    const { worker, prepared } = first.value;
    const { memory } = prepared;
    const others = await Promise.all(
      Array.from({ length: threads - 1 }, (_, index) =>
        this.#worker({ kind: 'wasm', threads, index: index + 1, memory }),
      ),
    );
    const missing = others.find((other) => !other.ok);
    const workers = [worker, ...others.flatMap((other) => (other.ok ? [other.value.worker] : []))];
    let broken: Outcome<never> | null = missing ?? null;
    const together = async (name: MicroName, blocks: number): Promise<Outcome<MicroSample>> => {
      // Threads that miss one wait in vain for it: not a second time.
      if (broken !== null) return broken;
      const taken = await Promise.all(workers.map((each) => sampleOf(each, name, blocks)));
      const failed = taken.find((each) => !each.ok);
      if (failed !== undefined) return (broken = failed);
      return ok(slowest(taken.flatMap((each) => (each.ok ? [each.value] : []))));
    };
    return ok({
      prepared,
      sample: (name, blocks) => (isOfAll(name) ? together(name, blocks) : sampleOf(worker, name, blocks)),
      end: async () => {
        await Promise.all(workers.map((each) => this.#end(each)));
      },
    });
  }

  /** Ends all workers, now and in future: those that have a file to remove when they have done so, others at once. */
  close(): void {
    this.#closed = true;
    for (const [worker, part] of [...this.#alive]) {
      if (part.kind === 'storage') void this.#end(worker);
      else this.#terminate(worker);
    }
  }

  async #worker(
    part: MicroPart,
  ): Promise<Outcome<{ readonly worker: Worker; readonly prepared: MicroPrepared }>> {
    if (this.#closed) return err(failure('cancelled'));
    try {
      const worker = this.#start(part.kind === 'wasm' ? `micro-wasm-${part.index}` : `micro-${part.kind}`);
      this.#alive.set(worker, part);
      const prepared = await worker.call(PREPARE_LIMIT_MS, (api) => api.prepare(part));
      if (prepared.ok) return ok({ worker, prepared: prepared.value });
      this.#terminate(worker);
      return prepared;
    } catch (thrown) {
      // Too many workers, or a policy that allows none.
      return err(failure('worker-lost', { part: part.kind }, thrown));
    }
  }

  async #end(worker: Worker): Promise<void> {
    await worker.call(END_LIMIT_MS, (api) => api.end());
    this.#terminate(worker);
  }

  #terminate(worker: Worker): void {
    this.#alive.delete(worker);
    worker.terminate(failure('cancelled'));
  }
}

function sampleOf(worker: Worker, name: MicroName, blocks: number): Promise<Outcome<MicroSample>> {
  return worker.call(SAMPLE_LIMIT_MS, (api) => api.sample(name, blocks));
}

export function isOfAll(name: MicroName): boolean {
  return name === 'wasmReadGBpsAll' || name === 'wasmGflopsAll';
}

/** Each thread tells what all did in the time that it saw: the longest is from the first's beginning to the last's end. */
function slowest(samples: readonly MicroSample[]): MicroSample {
  return samples.reduce((most, each) => (each.elapsedMs > most.elapsedMs ? each : most));
}
