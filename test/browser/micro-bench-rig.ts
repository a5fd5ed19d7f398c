import { systemClock } from '#kernel/clock';
import type { Outcome } from '#contracts/errors';
import type { MicroBenchWorkerApi, MicroReport } from '#contracts/micro-bench';
import type { WorkerHandle } from '#contracts/worker-handle';
import { MicroBench, usableThreads } from '../../src/app/micro-bench.ts';
import type { MicroMeans } from '../../src/app/micro-run.ts';
import { onVisibility, pageVisible } from '../../src/platform/page-visibility.ts';
import { WORKER_SCRIPTS } from '../../src/platform/worker-scripts.ts';
import { WorkerSupervisor } from '../../src/platform/worker-supervisor.ts';

/** The measurement as the app has it, and the workers that it started. */
export function microBench(means: Partial<MicroMeans> = {}): {
  readonly bench: MicroBench;
  readonly workers: WorkerHandle<MicroBenchWorkerApi>[];
} {
  const workers: WorkerHandle<MicroBenchWorkerApi>[] = [];
  const supervisor = new WorkerSupervisor(systemClock);
  const bench = new MicroBench({
    clock: systemClock,
    startWorker: (name) => {
      const worker = supervisor.start<MicroBenchWorkerApi>(name, WORKER_SCRIPTS.microBench);
      workers.push(worker);
      return worker;
    },
    visible: pageVisible,
    onVisibility,
    threads: usableThreads(navigator.hardwareConcurrency, crossOriginIsolated),
    isolated: crossOriginIsolated,
    userAgent: navigator.userAgent,
    hasWebGpu: 'gpu' in navigator,
    ...means,
  });
  return { bench, workers };
}

export function reportOf(outcome: Outcome<MicroReport>): MicroReport {
  if (!outcome.ok) throw new Error(JSON.stringify(outcome.error));
  return outcome.value;
}

/** Names of the origin's own files that the measurement left behind. */
export async function filesLeft(): Promise<string[]> {
  const root = await navigator.storage.getDirectory();
  const names: string[] = [];
  for await (const name of root.keys()) if (name.startsWith('witan-micro-bench')) names.push(name);
  return names;
}
