import * as Comlink from 'comlink';
import type { Clock } from '#kernel/clock';
import { err, ok } from '#kernel/result';
import { Semaphore } from '#kernel/semaphore';
import { untilAborted } from '#kernel/until-aborted';
import {
  FULL_SPEED,
  NOTHING_SAID,
  type Engine,
  type EngineKind,
  type GenerateRequest,
  type Generation,
  type LoadedModel,
  type LoadOptions,
  type LoadProgress,
  type Pacing,
  type TokenChunk,
} from '#contracts/engine';
import { failure, type Outcome, type WitanFailure } from '#contracts/errors';
import type {
  Embeddings,
  InferenceLoadOptions,
  InferenceWorkerApi,
  StreamToPage,
  StreamToWorker,
} from '#contracts/worker-api';
import type { WorkerHandle } from '#contracts/worker-handle';

/**
 * A load is given up when nothing was heard of it for this long: a stall, not a total time, for a model of gigabytes takes
 * as long as the line is slow. Not everything is heard of (a hash of gigabytes, native code that reads its weights); the
 * heartbeat finds a dead worker far sooner.
 */
const LOAD_STALL_MS = 120_000;
/** For calls that are answered at once. */
const CONTROL_DEADLINE_MS = 120_000;
/**
 * Silence after which an answer is given up: a stall, not a total time (answers differ in length). A step without text, a
 * batch of a long prompt for one, is no silence.
 */
const TOKEN_GAP_MS = 15_000;
/** A stop is seen within one decode step or one prefill batch; after this the worker is beyond reach. */
const STOP_GRACE_MS = 5_000;

