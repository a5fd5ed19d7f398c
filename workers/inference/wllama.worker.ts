import { serveWorker } from '../lib/worker-entry.ts';
import { WllamaHost } from './wllama-host.ts';

serveWorker(new WllamaHost());
