import { serveWorker } from '../lib/worker-entry.ts';
import { EvaluationHost } from './evaluation-host.ts';

serveWorker(new EvaluationHost());
