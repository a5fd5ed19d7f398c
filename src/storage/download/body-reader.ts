import type { Clock } from '#kernel/clock';
import { err, ok, type Result } from '#kernel/result';
import type { SilenceWatch } from '#kernel/silence-watch';
import { untilAborted } from '#kernel/until-aborted';
import { fault, type FetchFault } from './fetch-fault.ts';
import type { NetBody, NetPiece } from './net-port.ts';

export interface ReadPolicy {
  readonly bodySilenceMs: number;
  readonly silenceBytes: number;
}

/** Lent to what is not kept: large enough that kept chunks are read over at the speed of the line. */
const SCRATCH_BYTES = 2 ** 18;

/** Memory that a body may take away and give back as another object. */
interface Lent {
  memory: ArrayBuffer;
}

/** Null: the download was stopped. */
type Read<T> = Result<T, FetchFault | null>;

/** Reads a body in portions of a size asked for, whatever pieces it comes in, and watches that it keeps coming. */
export class BodyReader {
  readonly #clock: Clock;
  readonly #watch: SilenceWatch;
  readonly #body: NetBody;
  readonly #policy: ReadPolicy;
  readonly #onBytes: (bytes: number) => void;
  /** Came, and was not asked for yet. */
  #rest: Uint8Array = new Uint8Array(0);
  #scratch: Lent | null = null;
  #watched = false;
  #heardBytes = 0;
  /** Spent waiting for the network so far. */
  networkMs = 0;

  /** @param onBytes told of every piece, at once */
  constructor(
    clock: Clock,
    watch: SilenceWatch,
    body: NetBody,
    policy: ReadPolicy,
    onBytes: (bytes: number) => void,
  ) {
    this.#clock = clock;
    this.#watch = watch;
    this.#body = body;
    this.#policy = policy;
    this.#onBytes = onBytes;
  }

  /** Fills the first `bytes` of `into`. @returns the bytes read: fewer when the body ended */
  async fill(into: Lent, bytes: number): Promise<Read<number>> {
    let done = 0;
    while (done < bytes) {
      const more = await this.#more(into, done, bytes);
      if (!more.ok) return more;
      const { bytes: piece, memory } = more.value;
      into.memory = memory ?? into.memory;
      if (piece === null) break;
      if (memory === null) new Uint8Array(into.memory, done).set(piece);
      done += piece.byteLength;
    }
    return ok(done);
  }

  /** Reads so many bytes and throws them away. @returns the bytes read: fewer when the body ended */
  async skip(bytes: number): Promise<Read<number>> {
    let done = 0;
    while (done < bytes) {
      const more = await this.#throwAway(bytes - done);
      if (!more.ok) return more;
      if (more.value === 0) break;
      done += more.value;
    }
    return ok(done);
  }

  /** Whether nothing follows; waits for it. */
  async ended(): Promise<Read<boolean>> {
    const more = await this.#throwAway(1);
    return more.ok ? ok(more.value === 0) : more;
  }

  /** It is not the server's turn: nothing is expected of it. */
  rest(): void {
    this.#watch.rest();
    this.#watched = false;
  }

  async #throwAway(atMost: number): Promise<Read<number>> {
    this.#scratch ??= { memory: new ArrayBuffer(SCRATCH_BYTES) };
    const more = await this.#more(this.#scratch, 0, Math.min(atMost, SCRATCH_BYTES));
    if (!more.ok) return more;
    const { bytes, memory } = more.value;
    this.#scratch.memory = memory ?? this.#scratch.memory;
    return ok(bytes?.byteLength ?? 0);
  }

  /** A piece for the bytes from `fromByte` to `toByte` of `into`, or for the first of them. */
  async #more(into: Lent, fromByte: number, toByte: number): Promise<Read<NetPiece>> {
    const atMost = toByte - fromByte;
    if (this.#rest.byteLength === 0) {
      const read = await this.#read(new Uint8Array(into.memory, fromByte, atMost));
      if (!read.ok || read.value.bytes === null || read.value.memory !== null) return read;
      this.#rest = read.value.bytes;
    }
    const bytes = this.#rest.subarray(0, atMost);
    this.#rest = this.#rest.subarray(bytes.byteLength);
    return ok({ bytes, memory: null });
  }

  /** Waits for bytes, at least one, or the end. */
  async #read(lent: Uint8Array<ArrayBuffer>): Promise<Read<NetPiece>> {
    for (;;) {
      this.#expect();
      const fromMs = this.#clock.nowMs();
      const read = this.#watch.signal.aborted
        ? null
        : await untilAborted(this.#body.read(lent), this.#watch.signal);
      this.networkMs += this.#clock.nowMs() - fromMs;
      if (read === null) return err(this.#watch.silence === null ? null : fault('stalled'));
      if (!read.ok) return err(read.error.reason === 'aborted' ? null : fault('cut'));
      const { bytes, memory } = read.value;
      if (bytes === null) return read;
      this.#heardBytes += bytes.byteLength;
      this.#onBytes(bytes.byteLength);
      // No byte at all is no end: only a stream of pieces of its own gives such, and what was lent to it may be lent again.
      if (bytes.byteLength > 0 || memory !== null) return read;
    }
  }

  #expect(): void {
    if (this.#watched && this.#heardBytes < this.#policy.silenceBytes) return;
    this.#watched = true;
    this.#heardBytes = 0;
    this.#watch.allow(this.#policy.bodySilenceMs, 'body');
  }
}
