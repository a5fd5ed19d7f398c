import type { Clock } from '#kernel/clock';
import type { Random } from '#kernel/random';
import { failure, failureOf, type WitanFailure } from '#contracts/errors';
import type { ByteRange, ChunkSink, FileSpec } from '#contracts/model-store';
import { ChunkBuffers, type ChunkBuffer } from './chunk-buffers.ts';
import { ChunkQueue } from './chunk-queue.ts';
import type { DownloadPolicy } from './download-policy.ts';
import { fault } from './fetch-fault.ts';
import { Mirrors, type Mirror } from './mirrors.ts';
import type { NetPort } from './net-port.ts';
import type { ProgressMeter } from './progress-meter.ts';

export interface DownloadJob {
  readonly file: FileSpec;
  readonly sink: ChunkSink;
  /** Name of the model, for the text of failures. */
  readonly model: string;
}

export interface DownloadPorts {
  readonly net: NetPort;
  readonly clock: Clock;
  readonly random: Random;
}

/** What becomes of a chunk. */
export interface Keeping {
  /** It is what it should be, and the sink is ready for others; not called where it failed before. */
  readonly written: () => void;
  /** @param kept false, too, when the sink failed, which ends the download */
  readonly settled: (kept: boolean) => void;
}

/**
 * Chunks in memory with one request at once: as many as come while the store hashes and writes one and flushes, on a line that
 * is as fast as a disk.
 */
const BUFFERS = 4;

/** What the parallel parts of one download share. */
export class DownloadState {
  readonly job: DownloadJob;
  readonly ports: DownloadPorts;
  readonly policy: DownloadPolicy;
  readonly mirrors: Mirrors;
  readonly meter: ProgressMeter;
  /** One more for each further request at once. */
  readonly buffers: ChunkBuffers;
  /** Null until the size is known. */
  queue: ChunkQueue | null = null;
  sizeBytes: number | null = null;
  /** Some part reads the whole file, which one at a time may do. */
  streaming = false;
  readonly #stop = new AbortController();
  #failure: WitanFailure | null = null;
  /** Chunks that were handed to the sink, which has not answered yet. */
  readonly #putting = new Set<Promise<void>>();
  /** Whose bytes are in this round's chunks. */
  #contributors = new Set<string>();

  constructor(job: DownloadJob, ports: DownloadPorts, policy: DownloadPolicy, meter: ProgressMeter) {
    this.job = job;
    this.ports = ports;
    this.policy = policy;
    this.meter = meter;
    this.mirrors = new Mirrors(job.file.urls, policy, ports.random);
    this.buffers = new ChunkBuffers(policy.chunkBytes, BUFFERS);
  }

  /** Aborts when the download is over, for whatever reason. */
  get signal(): AbortSignal {
    return this.#stop.signal;
  }

  get failure(): WitanFailure | null {
    return this.#failure;
  }

  get anyKept(): boolean {
    const { queue, sizeBytes } = this;
    return queue !== null && sizeBytes !== null && queue.size < Math.ceil(sizeBytes / this.policy.chunkBytes);
  }

  about(): WitanFailure['details'] {
    return { model: this.job.model, file: this.job.file.id };
  }

  /** Ends the download; the first reason counts. */
  end(reason: WitanFailure): void {
    this.#failure ??= reason;
    this.#stop.abort();
  }

  chunk(index: number, sizeBytes: number): ByteRange {
    const fromByte = index * this.policy.chunkBytes;
    return { fromByte, toByte: Math.min(fromByte + this.policy.chunkBytes, sizeBytes) };
  }

  /** The size is known now: has room reserved and asks what is missing. @returns false when that ended the download */
  async learnSize(sizeBytes: number): Promise<boolean> {
    const set = await this.job.sink.setSize(sizeBytes).catch((thrown: unknown) => thrownBySink(thrown));
    if (!set.ok) {
      this.end(set.error);
      return false;
    }
    this.sizeBytes = sizeBytes;
    this.ask();
    return !this.signal.aborted;
  }

  /** Asks the sink what is missing. */
  ask(): void {
    const { sizeBytes } = this;
    if (sizeBytes === null) return;
    const missing = this.job.sink.missing() ?? [];
    const missingBytes = missing.reduce((sum, index) => {
      const { fromByte, toByte } = this.chunk(index, sizeBytes);
      return sum + toByte - fromByte;
    }, 0);
    this.queue = new ChunkQueue(missing);
    this.meter.begin(sizeBytes, sizeBytes - missingBytes);
  }

  /**
   * Hands a whole chunk to the sink, which may still be at those before it; the buffer goes back when it is written. A chunk
   * that is here is kept even when the download was stopped meanwhile, unless the sink failed.
   */
  keep(index: number, buffer: ChunkBuffer, bytes: number, mirror: Mirror, on: Keeping): void {
    this.meter.onTheWay(bytes);
    const onWritten = (): void => {
      buffer.release();
      this.mirrors.kept(mirror);
      on.written();
    };
    const putting = this.#put(index, new Uint8Array(buffer.memory, 0, bytes), mirror, onWritten)
      .then(on.settled)
      .catch((thrown: unknown) => {
        this.end(failureOf(thrown));
      })
      .finally(() => {
        this.#putting.delete(putting);
        this.meter.onTheWay(-bytes);
        buffer.release();
      });
    this.#putting.add(putting);
  }

  /** Waits for the chunks that are with the sink now. @returns whether there were any */
  async settled(): Promise<boolean> {
    const had = this.#putting.size > 0;
    await Promise.all(this.#putting);
    return had;
  }

  /** The whole differs from its hash: other servers first, from now on. */
  wholeWasWrong(): void {
    this.mirrors.disproved(this.#contributors);
    this.#contributors = new Set();
    this.meter.retried();
    this.ask();
  }

  async #put(
    index: number,
    bytes: Uint8Array<ArrayBuffer>,
    mirror: Mirror,
    onWritten: () => void,
  ): Promise<boolean> {
    if (this.#failure !== null && this.#failure.code !== 'cancelled') {
      this.queue?.release(index);
      return false;
    }
    const { byteLength } = bytes;
    const put = await this.job.sink
      .put(index, bytes, onWritten)
      .catch((thrown: unknown) => thrownBySink(thrown));
    if (put.ok) {
      this.queue?.kept(index);
      this.#contributors.add(mirror.url);
      this.meter.kept(byteLength);
      return true;
    }
    if (put.error.code !== 'model-invalid') {
      this.queue?.release(index);
      this.end(put.error);
      return false;
    }
    this.meter.retried();
    this.mirrors.failed(mirror, fault('bad-chunk'), this.ports.clock.nowMs());
    const bad = this.queue?.bad(index, mirror.url) ?? 0;
    if (bad >= this.policy.chunkAttempts) {
      this.end(
        failure('model-invalid', { ...put.error.details, ...this.about(), chunk: index, attempts: bad }),
      );
    }
    return false;
  }
}

/** A sink does not throw; if one does, that ends the download as any other of its failures. */
const thrownBySink = (thrown: unknown): { readonly ok: false; readonly error: WitanFailure } => ({
  ok: false,
  error: failureOf(thrown),
});
