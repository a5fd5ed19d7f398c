import type { Outcome } from '#contracts/errors';
import type { MicroProgress, MicroReport } from '#contracts/micro-bench';
import { MicroBench, type MicroBenchPorts } from '../../src/app/micro-bench.ts';
import { FakeMicroWorker } from './micro-bench-worker.ts';
import { settled } from './settled.ts';
import { VirtualClock } from './virtual-clock.ts';

const NEVER = new AbortController().signal;

/** A measurement in virtual time, with workers and a page that the test moves. */
export class MicroBenchRig {
  readonly clock = new VirtualClock();
  workers: FakeMicroWorker[] = [];
  visible = true;
  readonly listeners = new Set<(visible: boolean) => void>();
  /** Called with each worker before it is asked for anything. */
  script: (worker: FakeMicroWorker) => void = () => undefined;

  show(now: boolean): void {
    this.visible = now;
    for (const listener of [...this.listeners]) listener(now);
  }

  bench(ports: Partial<MicroBenchPorts> = {}): MicroBench {
    return new MicroBench({
      clock: this.clock,
      startWorker: (name) => {
        const worker = new FakeMicroWorker(name, this.clock);
        this.workers.push(worker);
        this.script(worker);
        return worker.handle;
      },
      visible: () => this.visible,
      onVisibility: (listener) => {
        this.listeners.add(listener);
        return () => this.listeners.delete(listener);
      },
      threads: 3,
      isolated: true,
      userAgent: 'a browser',
      hasWebGpu: true,
      ...ports,
    });
  }

  run(
    measured = this.bench(),
    signal = NEVER,
    onProgress: (progress: MicroProgress) => void = () => undefined,
  ): Promise<Outcome<MicroReport>> {
    return settled(this.clock, measured.run(signal, onProgress));
  }

  /** Of each worker, whether it was never ended. */
  alive(): boolean[] {
    return this.workers.map(({ handle }) => handle.alive);
  }
}

/** Does this to the workers whose names begin so. */
export const onWorkers =
  (name: string, then: (worker: FakeMicroWorker) => void) => (worker: FakeMicroWorker) => {
    if (worker.name.startsWith(name)) then(worker);
  };
