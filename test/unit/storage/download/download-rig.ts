import { delay } from '#kernel/clock';
import { seededRandom } from '#kernel/random';
import type { DownloadProgress } from '#contracts/download';
import type { Outcome } from '#contracts/errors';
import type { FileSpec, StoredFile } from '#contracts/model-store';
import { download } from '../../../../src/storage/download/download.ts';
import { DOWNLOAD_POLICY, type DownloadPolicy } from '../../../../src/storage/download/download-policy.ts';
import { FakeNet, type FakeServer } from '../../../fakes/fake-net.ts';
import { cheapHash, MemorySink, type SinkOptions } from '../../../fakes/memory-sink.ts';
import type { NetFault } from '../../../fakes/net-fault.ts';
import { settled } from '../../../fakes/settled.ts';
import { VirtualClock } from '../../../fakes/virtual-clock.ts';

export const FIRST = 'https://first.example/model.gguf';
export const SECOND = 'https://second.example/model.gguf';
export const CHUNK = 4_096;
/** A thousandth of the file of the fault table: six chunks, the last one shorter. */
export const SIZE = 24_000;
export const CHUNKS = 6;

/** As shipped, but for small chunks on a slow line. */
export const POLICY: DownloadPolicy = {
  ...DOWNLOAD_POLICY,
  chunkBytes: CHUNK,
  silenceBytes: 16,
  assumedBytesPerSecond: 10_000,
};

export function content(bytes = SIZE, seed = 1): Uint8Array<ArrayBuffer> {
  const random = seededRandom(seed);
  return Uint8Array.from({ length: bytes }, () => Math.floor(random() * 256));
}

export function chunkHashes(bytes: Uint8Array, chunkBytes = CHUNK): string[] {
  return Array.from(
    { length: Math.ceil(bytes.byteLength / chunkBytes) },
    (_, index) =>
      cheapHash(Uint8Array.from(bytes.subarray(index * chunkBytes, (index + 1) * chunkBytes))) as string,
  );
}

export interface Known {
  readonly size?: boolean;
  readonly whole?: boolean;
  readonly chunks?: boolean;
}

export interface RigOptions {
  readonly bytes?: number;
  readonly urls?: readonly string[];
  readonly known?: Known;
  readonly faults?: readonly (NetFault | null)[];
  readonly servers?: Readonly<Record<string, Partial<FakeServer>>>;
  readonly sink?: SinkOptions;
  readonly policy?: Partial<DownloadPolicy>;
  readonly seed?: number;
}

/** A file, servers that have it, a sink that wants it, and a clock of their own. */
export class DownloadRig {
  readonly clock = new VirtualClock();
  readonly file: Uint8Array<ArrayBuffer>;
  readonly spec: FileSpec;
  readonly net: FakeNet;
  readonly sink: MemorySink;
  readonly told: DownloadProgress[] = [];
  readonly #policy: DownloadPolicy;
  readonly #seed: number;

  constructor(options: RigOptions = {}) {
    this.file = content(options.bytes);
    const { size = true, whole = false, chunks = true } = options.known ?? {};
    const urls = options.urls ?? [FIRST];
    this.spec = {
      id: 'sha256-test',
      urls,
      sizeBytes: size ? this.file.byteLength : null,
      sha256: whole ? (cheapHash(this.file) as string) : null,
      chunkSha256: chunks ? chunkHashes(this.file) : null,
    };
    const server = (url: string, index: number): FakeServer => ({
      content: this.file,
      faults: index === 0 ? [...(options.faults ?? [])] : [],
      bytesPerSecond: 20_000,
      ...options.servers?.[url],
    });
    this.net = new FakeNet(
      this.clock,
      Object.fromEntries(urls.map((url, index) => [url, server(url, index)] as const)),
    );
    this.sink = new MemorySink(this.spec, { chunkBytes: CHUNK, ...options.sink });
    this.#policy = { ...POLICY, ...options.policy };
    this.#seed = options.seed ?? 7;
  }

  start(signal: AbortSignal = new AbortController().signal): Promise<Outcome<StoredFile>> {
    const { clock, net, sink, spec } = this;
    return download(
      signal,
      { file: spec, sink, model: 'tiny' },
      { net, clock, random: seededRandom(this.#seed) },
      (progress) => this.told.push(progress),
      this.#policy,
    );
  }

  run(signal?: AbortSignal): Promise<Outcome<StoredFile>> {
    return settled(this.clock, this.start(signal));
  }

  /** Whether the sink holds the file, byte by byte; `toEqual` takes a tenth of a second for that. */
  get isWhole(): boolean {
    return Buffer.compare(this.sink.bytes(), this.file) === 0;
  }

  /** From now on the store takes its time for each chunk. */
  slowStore(putMs: number): void {
    const { put } = this.sink;
    let last: Promise<unknown> = Promise.resolve();
    this.sink.put = (index, bytes) => {
      const done = last.then(async () => {
        await delay(this.clock, putMs);
        return put.call(this.sink, index, bytes);
      });
      last = done;
      return done;
    };
  }

  /** What a run leaves behind when it is over: nothing. */
  get leftOpen(): typeof NOTHING_LEFT {
    return { bodies: this.net.open, timers: this.clock.pending, listeners: this.net.waiting };
  }
}

export const NOTHING_LEFT = { bodies: 0, timers: 0, listeners: 0 };