export type WorkerEngineKind = Extract<EngineKind, 'wllama' | 'web-llm' | 'remote'>;

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

  async load(
    signal: AbortSignal,
    options: LoadOptions | InferenceLoadOptions,
    onProgress: (progress: LoadProgress) => void = () => undefined,
  ): Promise<Outcome<LoadedModel>> {
    if (signal.aborted) return err(failure('cancelled'));
    const onAbort = (): void => {
      this.#worker.terminate(failure('cancelled', { member: this.#worker.name }));
    };
    signal.addEventListener('abort', onAbort, { once: true });
    const { port1, port2 } = new MessageChannel();
    const stall = this.#watchStall(stalledLoad(options.model.name));
    let settled = false;
    port1.onmessage = (event: MessageEvent<LoadProgress>) => {
      if (settled) return;
      stall.progress(LOAD_STALL_MS, event.data.phase);
      onProgress(event.data);
    };
    stall.progress(LOAD_STALL_MS, 'load');
    const loaded = await this.#worker.call(null, (api) =>
      api.load(options, Comlink.transfer(port2, [port2])),
    );
    settled = true;
    stall.end();
    port1.close();
    signal.removeEventListener('abort', onAbort);
    if (loaded.ok) {
      this.#slots = new Semaphore(options.slots);
      void this.#watchEngine();
    }
    return loaded;
  }

  /**
   * One vector per text, in their order; takes one slot. Errors: request-unsupported (an engine without embeddings, or a
   * model that was not loaded for them), context-exceeded, engine-failed, out-of-memory, device-lost, worker-lost, cancelled.
   */
  async embed(signal: AbortSignal, texts: readonly string[]): Promise<Outcome<Embeddings>> {
    const release = await this.#slots.acquire(signal);
    if (release === null) return err(failure('cancelled', { member: this.#worker.name }));
    const unsupported = err(failure('request-unsupported', { model: this.kind, reason: 'embeddings' }));
    const limitMs = TOKEN_GAP_MS * Math.max(1, texts.length);
    const embedding = this.#worker.call(limitMs, (api) => api.embed?.(texts) ?? Promise.resolve(unsupported));
    // The slot is in use until the worker is done, whoever still waits for it.
    void embedding.then((outcome) => {
      release();
      if (outcome.ok || outcome.error.code !== 'deadline-exceeded') return;
      const silent = { member: this.#worker.name, silentMs: limitMs, phase: 'embedding' };
      this.#worker.terminate(failure('worker-silent', silent));
    });
    const embedded = await untilAborted(embedding, signal);
    return embedded ?? err(failure('cancelled', { member: this.#worker.name }));
  }

  async generate(
    signal: AbortSignal,
    request: GenerateRequest,
    onChunk: (chunk: TokenChunk) => void,
  ): Promise<Outcome<Generation>> {
    const release = await this.#slots.acquire(signal);
    if (release === null) return ok(NOTHING_SAID);
    try {
      // Aborted between the grant of the slot and this line: no listener would ever hear of it.
      if (signal.aborted) return ok(NOTHING_SAID);
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
    let started = false;
    let heard = '';
    let gapMs = TOKEN_GAP_MS;
    const toWorker = (message: StreamToWorker): void => {
      port1.postMessage(message);
    };
    port1.onmessage = (event: MessageEvent<StreamToPage>) => {
      const { data } = event;
      if (data.type === 'patience') gapMs = data.silenceAllowedMs ?? TOKEN_GAP_MS;
      // After a stop only its end counts: a worker that goes on streaming has not heard it.
      if (!signal.aborted) stall.progress(gapMs, started ? 'token-gap' : 'first-token');
      if (data.type !== 'chunk') return;
      started = true;
      heard += data.chunk.text;
      onChunk(data.chunk);
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
    if (generated.ok) catchUp(generated.value, heard, onChunk);
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
    void this.#worker.call(CONTROL_DEADLINE_MS, (api) => api.setPacing(pacing));
  }

  unload(): Promise<void> {
    this.#worker.terminate(failure('cancelled', { member: this.#worker.name }));
    return Promise.resolve();
  }

  /** An engine that is lost within its worker takes the worker with it: a fresh one comes with a fresh worker. */
  async #watchEngine(): Promise<void> {
    const lost = await this.#worker.call<never>(null, (api) => api.engineLost?.() ?? NEVER_LOST);
    // A host without the method fails the call; that is no word of a loss.
    if (!lost.ok && lost.error.code !== 'internal') this.#worker.terminate(lost.error);
  }

  /** Terminates the worker when nothing was heard of what it is at for the time allowed. */
  #watchStall(describe: typeof silentWorker = silentWorker): {
    progress(allowedMs: number, phase: string): void;
    end(): void;
  } {
    let cancel: () => void = () => undefined;
    let ended = false;
    return {
      progress: (allowedMs, phase) => {
        if (ended) return; // a chunk that was already on its way must not set a watch nobody ends
        cancel();
        cancel = this.#clock.after(allowedMs, () => {
          this.#worker.terminate(describe(this.#worker.name, allowedMs, phase));
        });
      },
      end: () => {
        ended = true;
        cancel();
      },
    };
  }
}

/** An answer comes on another port than its chunks, and may overtake the last of them. */
function catchUp(
  { text, finish, completionTokens, durationMs }: Generation,
  heard: string,
  onChunk: (chunk: TokenChunk) => void,
): void {
  if (finish === 'cancelled' || text.length === heard.length || !text.startsWith(heard)) return;
  onChunk({ text: text.slice(heard.length), tokens: completionTokens, elapsedMs: durationMs });
}

const NEVER_LOST = new Promise<never>(() => undefined);

const silentWorker = (member: string, silentMs: number, phase: string): WitanFailure =>
  failure('worker-silent', { member, silentMs, phase });

/** The worker lives, or its heartbeat would have told: it is the line that is dead, or the device that is overtaxed. */
const stalledLoad =
  (model: string): typeof silentWorker =>
  (member, silentMs, phase) =>
    phase === 'fetch'
      ? failure('model-fetch-failed', { model, member, reason: 'stalled', silentMs })
      : failure('deadline-exceeded', { model, member, limitMs: silentMs, phase });
