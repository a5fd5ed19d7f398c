import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { JSHandle, Page } from '@playwright/test';
import ts from 'typescript';
import { CHUNK_BYTES } from '../../src/contracts/model-store.ts';
import type { ModelRequest } from '../../src/contracts/models.ts';
import { median } from '../../src/kernel/statistics-order.ts';
import { ONE_MODEL } from '../../test/fakes/one-model-catalogue.ts';
import { rendererBytes } from './profile-processes.ts';
import { openApp, openProfile } from './store-page.ts';
import { storeRequest, type Known } from './store-request.ts';
import { FILE_PATH, serveStore } from './store-site.ts';
import { StoreWorker } from './store-worker.ts';

/**
 * Fetches a file from this machine into the model store and with the least code that could do it (see
 * `bare-store.worker.ts`), two at a time, in turns; then reads it from the store and from the Cache API, in turns. `chunks`:
 * the hashes of the chunks are known, which is the same work as that of the bare loop; `whole`: only that of the whole file
 * is, so the store hashes everything a second time, in order, with the same function as `bareWhole` does. Needs a built app.
 * Linux. Prints one JSON document; sizes in bytes, times in ms; ratios above 1: the store is the faster one.
 *
 *     npx tsx tools/measure/model-store-speed.ts [PAIRS] [MEGABYTES]
 */
const BARE_PATH = 'measure/bare-store.worker.js';
const HASH_PATH = 'measure/hash-wasm.js';

interface Done {
  readonly bytes: number;
  readonly ms: number;
  readonly error?: string;
}
type Order = {
  readonly work: 'fetch' | 'fetch-into-cache' | 'read-cache' | 'load-cache' | 'forget';
  readonly waits?: boolean;
  readonly wholeHash?: string | null;
};

type Bare = 'bare' | 'bareOverlapped' | 'bareWhole';

/** Which loop is compared with what the store has to do for a file of which this is known. */
const VERSUS: readonly (readonly [Bare, Known])[] = [
  ['bare', 'chunks'],
  ['bareOverlapped', 'chunks'],
  ['bareWhole', 'whole'],
];

class BareWorker {
  readonly #worker: JSHandle<Worker>;
  readonly #url: string;

  private constructor(worker: JSHandle<Worker>, url: string) {
    this.#worker = worker;
    this.#url = url;
  }

  static async start(page: Page, script: string, url: string): Promise<BareWorker> {
    const worker = await page.evaluateHandle((src) => new Worker(src, { type: 'module' }), script);
    return new BareWorker(worker, url);
  }

  async do({ work, waits = true, wholeHash = null }: Order): Promise<number> {
    const order = { work, waits, wholeHash, url: this.#url, chunkBytes: CHUNK_BYTES };
    const done = await this.#worker.evaluate(
      (worker, message) =>
        new Promise<Done>((resolve) => {
          worker.addEventListener(
            'message',
            ({ data }: MessageEvent<Done>) => {
              resolve(data);
            },
            { once: true },
          );
          worker.postMessage(message);
        }),
      order,
    );
    if (done.error !== undefined) throw new Error(done.error);
    return done.ms;
  }
}

/** @returns the most that the renderers grew while it ran, bytes */
async function growth<T>(page: Page, profile: string, work: () => Promise<T>): Promise<[T, number]> {
  const session = await page.context().newCDPSession(page);
  await session.send('HeapProfiler.collectGarbage');
  await session.detach();
  const before = rendererBytes(profile);
  let most = before;
  let over = false;
  const watching = (async () => {
    while (!over) {
      most = Math.max(most, rendererBytes(profile));
      await sleep(250);
    }
  })();
  try {
    return [await work(), most - before];
  } finally {
    over = true;
    await watching;
  }
}

