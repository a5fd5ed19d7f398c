import { systemClock } from '#kernel/clock';
import { seededRandom } from '#kernel/random';
import { FetchNet } from '../../src/storage/download/fetch-net.ts';
import { serveWorker } from '../lib/worker-entry.ts';
import { CachedEarlier } from './earlier-files.ts';
import { HashBeside } from './hash-beside.ts';
import { ModelStoreHost } from './model-store-host.ts';
import { openStore } from './open-store.ts';

const [seed = 0] = crypto.getRandomValues(new Uint32Array(1));
const hashBeside = new HashBeside(systemClock);

serveWorker(
  new ModelStoreHost({
    open: (onLost) => openStore(systemClock, hashBeside, onLost),
    hashBeside,
    earlier: new CachedEarlier((self as { readonly caches?: CacheStorage }).caches ?? null),
    net: new FetchNet((url, init) => fetch(url, init), self),
    clock: systemClock,
    random: seededRandom(seed),
  }),
);
