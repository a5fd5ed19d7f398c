import { serveWorker } from '../lib/worker-entry.ts';
import { HashWorkerHost } from './running-hashes.ts';

serveWorker(new HashWorkerHost());
