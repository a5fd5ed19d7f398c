import { PatienceLine } from '../lib/patience-line.ts';
import { serveWorker } from '../lib/worker-entry.ts';
import { WebLlmDownloads } from './web-llm-downloads.ts';
import { WebLlmHost } from './web-llm-host.ts';

const patience = new PatienceLine();
serveWorker(
  new WebLlmHost({
    openPackage: () => import('./web-llm-package.ts'),
    gpu: (navigator as { gpu?: GPU }).gpu,
    downloads: WebLlmDownloads.install(),
    askPatience: patience.ask,
  }),
  patience,
);
