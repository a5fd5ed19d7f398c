import type { Clock } from '#kernel/clock';
import { err, ok, type Result } from '#kernel/result';
import type { SilenceWatch } from '#kernel/silence-watch';
import { untilAborted } from '#kernel/until-aborted';
import { fault, type FetchFault } from './fetch-fault.ts';
import type { NetBody } from './net-port.ts';

export interface ReadPolicy {
  readonly bodySilenceMs: number;
  readonly silenceBytes: number;
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
  #piece: Uint8Array = new Uint8Array(0);
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

  /** Fills `into`. @returns the bytes read: fewer when the body ended */
  async fill(into: Uint8Array): Promise<Read<number>> {
    return this.#take(into.byteLength, (piece, at) => {
      into.set(piece, at);
    });
  }

  /** As `fill`, and throws them away. */
  skip(bytes: number): Promise<Read<number>> {
    return this.#take(bytes, () => undefined);
  }

  /** Whether nothing follows; waits for it. */
  async ended(): Promise<Read<boolean>> {
    const more = await this.#more();
    return more.ok ? ok(!more.value) : more;
  }

  /** It is not the server's turn: nothing is expected of it. */
  rest(): void {
    this.#watch.rest();
    this.#watched = false;
  }

  async #take(bytes: number, use: (piece: Uint8Array, at: number) => void): Promise<Read<number>> {
    let done = 0;
    while (done < bytes) {
      const more = await this.#more();
      if (!more.ok) return more;
      if (!more.value) break;
      const piece = this.#piece.subarray(0, bytes - done);
      use(piece, done);
      done += piece.byteLength;
      this.#piece = this.#piece.subarray(piece.byteLength);
    }
    return ok(done);
  }

  /** Sees to it that there is a piece. False at the end. */
  async #more(): Promise<Read<boolean>> {
    while (this.#piece.byteLength === 0) {
      this.#expect();
      const fromMs = this.#clock.nowMs();
      const read = this.#watch.signal.aborted
        ? null
        : await untilAborted(this.#body.read(), this.#watch.signal);
      this.networkMs += this.#clock.nowMs() - fromMs;
      if (read === null) return err(this.#watch.silence === null ? null : fault('stalled'));
      if (!read.ok) return err(read.error.reason === 'aborted' ? null : fault('cut'));
      if (read.value === null) return ok(false);
      this.#piece = read.value;
      this.#heardBytes += read.value.byteLength;
      this.#onBytes(read.value.byteLength);
    }
    return ok(true);
  }

  #expect(): void {
    if (this.#watched && this.#heardBytes < this.#policy.silenceBytes) return;
    this.#watched = true;
    this.#heardBytes = 0;
    this.#watch.allow(this.#policy.bodySilenceMs, 'body');
  }
}
