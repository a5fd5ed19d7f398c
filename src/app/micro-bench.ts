import type { Clock } from '#kernel/clock';
import { err, ok } from '#kernel/result';
import { untilAborted } from '#kernel/until-aborted';
import { failure, failureOf, type Outcome } from '#contracts/errors';
import type { MicroBenchWorkerApi, MicroProgress, MicroReport } from '#contracts/micro-bench';
import type { WorkerFactory } from '#contracts/worker-handle';
import { MicroCrew } from './micro-crew.ts';
import { MicroRun, type MicroMeans } from './micro-run.ts';
import { MicroVisible } from './micro-visible.ts';

export interface MicroBenchPorts extends MicroMeans {
  readonly clock: Clock;
  /** A fresh worker of `workers/bench/micro-bench.worker.ts`. */
  readonly startWorker: WorkerFactory<MicroBenchWorkerApi>;
  readonly visible: () => boolean;
  readonly onVisibility: (listener: (visible: boolean) => void) => () => void;
  readonly isolated: boolean;
  readonly userAgent: string;
}

/** More would take longer to start than they tell: memory is exhausted by fewer. */
const MOST_THREADS = 16;

/** @param cores as the browser tells it; null or nonsense counts as one */
export function usableThreads(cores: number | null, isolated: boolean): number {
  const whole = Math.floor(cores ?? 1);
  return isolated && whole > 1 ? Math.min(whole, MOST_THREADS) : 1;
}

/**
 * Measures the device itself in some ten seconds: processor, graphics card, storage. Everything runs in workers, which may
 * die; never two things at once.
 */
export class MicroBench {
  readonly #ports: MicroBenchPorts;
  #running = false;

  constructor(ports: MicroBenchPorts) {
    this.#ports = ports;
  }

  /**
   * Errors: queue-full (it runs already), cancelled (at once), benchmark-void (the page was hidden too often or too long),
   * worker-lost (nothing at all could be measured).
   */
  async run(
    signal: AbortSignal,
    onProgress: (progress: MicroProgress) => void,
  ): Promise<Outcome<MicroReport>> {
    if (this.#running) return err(failure('queue-full', { limit: 1 }));
    if (signal.aborted) return err(failure('cancelled'));
    this.#running = true;
    const ending = new AbortController();
    const crew = new MicroCrew(this.#ports.startWorker);
    const visible = new MicroVisible(this.#ports);
    try {
      const threads = usableThreads(this.#ports.threads, this.#ports.isolated);
      const run = new MicroRun({ ...this.#ports, threads }, crew, visible, onProgress);
      const outcome = await untilAborted(this.#measure(run, ending.signal), signal);
      return outcome ?? err(failure('cancelled'));
    } finally {
      ending.abort();
      crew.close();
      visible.end();
      this.#running = false;
    }
  }

  async #measure(run: MicroRun, signal: AbortSignal): Promise<Outcome<MicroReport>> {
    try {
      const { clock, isolated, userAgent } = this.#ports;
      const [startMs, measuredAtMs] = [clock.nowMs(), clock.epochMs()];
      const measured = await run.measure(signal);
      if (!measured.ok) return measured;
      const { figures, skipped, conditions } = measured.value;
      if (Object.keys(figures).length === 0)
        return err(failure('worker-lost', { reason: 'nothing-measured' }));
      return ok({
        schema: 'witan.micro-bench',
        version: 1,
        measuredAtMs,
        wallMs: clock.nowMs() - startMs,
        figures,
        skipped,
        conditions: { ...conditions, isolated, userAgent },
      });
    } catch (thrown) {
      return err(failureOf(thrown));
    }
  }
}
