import * as Comlink from 'comlink';
import type { Clock } from '#kernel/clock';
import { err, ok } from '#kernel/result';
import { Semaphore } from '#kernel/semaphore';
import {
  FULL_SPEED,
  type Engine,
  type EngineKind,
  type GenerateRequest,
  type Generation,
  type LoadedModel,
  type LoadOptions,
  type Pacing,
  type TokenChunk,
} from '#contracts/engine';
import { failure, type Outcome } from '#contracts/errors';
import type { InferenceWorkerApi, StreamToPage, StreamToWorker } from '#contracts/worker-api';
import type { WorkerHandle } from '#contracts/worker-handle';

/** Enough for a few MB over a slow line; the heartbeat finds a dead worker far sooner. */
const LOAD_DEADLINE_MS = 120_000;
/** Silence after which an answer is given up: a stall, not a total time (answers differ in length). */
const TOKEN_GAP_MS = 15_000;
/** A stop is seen within one decode step or one prefill batch; after this the worker is beyond reach. */
const STOP_GRACE_MS = 5_000;

export type WorkerEngineKind = Extract<EngineKind, 'wllama' | 'web-llm'>;

/** A model run by an engine in a worker of its own. Loss of the worker fails this engine and no other. */
export class WorkerEngine implements Engine {
  readonly kind: WorkerEngineKind;
  readonly #worker: WorkerHandle<InferenceWorkerApi>;
  readonly #clock: Clock;
  #pacing: Pacing = FULL_SPEED;
  /** wllama drops requests beyond its slots and never answers them; web-llm queues unseen. So they wait here. */
  #slots = new Semaphore(1);

  constructor(kind: WorkerEngineKind, worker: WorkerHandle<InferenceWorkerApi>, clock: Clock) {
    this.kind = kind;
    this.#worker = worker;
    this.#clock = clock;
  }

  async load(signal: AbortSignal, options: LoadOptions): Promise<Outcome<LoadedModel>> {
    const onAbort = (): void => {
      this.#worker.terminate(failure('cancelled', { member: this.#worker.name }));
    };
    if (signal.aborted) return err(failure('cancelled'));
    signal.addEventListener('abort', onAbort, { once: true });
    const loaded = await this.#worker.call(LOAD_DEADLINE_MS, (api) => api.load(options));
    signal.removeEventListener('abort', onAbort);
    if (loaded.ok) this.#slots = new Semaphore(options.slots);
    return loaded;
  }

  async generate(
    signal: AbortSignal,
    request: GenerateRequest,
    onChunk: (chunk: TokenChunk) => void,
  ): Promise<Outcome<Generation>> {
    const release = await this.#slots.acquire(signal);
    if (release === null) return ok(EMPTY_CANCELLED);
    try {
      // Aborted between the grant of the slot and this line: no listener would ever hear of it.
      if (signal.aborted) return ok(EMPTY_CANCELLED);
      return await this.#stream(signal, request, onChunk);
    } finally {
      release();
    }
  }

  async #stream(
    signal: AbortSignal,
    request: GenerateRequest,
    onChunk: (chunk: TokenChunk) => void,
  ): Promise<Outcome<Generation>> {
    const { port1, port2 } = new MessageChannel();
    const stall = this.#watchStall();
    const toWorker = (message: StreamToWorker): void => {
      port1.postMessage(message);
    };
    port1.onmessage = (event: MessageEvent<StreamToPage>) => {
      // After a stop only its end counts: a worker that goes on streaming has not heard it.
      if (!signal.aborted) stall.progress(TOKEN_GAP_MS, 'token-gap');
      onChunk(event.data.chunk);
      // Given back only now: a page that is busy with the chunk holds the decode back.
      toWorker({ type: 'credit', credits: 1 });
    };
    const onAbort = (): void => {
      toWorker({ type: 'stop' });
      stall.progress(STOP_GRACE_MS, 'stop');
    };
    signal.addEventListener('abort', onAbort, { once: true });
    stall.progress(TOKEN_GAP_MS, 'first-token');
    const generated = await this.#worker.call(null, (api) =>
      api.generate(request, Comlink.transfer(port2, [port2])),
    );
    stall.end();
    signal.removeEventListener('abort', onAbort);
    port1.close();
    return generated;
  }

  setPacing(pacing: Pacing): void {
    if (
      pacing.flushIntervalMs === this.#pacing.flushIntervalMs &&
      pacing.decodeDelayMs === this.#pacing.decodeDelayMs
    ) {
      return;
    }
    this.#pacing = pacing;
    // A lost worker has no pace; its successor starts at full speed and is told again.
    void this.#worker.call(LOAD_DEADLINE_MS, (api) => api.setPacing(pacing));
  }

  unload(): Promise<void> {
    this.#worker.terminate(failure('cancelled', { member: this.#worker.name }));
    return Promise.resolve();
  }

  /** Terminates the worker when nothing was heard of the answer for the time allowed. */
  #watchStall(): { progress(allowedMs: number, phase: string): void; end(): void } {
    let cancel: () => void = () => undefined;
    let ended = false;
    return {
      progress: (allowedMs, phase) => {
        if (ended) return; // a chunk that was already on its way must not set a watch nobody ends
        cancel();
        cancel = this.#clock.after(allowedMs, () => {
          this.#worker.terminate(
            failure('worker-silent', { member: this.#worker.name, silentMs: allowedMs, phase }),
          );
        });
      },
      end: () => {
        ended = true;
        cancel();
      },
    };
  }
}

const EMPTY_CANCELLED: Generation = {
  text: '',
  finish: 'cancelled',
  promptTokens: 0,
  completionTokens: 0,
  timeToFirstTokenMs: null,
  prefillTokensPerSecond: null,
  decodeTokensPerSecond: null,
  durationMs: 0,
};
