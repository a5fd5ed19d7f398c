import { failure, WitanError } from '#contracts/errors';
import { untilAborted } from '#kernel/until-aborted';
import { HEADER_BYTES, WINDOW_BYTES } from './limits.ts';
import { refused } from './refusal.ts';

/** Bytes that can be read from anywhere: a Blob's slices, a file of the private file system. */
export interface ByteSource {
  readonly sizeBytes: number;
  /** Resolves with exactly `length` bytes; asked only for bytes within `sizeBytes`. May reject. */
  read(offset: number, length: number): Promise<Uint8Array>;
}

/**
 * Walks forward through the beginning of a file with one window of it in memory. After `need(n)` the next n bytes can be
 * taken without waiting, so that lists of 100,000 texts cost one wait per window instead of one per text.
 */
export class HeaderWindow {
  readonly #signal: AbortSignal;
  readonly #source: ByteSource;
  /** Nothing behind it is read: the end of the file, or the largest header. */
  readonly #endByte: number;
  #bytes: Uint8Array = new Uint8Array(0);
  #view = new DataView(this.#bytes.buffer);
  /** Where in the file the window begins, and where in the window reading goes on. */
  #fromByte = 0;
  #next = 0;

  constructor(signal: AbortSignal, source: ByteSource) {
    this.#signal = signal;
    this.#source = source;
    this.#endByte = Math.min(source.sizeBytes, HEADER_BYTES);
  }

  /** Position in the file. */
  get atByte(): number {
    return this.#fromByte + this.#next;
  }

  /** Bytes that can be taken without `need`. */
  get ready(): number {
    return this.#view.byteLength - this.#next;
  }

  /**
   * @param length at most a few MiB: it is held in memory
   * @throws WitanError model-invalid (truncated, header-too-large), storage-failed, cancelled
   */
  async need(length: number): Promise<void> {
    if (this.ready >= length) return;
    const fromByte = this.atByte;
    this.within(length);
    const asked = Math.min(Math.max(length, WINDOW_BYTES), this.#endByte - fromByte);
    const bytes = await this.#read(fromByte, asked);
    if (bytes.byteLength < asked)
      throw new WitanError(
        failure('storage-failed', { reason: 'short-read', asked, bytes: bytes.byteLength, atByte: fromByte }),
      );
    this.#bytes = bytes.subarray(0, asked);
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, asked);
    this.#fromByte = fromByte;
    this.#next = 0;
  }

  async #read(offset: number, length: number): Promise<Uint8Array> {
    let bytes: Uint8Array | null;
    try {
      bytes = await untilAborted(this.#source.read(offset, length), this.#signal);
    } catch (thrown) {
      if (thrown instanceof WitanError) throw thrown;
      throw new WitanError(failure('storage-failed', {}, thrown));
    }
    if (bytes === null) throw new WitanError(failure('cancelled'));
    return bytes;
  }

  /**
   * Goes past bytes without reading them.
   * @throws WitanError model-invalid (truncated, header-too-large)
   */
  skip(length: number): void {
    if (length > this.ready) this.within(length);
    this.#next += length;
  }

  u32(): number {
    this.#next += 4;
    return this.#view.getUint32(this.#next - 4, true);
  }

  /** Exact up to 2^53; larger values are rounded but stay larger than every limit. */
  u64(): number {
    const low = this.u32();
    return this.u32() * 2 ** 32 + low;
  }

  number(read: (view: DataView, at: number) => number, size: number): number {
    this.#next += size;
    return read(this.#view, this.#next - size);
  }

  /** The next bytes as they lie in the window: good until the next `need`. */
  bytes(length: number): Uint8Array {
    this.#next += length;
    return this.#bytes.subarray(this.#next - length, this.#next);
  }

  /**
   * Whether so many bytes can follow at all.
   * @throws WitanError model-invalid (truncated, header-too-large)
   */
  within(length: number): void {
    const atByte = this.atByte;
    if (atByte + length <= this.#endByte) return;
    const sizeBytes = this.#source.sizeBytes;
    if (atByte + length > sizeBytes) throw refused('truncated', { atByte, bytes: sizeBytes });
    throw refused('header-too-large', { atByte, limitBytes: HEADER_BYTES });
  }
}
