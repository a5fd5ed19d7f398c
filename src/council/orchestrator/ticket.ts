import type { Clock } from '#kernel/clock';
import { err, ok } from '#kernel/result';
import {
  NOTHING_SAID,
  type GenerateRequest,
  type Generation,
  type TokenChunk,
  type WaitsFor,
} from '#contracts/engine';
import { failure, failureOf, type Outcome, type WitanFailure } from '#contracts/errors';
import type { Placement } from './balancing-policies.ts';
import { promptBlocks, promptTokens } from './prompt-blocks.ts';
import type { Queued } from './request-queue.ts';

/** Where a request stands while it waits. */
export interface Place {
  /** Requests of the same model that are served before it. */
  readonly position: number;
  readonly waitsFor: WaitsFor;
}

/** Whoever submitted the request, kept up to date. None is called after the answer has settled. */
export interface RequestListeners {
  readonly onChunk?: (chunk: TokenChunk) => void;
  /** On every change, while it waits. */
  readonly onPlace?: (place: Place) => void;
  /** An engine has it now. Twice at most: see `Orchestrator.submit`. */
  readonly onStart?: (replicaId: string) => void;
}

export interface TicketOptions {
  readonly modelId: string;
  readonly keyMs: number;
  readonly order: number;
  readonly request: GenerateRequest;
  readonly listeners: RequestListeners;
  /** From now on; absent: as long as it takes. */
  readonly deadlineMs?: number;
}

/** One request from submit to its one outcome: whatever happens first settles it, and all that comes later is nothing. */
export class Ticket implements Queued, Placement {
  readonly modelId: string;
  readonly keyMs: number;
  readonly order: number;
  readonly request: GenerateRequest;
  readonly costTokens: number;
  readonly submittedMs: number;
  readonly outcome: Promise<Outcome<Generation>>;
  /** Replicas that failed it, and how the last one did. */
  readonly failedAt = new Set<string>();
  problem: WitanFailure | null = null;
  /** Where it is to wait; null: not decided, or decided anew. */
  home: string | null = null;
  /** Work of the scheduler on it so far, ms. */
  overheadMs = 0;
  readonly #clock: Clock;
  readonly #stop: AbortSignal;
  readonly #listeners: RequestListeners;
  readonly #abort = new AbortController();
  readonly #onStop = (): void => {
    this.stop();
  };
  #settle: (outcome: Outcome<Generation>) => void = () => undefined;
  #onSettled: () => void = () => undefined;
  #cancelDeadline: () => void = () => undefined;
  #settled = false;
  #blocks: readonly number[] | null = null;
  #started = false;
  #startedMs = 0;
  #text = '';
  #tokens = 0;
  #firstMs: number | null = null;
  #place = '';

  /** @param stop of whoever submitted it */
  constructor(stop: AbortSignal, clock: Clock, options: TicketOptions) {
    this.#stop = stop;
    this.#clock = clock;
    this.modelId = options.modelId;
    this.keyMs = options.keyMs;
    this.order = options.order;
    this.request = options.request;
    this.#listeners = options.listeners;
    this.costTokens = promptTokens(options.request) + options.request.maxTokens;
    this.submittedMs = clock.nowMs();
    this.outcome = new Promise((resolve) => {
      this.#settle = resolve;
    });
    if (stop.aborted) this.#onStop();
    else stop.addEventListener('abort', this.#onStop, { once: true });
    const { deadlineMs } = options;
    if (deadlineMs !== undefined && !this.#settled) {
      this.#cancelDeadline = clock.after(deadlineMs, () => {
        this.settle(err(failure('deadline-exceeded', { limitMs: deadlineMs, phase: this.#phase() })));
      });
    }
  }

  get blocks(): readonly number[] {
    return (this.#blocks ??= promptBlocks(this.request));
  }

  get settled(): boolean {
    return this.#settled;
  }

  /** Aborted when it settles: nobody need work on it any more. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  whenSettled(task: () => void): void {
    this.#onSettled = task;
  }

  started(replicaId: string): void {
    this.#started = true;
    this.#startedMs = this.#clock.nowMs();
    this.#tell(() => this.#listeners.onStart?.(replicaId));
  }

  take(chunk: TokenChunk): void {
    if (this.#settled) return;
    this.#text += chunk.text;
    this.#tokens = chunk.tokens;
    this.#firstMs ??= this.#clock.nowMs() - this.#startedMs;
    this.#tell(() => this.#listeners.onChunk?.(chunk));
  }

  /** Tells where it stands, unless that is known. */
  waits(place: Place): void {
    if (this.#listeners.onPlace === undefined || this.#settled) return;
    const told = `${place.waitsFor} ${String(place.position)}`;
    if (told === this.#place) return;
    this.#place = told;
    this.#tell(() => this.#listeners.onPlace?.(place));
  }

  /** Whoever submitted it wants it no more. */
  stop(): void {
    this.settle(this.#text === '' ? err(failure('cancelled')) : ok(this.#soFar()));
  }

  settle(outcome: Outcome<Generation>): void {
    if (this.#settled) return;
    this.#settled = true;
    this.#cancelDeadline();
    this.#stop.removeEventListener('abort', this.#onStop);
    this.#abort.abort();
    this.#settle(outcome);
    this.#onSettled();
  }

  /** A listener that throws fails its own request and nothing else. */
  #tell(task: () => void): void {
    try {
      task();
    } catch (thrown) {
      this.settle(err(failureOf(thrown)));
    }
  }

  #phase(): string {
    if (!this.#started) return 'queue';
    return this.#text === '' ? 'first-token' : 'answer';
  }

  /** What was heard until it was stopped: not waited for the engine, which may have gone silent. */
  #soFar(): Generation {
    const durationMs = this.#clock.nowMs() - this.#startedMs;
    return {
      ...NOTHING_SAID,
      text: this.#text,
      completionTokens: this.#tokens,
      timeToFirstTokenMs: this.#firstMs,
      durationMs,
    };
  }
}
