import { systemClock } from '#kernel/clock';
import type { Outcome } from '#contracts/errors';
import type { MicroBenchWorkerApi, MicroProgress, MicroReport } from '#contracts/micro-bench';
import { onVisibility, pageVisible } from '../platform/page-visibility.ts';
import { WORKER_SCRIPTS } from '../platform/worker-scripts.ts';
import type { WorkerSupervisor } from '../platform/worker-supervisor.ts';
import type { CouncilService } from './council-service.ts';
import { MicroBench, usableThreads } from './micro-bench.ts';

export interface DeviceBench {
  run(signal: AbortSignal, onProgress: (progress: MicroProgress) => void): Promise<Outcome<MicroReport>>;
}

/** Measures this device while no member is asked anything: both would be slower. */
export function microBench(
  supervisor: WorkerSupervisor,
  council: Pick<CouncilService, 'exclusively'>,
): DeviceBench {
  const bench = new MicroBench({
    clock: systemClock,
    startWorker: (name) => supervisor.start<MicroBenchWorkerApi>(name, WORKER_SCRIPTS.microBench),
    visible: pageVisible,
    onVisibility,
    threads: usableThreads(navigator.hardwareConcurrency, crossOriginIsolated),
    isolated: crossOriginIsolated,
    userAgent: navigator.userAgent,
    hasWebGpu: 'gpu' in navigator,
  });
  return {
    run: (signal, onProgress) => council.exclusively(signal, () => bench.run(signal, onProgress)),
  };
}
