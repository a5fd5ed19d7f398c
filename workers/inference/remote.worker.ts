import { systemClock } from '#kernel/clock';
import { seededRandom } from '#kernel/random';
import { serveWorker } from '../lib/worker-entry.ts';
import { RemoteHost } from './remote-host.ts';

serveWorker(
  new RemoteHost({
    fetch: (url, init) => fetch(url, init),
    clock: systemClock,
    // Clients that failed together must not come back together: each worker has a seed of its own.
    random: seededRandom(crypto.getRandomValues(new Uint32Array(1))[0] ?? 0),
  }),
);