async function main(): Promise<void> {
  const pairs = Number(process.argv[2] ?? 5);
  const sizeBytes = Number(process.argv[3] ?? 256) * 1_000_000;
  const source = readFileSync(join(import.meta.dirname, 'bare-store.worker.ts'), 'utf8');
  const target = ts.ScriptTarget.ES2022;
  const bareScript = ts.transpileModule(source, {
    compilerOptions: { target, module: ts.ModuleKind.ESNext },
  });
  const hashWasm = createRequire(import.meta.url).resolve('hash-wasm');
  const scripts: Readonly<Record<string, string>> = {
    [`/${BARE_PATH}`]: bareScript.outputText,
    [`/${HASH_PATH}`]: readFileSync(join(dirname(hashWasm), 'index.esm.js'), 'utf8'),
  };
  const { app, file } = await serveStore({ sizeBytes }, (request, response, next) => {
    const script = scripts[request.url ?? ''];
    if (script === undefined) return void next();
    response.setHeader('Content-Type', 'text/javascript');
    response.setHeader('Cross-Origin-Embedder-Policy', 'require-corp');
    response.end(script);
  });
  const requests: Record<Known, ModelRequest> = {
    chunks: storeRequest(app.url, file.bytes, 'chunks'),
    whole: storeRequest(app.url, file.bytes, 'whole'),
  };
  const profile = mkdtempSync(join(tmpdir(), 'witan-speed-'));
  const context = await openProfile(profile);
  const fetchMs: Record<Bare, { readonly bare: number[]; readonly store: number[] }> = {
    bare: { bare: [], store: [] },
    bareOverlapped: { bare: [], store: [] },
    bareWhole: { bare: [], store: [] },
  };
  const readMs: Record<'cacheStream' | 'cacheBuffer' | 'store', number[]> = {
    cacheStream: [],
    cacheBuffer: [],
    store: [],
  };
  const grown: Record<'bare' | 'store', number[]> = { bare: [], store: [] };
  try {
    const page = await openApp(context, app.url);
    const store = await StoreWorker.start(page, app.url);
    const bare = await BareWorker.start(page, `${app.url}${BARE_PATH}`, `${app.url}${FILE_PATH}`);
    const fetchStore = async (how: Bare, known: Known): Promise<void> => {
      const [{ outcome, ms }, bytes] = await growth(page, profile, () =>
        store.timed('download', requests[known]),
      );
      if (!outcome.ok || outcome.value.model.state !== 'verified') throw new Error(JSON.stringify(outcome));
      fetchMs[how].store.push(ms);
      grown.store.push(bytes);
    };
    const fetchBare = async (how: Bare): Promise<void> => {
      const waits = how !== 'bareOverlapped';
      const wholeHash = how === 'bareWhole' ? `${app.url}${HASH_PATH}` : null;
      const [ms, bytes] = await growth(page, profile, () => bare.do({ work: 'fetch', waits, wholeHash }));
      fetchMs[how].bare.push(ms);
      grown.bare.push(bytes);
      await bare.do({ work: 'forget' });
    };
    // Two at a time: what a third leaves behind (its memory, its pages of the disk) would be charged to whoever comes next.
    for (const [how, known] of VERSUS) {
      for (let pair = 0; pair < pairs; pair += 1) {
        const turns = [
          () => fetchBare(how),
          async () => {
            await fetchStore(how, known);
            await store.remove(ONE_MODEL.id);
          },
        ];
        // Whoever goes first may have the quieter machine.
        for (const turn of pair % 2 === 0 ? turns : turns.toReversed()) await turn();
        process.stderr.write(`${JSON.stringify({ fetchMs, grown })}\n`);
      }
    }
    await fetchStore('bare', 'chunks');
    fetchMs.bare.store.pop();
    await bare.do({ work: 'fetch-into-cache' });
    for (let pair = 0; pair < 2 * pairs; pair += 1) {
      const { outcome, ms } = await store.timed('verify', ONE_MODEL.id);
      if (!outcome.ok || outcome.value.state !== 'verified') throw new Error(JSON.stringify(outcome));
      readMs.store.push(ms);
      readMs.cacheStream.push(await bare.do({ work: 'read-cache' }));
      readMs.cacheBuffer.push(await bare.do({ work: 'load-cache' }));
    }
  } finally {
    await context.close();
    await app.close();
    rmSync(profile, { recursive: true, force: true });
  }
  const speed = (ms: readonly number[]): number => Math.round(sizeBytes / 1000 / median(ms));
  const over = ({ bare, store }: { readonly bare: readonly number[]; readonly store: readonly number[] }) =>
    median(bare) / median(store);
  const report = {
    schema: 'witan.measure.model-store-speed',
    version: 2,
    sizeBytes,
    pairs,
    /** Medians over medians. */
    chunksOverBare: over(fetchMs.bare),
    chunksOverBareOverlapped: over(fetchMs.bareOverlapped),
    wholeOverBareWhole: over(fetchMs.bareWhole),
    readOverCacheStream: median(readMs.cacheStream) / median(readMs.store),
    readOverCacheBuffer: median(readMs.cacheBuffer) / median(readMs.store),
    megabytesPerSecond: {
      bare: speed(fetchMs.bare.bare),
      bareOverlapped: speed(fetchMs.bareOverlapped.bare),
      bareWhole: speed(fetchMs.bareWhole.bare),
      chunks: speed([...fetchMs.bare.store, ...fetchMs.bareOverlapped.store]),
      whole: speed(fetchMs.bareWhole.store),
      store: speed(readMs.store),
      cacheStream: speed(readMs.cacheStream),
      cacheBuffer: speed(readMs.cacheBuffer),
    },
    mostGrowthBytes: { store: Math.max(...grown.store), bare: Math.max(...grown.bare) },
    medianGrowthBytes: { store: median(grown.store), bare: median(grown.bare) },
    grown,
    fetchMs,
    readMs,
  };
  process.stdout.write(`${JSON.stringify(report, null, 1)}\n`);
}

await main();
