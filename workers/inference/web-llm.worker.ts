import { serveWorker } from '../lib/worker-entry.ts';
import { WebLlmDownloads } from './web-llm-downloads.ts';
import { WebLlmHost } from './web-llm-host.ts';

serveWorker(
  new WebLlmHost({
    openPackage: () => import('./web-llm-package.ts'),
    gpu: (navigator as { gpu?: GPU }).gpu,
    downloads: WebLlmDownloads.install(),
  }),
);
