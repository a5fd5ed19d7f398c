import { serveWorker } from '../lib/worker-entry.ts';
import { SyntheticHost } from './synthetic-host.ts';

serveWorker(new SyntheticHost());
