import { systemClock } from '#kernel/clock';
import { openWitanDatabase } from '../../src/storage/database.ts';
import { serveWorker } from '../lib/worker-entry.ts';
import { TelemetryHost } from './telemetry-host.ts';

serveWorker(new TelemetryHost({ clock: systemClock, openDatabase: openWitanDatabase }));
