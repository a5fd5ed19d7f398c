import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { CHUNK_BYTES, type StoredModel } from '../../src/contracts/model-store.ts';
import { seededRandom } from '../../src/kernel/random.ts';
import { sha256Hex } from '../../test/fakes/one-model-catalogue.ts';
import { killProfile } from './profile-processes.ts';
import { download, hashOnDisk, openApp, openProfile, remove, stored, verify } from './store-page.ts';
import { storeRequest, type Known } from './store-request.ts';
import { serveStore } from './store-site.ts';
import { StoreWorker } from './store-worker.ts';

/**
 * Kills the whole browser at seeded random moments while it fetches a model, opens the same profile again and has the
 * store read every chunk that its journal speaks of: is the journal ever ahead of the data? Then it goes on to fetch, until
 * the next kill; a file that is whole before that is checked, removed and begun anew. Needs a built app. Linux. Prints one
 * JSON document; sizes in bytes, times in ms.
 *
 *     npx tsx tools/measure/model-store-kills.ts [RUNS] [SEED] [whole|chunks]
 */
const SIZE_BYTES = 48_000_000;
/** A slow line; and one on which chunks are journaled several at once. */
const LINES: Record<Known, { readonly bytesPerSecond: number; readonly longestMs: number }> = {
  whole: { bytesPerSecond: 6_000_000, longestMs: 2_000 },
  chunks: { bytesPerSecond: 60_000_000, longestMs: 700 },
};

interface Kill {
  readonly afterMs: number;
  readonly processes: number;
  readonly keptBefore: number;
  readonly keptAfter: number;
  readonly sentBytes: number;
  /** Sent, and not found after the kill. */
  readonly lostBytes: number;
  readonly state: StoredModel['state'] | 'none';
  readonly faults: number;
  /** A chunk of the journal that the disk does not have. */
  readonly journalAhead: boolean;
}

const faultsOf = (model: StoredModel): number =>
  model.files.reduce((sum, { faults }) => sum + faults.length, 0);

async function main(): Promise<void> {
  const runs = Number(process.argv[2] ?? 20);
  const seed = Number(process.argv[3] ?? 1);
  const known = process.argv[4] === 'chunks' ? 'chunks' : 'whole';
  const { bytesPerSecond, longestMs } = LINES[known];
  const random = seededRandom(seed);
  const profile = mkdtempSync(join(tmpdir(), 'witan-kills-'));
  const { app, file } = await serveStore({ sizeBytes: SIZE_BYTES, seed, bytesPerSecond });
  const sha256 = sha256Hex(file.bytes);
  const kills: Kill[] = [];
  const whole: { readonly bytesEqual: boolean; readonly state: string }[] = [];
  let keptBefore = 0;
  try {
    let context = await openProfile(profile);
    let page = await openApp(context, app.url);
    // The catalogue knows no chunks: then its storage worker is asked directly.
    const fetchOne = async (): Promise<{ readonly ok: boolean; readonly error?: unknown }> =>
      known === 'whole'
        ? download(page)
        : (await StoreWorker.start(page, app.url)).download(storeRequest(app.url, file.bytes, known));
    const finished = async (): Promise<void> => {
      const model = await verify(page);
      whole.push({
        state: model.ok ? model.value.state : model.error.code,
        bytesEqual: (await hashOnDisk(page, `sha256-${sha256}`, SIZE_BYTES)) === sha256,
      });
    };
    while (kills.length < runs) {
      const sentBefore = file.sentBytes;
      const asked = file.requests.length;
      let isWhole = false;
      const fetching = fetchOne().then(
        ({ ok }) => (isWhole = ok),
        () => undefined, // killed
      );
      while (file.requests.length === asked && !isWhole) await sleep(5);
      const afterMs = random() * longestMs;
      await sleep(afterMs);
      if (isWhole) {
        await finished();
        await remove(page);
        keptBefore = 0;
        continue;
      }
      const processes = await killProfile(profile);
      await fetching;
      await context.close().catch(() => undefined);
      await file.quiet();
      const sentBytes = file.sentBytes - sentBefore;
      context = await openProfile(profile);
      page = await openApp(context, app.url);
      const listed = await stored(page);
      const checked = listed === null ? null : await verify(page);
      if (checked !== null && !checked.ok) throw new Error(JSON.stringify(checked.error));
      const keptAfter = checked?.value.keptBytes ?? 0;
      const faults = checked === null ? 0 : faultsOf(checked.value);
      kills.push({
        afterMs,
        processes,
        keptBefore,
        keptAfter,
        sentBytes,
        lostBytes: sentBytes - (keptAfter - keptBefore),
        state: checked?.value.state ?? 'none',
        faults,
        journalAhead:
          faults > 0 || checked?.value.state === 'suspect' || keptAfter !== (listed?.keptBytes ?? 0),
      });
      keptBefore = keptAfter;
    }
    file.obey({ bytesPerSecond: null });
    const last = await fetchOne();
    if (!last.ok) throw new Error(JSON.stringify(last.error));
    await finished();
    await context.close();
  } finally {
    await killProfile(profile);
    await app.close();
    rmSync(profile, { recursive: true, force: true });
  }
  const report = {
    schema: 'witan.measure.model-store-kills',
    version: 1,
    seed,
    known,
    sizeBytes: SIZE_BYTES,
    chunkBytes: CHUNK_BYTES,
    journalAhead: kills.filter(({ journalAhead }) => journalAhead).length,
    resumed: kills.filter(({ keptAfter }) => keptAfter > 0).length,
    mostLostBytes: Math.max(...kills.map(({ lostBytes }) => lostBytes)),
    sentBytes: file.sentBytes,
    allowedBytes: whole.length * SIZE_BYTES + kills.length * CHUNK_BYTES,
    whole,
    kills,
  };
  process.stdout.write(`${JSON.stringify(report, null, 1)}\n`);
}

await main();
