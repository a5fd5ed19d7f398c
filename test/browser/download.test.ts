import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '#kernel/clock';
import { seededRandom } from '#kernel/random';
import type { DownloadProgress } from '#contracts/download';
import type { Outcome } from '#contracts/errors';
import { CHUNK_BYTES, type FileSpec, type StoredFile } from '#contracts/model-store';
import { download } from '../../src/storage/download/download.ts';
import { DOWNLOAD_POLICY, type DownloadPolicy } from '../../src/storage/download/download-policy.ts';
import { FetchNet } from '../../src/storage/download/fetch-net.ts';
import type { FileScript } from '../fakes/faulty-file.ts';
import { MemorySink, sha256, type SinkOptions } from '../fakes/memory-sink.ts';
import type { NetFault } from '../fakes/net-fault.ts';
import { seededBytes } from '../fakes/seeded-bytes.ts';
import { RemoteFile } from './file-server-client.ts';

/** A sixteenth of the file of the fault table, in chunks of a sixteenth: the same requests, less to hash. */
const SMALL = 1_500_000;
const SMALL_CHUNK = CHUNK_BYTES / 16;
const LARGE = 24_000_000;

const POLICY: DownloadPolicy = { ...DOWNLOAD_POLICY, firstWaitMs: 20 };
/** For a server that says nothing: a test need not wait half a minute for it. Otherwise a busy machine is no silent server. */
const IMPATIENT: DownloadPolicy = { ...POLICY, headSilenceMs: 700, bodySilenceMs: 700 };

interface Rig {
  readonly remote: RemoteFile;
  readonly sink: MemorySink;
  readonly told: DownloadProgress[];
  readonly run: (signal?: AbortSignal) => Promise<Outcome<StoredFile>>;
}

let remote: RemoteFile;
let hashes: Map<number, { readonly whole: string; readonly chunks: readonly string[] }>;

beforeAll(async () => {
  remote = await RemoteFile.start({});
  hashes = new Map();
  for (const [size, chunk] of [
    [SMALL, SMALL_CHUNK],
    [LARGE, CHUNK_BYTES],
  ] as const) {
    const bytes = seededBytes(size, 1);
    const chunks: string[] = [];
    for (let at = 0; at < size; at += chunk) chunks.push(await sha256(bytes.slice(at, at + chunk)));
    hashes.set(size, { whole: await sha256(bytes), chunks });
  }
});
afterAll(() => remote.stop());

interface Order extends FileScript {
  readonly known?: { readonly size: boolean; readonly chunks: boolean };
  readonly sink?: SinkOptions;
}

async function rigOf(sizeBytes: number, { known, sink: options, ...script }: Order): Promise<Rig> {
  await remote.order({ always: null, exposes: true, bytesPerSecond: null, faults: [], ...script, sizeBytes });
  const { size, chunks } = known ?? { size: true, chunks: true };
  const right = hashes.get(sizeBytes);
  const chunkBytes = sizeBytes === LARGE ? CHUNK_BYTES : SMALL_CHUNK;
  const file: FileSpec = {
    id: 'sha256-test',
    urls: [remote.url],
    sizeBytes: size ? sizeBytes : null,
    sha256: right?.whole ?? null,
    chunkSha256: chunks ? (right?.chunks ?? null) : null,
  };
  const sink = new MemorySink(file, { chunkBytes, hash: sha256, ...options });
  const isSilent = script.faults?.some((what) => what?.fault === 'stall' || what?.fault === 'drip') ?? false;
  const told: DownloadProgress[] = [];
  const net = new FetchNet((url, init) => fetch(url, init), globalThis);
  const run = (signal = new AbortController().signal): Promise<Outcome<StoredFile>> =>
    download(
      signal,
      { file, sink, model: 'tiny' },
      { net, clock: systemClock, random: seededRandom(1) },
      (progress) => told.push(progress),
      { ...(isSilent ? IMPATIENT : POLICY), chunkBytes },
    );
  return { remote, sink, told, run };
}

const times = (count: number, fault: NetFault): NetFault[] => Array.from({ length: count }, () => fault);

