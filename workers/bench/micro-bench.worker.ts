import { PatienceLine } from '../lib/patience-line.ts';
import { serveWorker } from '../lib/worker-entry.ts';
import { MicroBenchHost } from './micro-bench-host.ts';

const patience = new PatienceLine();
const { gpu, storage, deviceMemory }: Partial<WorkerNavigator> & { readonly deviceMemory?: unknown } =
  navigator;
serveWorker(
  new MicroBenchHost({
    nowMs: () => performance.now(),
    gpu,
    storage,
    deviceMemoryGiB: deviceMemory,
    askPatience: patience.ask,
  }),
  patience,
);
