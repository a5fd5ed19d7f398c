import { pause } from '#kernel/pause';
import { err, type Result } from '#kernel/result';
import type { DownloadProgress } from '#contracts/download';
import { failure, failureOf, type Outcome, type WitanFailure } from '#contracts/errors';
import type { StoredFile } from '#contracts/model-store';
import { DOWNLOAD_POLICY, type DownloadPolicy } from './download-policy.ts';
import { DownloadState, type DownloadJob, type DownloadPorts } from './download-state.ts';
import { exchange } from './exchange.ts';
import { failureOfFault, type FetchFault } from './fetch-fault.ts';
import type { Mirror } from './mirrors.ts';
import { ProgressMeter } from './progress-meter.ts';

const NOBODY: ReadonlySet<string> = new Set();

/**
 * Fills a sink with what it misses of a file: ranges of whole chunks, several at once when there is much to fetch, from
 * whichever server is in health and fast; each chunk goes to the sink as soon as it is whole. Whatever ends it, what the
 * sink has kept stays, and the next download goes on from there.
 *
 * Errors: model-fetch-failed (`reason` is a `FetchReason`; `status` where a server gave one), model-invalid (reasons of
 * `ChunkSink`, after the attempts of the policy), storage-full, storage-failed, cancelled.
 * @param signal pauses or cancels it, which is the same to it
 * @param tell at most four times a second, and at the end
 */
export async function download(
  signal: AbortSignal,
  job: DownloadJob,
  ports: DownloadPorts,
  tell: (progress: DownloadProgress) => void = () => undefined,
  policy: DownloadPolicy = DOWNLOAD_POLICY,
): Promise<Outcome<StoredFile>> {
  const meter = new ProgressMeter(ports.clock, tell);
  const state = new DownloadState(job, ports, policy, meter);
  const onAbort = (): void => {
    state.end(failure('cancelled', state.about()));
  };
  if (signal.aborted) onAbort();
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await new Download(state).run();
  } catch (thrown) {
    return err(failureOf(thrown));
  } finally {
    signal.removeEventListener('abort', onAbort);
    meter.close();
  }
}

class Download {
  readonly #state: DownloadState;
  readonly #lanes = new Set<Promise<void>>();
  /** As there is work for. */
  #lanesAtMost = 1;
  #mostLanes = 1;

  constructor(state: DownloadState) {
    this.#state = state;
  }

  async run(): Promise<Outcome<StoredFile>> {
    const state = this.#state;
    const { sink, file } = state.job;
    if (state.failure !== null) return err(state.failure);
    const sizeBytes = sink.sizeBytes ?? file.sizeBytes;
    if (sizeBytes !== null && !(await state.learnSize(sizeBytes))) return this.#failed();
    for (let attempt = 1; ; attempt += 1) {
      await this.#fetchMissing();
      if (state.failure !== null) return err(state.failure);
      const finished = await sink.finish();
      if (finished.ok || finished.error.code !== 'model-invalid') return finished;
      if (attempt >= state.policy.wholeAttempts || sink.missing()?.length === 0) {
        const { code, details, cause } = finished.error;
        return err(failure(code, { ...state.about(), ...details }, cause));
      }
      state.wholeWasWrong();
    }
  }

  async #fetchMissing(): Promise<void> {
    const state = this.#state;
    const { parallel, chunksPerRange } = state.policy;
    if (state.queue?.size === 0) return;
    this.#lanesAtMost = Math.min(parallel, Math.ceil((state.queue?.size ?? Infinity) / chunksPerRange));
    this.#open();
    // A lane may open others while it runs.
    while (this.#lanes.size > 0) await Promise.all(this.#lanes);
    await state.settled();
    if (state.failure === null && state.queue?.size !== 0) {
      state.end(failure('internal', { ...state.about(), missing: state.queue?.size ?? -1 }));
    }
  }

