import { systemClock } from '#kernel/clock';
import { seededRandom } from '#kernel/random';
import { FetchNet } from '../../src/storage/download/fetch-net.ts';
import { serveWorker } from '../../workers/lib/worker-entry.ts';
import { CachedEarlier } from '../../workers/storage/earlier-files.ts';
import { HashBeside } from '../../workers/storage/hash-beside.ts';
import { ModelStoreHost } from '../../workers/storage/model-store-host.ts';
import { openStore } from '../../workers/storage/open-store.ts';

// The real store over a stand-in for the network: what a test put into this cache, and nothing else.
const network = caches.open('test/network');

/** Serves ranges, as model hosts do. */
async function answer(url: string, init: RequestInit): Promise<Response> {
  const kept = await (await network).match(url, { ignoreVary: true });
  if (kept === undefined) return new Response(null, { status: 404 });
  const whole = await kept.blob();
  const range = /^bytes=(\d+)-(\d+)$/.exec(new Headers(init.headers).get('range') ?? '');
  const [from, to] = [Number(range?.[1] ?? 0), Math.min(whole.size, Number(range?.[2] ?? Infinity) + 1)];
  const headers = { 'content-length': String(to - from), 'content-type': 'application/octet-stream' };
  if (range === null) return new Response(whole, { headers });
  return new Response(whole.slice(from, to), {
    status: 206,
    headers: { ...headers, 'content-range': `bytes ${String(from)}-${String(to - 1)}/${String(whole.size)}` },
  });
}

const hashBeside = new HashBeside(systemClock);

serveWorker(
  new ModelStoreHost({
    open: (onLost) => openStore(systemClock, hashBeside, onLost),
    hashBeside,
    earlier: new CachedEarlier(caches),
    net: new FetchNet(answer, self),
    clock: systemClock,
    random: seededRandom(1),
  }),
);
