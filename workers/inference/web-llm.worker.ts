import { PatienceLine } from '../lib/patience-line.ts';
import { serveWorker } from '../lib/worker-entry.ts';
import { WebLlmHost } from './web-llm-host.ts';
import { StoredCaches } from './web-llm-stored-caches.ts';

const patience = new PatienceLine();
serveWorker(
  new WebLlmHost({
    openPackage: () => import('./web-llm-package.ts'),
    gpu: (navigator as { gpu?: GPU }).gpu,
    caches: StoredCaches.install(),
    askPatience: patience.ask,
  }),
  patience,
);