  #failed(): Result<never, WitanFailure> {
    return err(this.#state.failure ?? failure('internal', this.#state.about()));
  }

  #open(): void {
    const lane = this.#lane()
      .catch((thrown: unknown) => {
        this.#state.end(failureOf(thrown));
      })
      .finally(() => this.#lanes.delete(lane));
    this.#lanes.add(lane);
  }

  /**
   * One request more, as long as there is work for it. Where the line is the faster part, further requests would only bring
   * more chunks to wait for the sink.
   */
  readonly #onLineSlower = (): void => {
    const { queue, buffers, signal } = this.#state;
    if (signal.aborted || this.#lanes.size >= this.#lanesAtMost || queue?.anyFreeFrom(0) !== true) return;
    if (this.#lanes.size === this.#mostLanes) {
      this.#mostLanes += 1;
      buffers.grow();
    }
    this.#open();
  };

  /** Smaller ranges towards the end, so that all lanes have work until then. */
  #claimSize(): number {
    const { chunksPerRange } = this.#state.policy;
    const lanes = this.#lanes.size;
    const left = this.#state.queue?.size ?? 0;
    return lanes === 1 ? chunksPerRange : Math.min(chunksPerRange, Math.ceil(left / (2 * lanes)));
  }

  /** One request after the other, until nothing is left that nobody is at. */
  async #lane(): Promise<void> {
    const state = this.#state;
    let mirror: Mirror | null = null;
    while (!state.signal.aborted) {
      const claim = state.queue?.claim(this.#claimSize()) ?? null;
      if (claim === null && state.queue !== null) {
        // A chunk that the sink refuses is wanted again.
        if (await state.settled()) continue;
        return;
      }
      try {
        mirror = await this.#mirror(claim?.avoid ?? NOBODY, mirror);
        if (mirror === null) return;
        const ended = await exchange(state, mirror, claim, this.#onLineSlower);
        if (ended.kind === 'taken') return;
        if (ended.kind === 'fault' && !state.signal.aborted) {
          state.meter.retried();
          if (!ended.free) await this.#failedAt(mirror, ended.fault);
        }
      } finally {
        claim?.release();
      }
    }
  }

  /** Waits until a server may be asked. @returns null when the download is over */
  async #mirror(avoid: ReadonlySet<string>, current: Mirror | null): Promise<Mirror | null> {
    const { mirrors, ports, meter, signal } = this.#state;
    for (;;) {
      if (signal.aborted) return null;
      const mirror = mirrors.pick(ports.clock.nowMs(), avoid, current);
      if (mirror !== null) return mirror;
      const wakeMs = mirrors.wakeMs();
      const { reason, status } = mirrors.lastFault();
      if (wakeMs === null) {
        this.#state.end(failureOfFault(mirrors.lastFault(), this.#state.about()));
        return null;
      }
      const waitMs = Math.max(0, wakeMs - ports.clock.nowMs());
      meter.waits({ for: 'server', reason, status, untilEpochMs: ports.clock.epochMs() + waitMs });
      await pause(ports.clock, signal, waitMs);
      meter.waits(null);
    }
  }

  async #failedAt(mirror: Mirror, what: FetchFault): Promise<void> {
    const { net, clock } = this.#state.ports;
    const isOfLine = what.reason === 'unreachable' || what.reason === 'cut' || what.reason === 'stalled';
    if (isOfLine && net.offline()) await this.#network();
    else this.#state.mirrors.failed(mirror, what, clock.nowMs());
  }

  /** The device has no network: no server is to blame. Waits until it has one again, or may have. */
  async #network(): Promise<void> {
    const { ports, policy, meter, signal } = this.#state;
    const online = new AbortController();
    const forget = ports.net.onOnline(() => {
      online.abort();
    });
    meter.waits({ for: 'network' });
    await pause(ports.clock, AbortSignal.any([signal, online.signal]), policy.offlineRetryMs);
    meter.waits(null);
    forget();
  }
}