/** Name, faults, bytes that may come beyond those of the file. */
const FAULTS: readonly (readonly [string, readonly NetFault[], number])[] = [
  ['nothing', [], 0],
  ['cut at 50 %', [{ fault: 'cut', afterBytes: SMALL / 2 }], SMALL_CHUNK],
  ['cut three times', times(3, { fault: 'cut', afterBytes: SMALL / 4 }), 3 * SMALL_CHUNK],
  ['a clean, short body', [{ fault: 'short', afterBytes: SMALL / 2 }], SMALL_CHUNK],
  ['one flipped bit', [{ fault: 'flip', atByte: SMALL / 2 }], SMALL_CHUNK],
  ['a captive portal', times(2, { fault: 'portal' }), 100],
  ['a portal that does not say so', [{ fault: 'portal', unmarked: true }], 100],
  ['compression', times(9, { fault: 'gzip' }), 0],
  ['a server that ignores ranges', times(9, { fault: 'ignores-range' }), 0],
  ['a wrong range', [{ fault: 'wrong-range' }], 0],
  ['a smaller part', [{ fault: 'less', bytes: SMALL_CHUNK + 5_000 }], SMALL_CHUNK],
  ['416', [{ fault: 'unsatisfiable' }], 0],
  ['429', [{ fault: 'status', status: 429, retryAfter: '1' }], 100],
  ['503', [{ fault: 'status', status: 503 }], 100],
  ['no answer', times(3, { fault: 'unreachable' }), 0],
  ['silence instead of an answer', [{ fault: 'stall', afterBytes: null }], 0],
  ['a stall amid the body', [{ fault: 'stall', afterBytes: SMALL / 2 }], SMALL_CHUNK],
  ['a drip', [{ fault: 'drip' }], SMALL_CHUNK],
  ['a changed file', [{ fault: 'changed' }], SMALL],
  ['too many bytes', [{ fault: 'too-long', extraBytes: 300_000 }], 300_000],
  ['a file of another size', [{ fault: 'other-size' }], 0],
];

describe.each([true, false])('a real line, headers exposed: %s', (exposes) => {
  it.each(FAULTS)('%s ends verified', async (_, faults, extraBytes) => {
    const { sink, run, told } = await rigOf(SMALL, { faults, exposes });
    expect(await run()).toMatchObject({ ok: true, value: { sha256: hashes.get(SMALL)?.whole } });
    expect(new Set(sink.kept).size).toBe(6);
    const { transferredBytes = 0 } = told.at(-1) ?? {};
    expect(transferredBytes).toBeGreaterThanOrEqual(SMALL);
    expect(transferredBytes).toBeLessThanOrEqual(SMALL + extraBytes);
    const { requests } = await remote.quiet(); // nothing stays open
    expect(requests.every(({ method }) => method === 'GET')).toBe(true); // no preflight
    expect(
      requests.every(({ headers }) => headers.cookie === undefined && headers.referer === undefined),
    ).toBe(true);
  });
});

describe('24 MB', () => {
  it.each<readonly [string, readonly NetFault[], number]>([
    ['cut at 50 %', [{ fault: 'cut', afterBytes: LARGE / 2 }], LARGE + CHUNK_BYTES],
    ['a clean, short body', [{ fault: 'short', afterBytes: LARGE / 2 }], LARGE + CHUNK_BYTES],
    ['one flipped bit', [{ fault: 'flip', atByte: 13_000_000 }], LARGE + CHUNK_BYTES],
    ['compression', times(3, { fault: 'gzip' }), LARGE],
    // Two bad chunks in a row, those that came meanwhile, and a piece of the line.
    ['a changed file', [{ fault: 'changed' }], LARGE + 5 * CHUNK_BYTES],
  ])('%s', async (_, faults, bytesAtMost) => {
    const { run, told } = await rigOf(LARGE, { faults });
    expect(await run()).toMatchObject({ ok: true, value: { sha256: hashes.get(LARGE)?.whole } });
    expect(told.at(-1)?.transferredBytes).toBeLessThanOrEqual(bytesAtMost);
  });

  it('stopped at 50 %: goes on from there', async () => {
    const stop = new AbortController();
    const { sink, run, told } = await rigOf(LARGE, {
      bytesPerSecond: 40_000_000,
      sink: { onKept: (index) => index === 2 && stop.abort() },
    });
    expect(await run(stop.signal)).toMatchObject({ ok: false, error: { code: 'cancelled' } });
    const before = told.at(-1)?.transferredBytes ?? 0;
    await remote.quiet();
    expect(await run()).toMatchObject({ ok: true, value: { sha256: hashes.get(LARGE)?.whole } });
    expect(before + (told.at(-1)?.transferredBytes ?? 0)).toBeLessThanOrEqual(LARGE + CHUNK_BYTES);
    expect(sink.kept).toHaveLength(6);
    const { requests } = await remote.quiet();
    expect(requests.at(-1)?.range).toMatch(
      new RegExp(`^bytes=${String(3 * CHUNK_BYTES)}-|^bytes=${String(4 * CHUNK_BYTES)}-`),
    );
  });
});

describe('an address of which nothing is known', () => {
  it.each([true, false])('learns the size, and fetches it once (headers exposed: %s)', async (exposes) => {
    const { run, told } = await rigOf(SMALL, { exposes, known: { size: false, chunks: false } });
    expect(await run()).toMatchObject({ ok: true, value: { sizeBytes: SMALL } });
    expect(told.at(-1)?.transferredBytes).toBe(SMALL);
  });
});
