import * as Comlink from 'comlink';
import type { Clock } from '#kernel/clock';
import { err } from '#kernel/result';
import { failure, type Outcome, type WitanFailure } from '#contracts/errors';
import type { HeartbeatMessage, WorkerHello } from '#contracts/worker-api';
import type { WorkerHandle } from '#contracts/worker-handle';

/**
 * A worker killed by the browser or by its own `close()` raises no event on the page. Two things tell: the Web Lock that
 * it held comes free at once, and its echoes stop, which finds workers that hang and covers browsers without locks.
 * Pings are counted, not timed: in a background tab the page's timers slow down to one a second or a minute, and a
 * healthy worker then simply has more time to answer.
 */
const PING_INTERVAL_MS = 250;
/** Most threads are never busy for long: wllama computes in a thread of its own. */
const SILENCE_ALLOWED_MS = 1_500;
/** Whatever a worker asks for, one that hangs is found in the end. */
const LONGEST_SILENCE_MS = 300_000;
/** A minute for the first echo: the script itself may come over a slow line. */
const FIRST_ECHO_PINGS_ALLOWED = 240;

/** The part of `navigator.locks` that the supervisor uses. */
export interface LifeLocks {
  request(name: string, options: { signal: AbortSignal }, granted: () => void): Promise<unknown>;
}

/** The part of `Worker` that the supervisor uses, so that tests can stand in for it. */
export interface WorkerLike {
  postMessage(message: unknown, transfer: Transferable[]): void;
  terminate(): void;
  addEventListener(type: 'error' | 'messageerror', listener: (event: Event) => void): void;
}

export interface Patience {
  /**
   * How long the worker's thread may be too busy to echo, milliseconds (as long as pings go out every 250 ms), before it
   * is taken for hung; 1,500 when absent. One that is dead, not busy, is found at once by its lock.
   */
  readonly silenceAllowedMs?: number;
}

export interface SupervisorObserver {
  onFault(workerName: string, message: string): void;
  onLost(workerName: string, reason: WitanFailure): void;
}

const SILENT: SupervisorObserver = { onFault: () => undefined, onLost: () => undefined };

/** One worker under watch: heartbeat, deadline, terminate. Restarting is the business of whoever owns its state. */
class SupervisedWorker<Api> implements WorkerHandle<Api> {
  readonly name: string;
  readonly #worker: WorkerLike;
  readonly #clock: Clock;
  readonly #observer: SupervisorObserver;
  readonly #heartbeat: MessagePort;
  readonly #control: MessagePort;
  readonly #locks: LifeLocks | null;
  readonly #lifeLock: string;
  readonly #silenceAllowedMs: number;
  /** As the worker has asked for it, while it computes for long. */
  #askedForMs = 0;
  readonly #watchEnded = new AbortController();
  readonly #api: Api;
  readonly #lostListeners = new Set<(reason: WitanFailure) => void>();
  #lost: WitanFailure | null = null;
  #cancelPing: () => void = () => undefined;
  #pings = 0;
  #unanswered = 0;
  #echoed = false;

  constructor(
    name: string,
    worker: WorkerLike,
    clock: Clock,
    observer: SupervisorObserver,
    locks: LifeLocks | null,
    { silenceAllowedMs = SILENCE_ALLOWED_MS }: Patience,
  ) {
    this.name = name;
    this.#silenceAllowedMs = silenceAllowedMs;
    this.#locks = locks;
    this.#lifeLock = locks === null ? '' : `witan.worker.${crypto.randomUUID()}`;
    this.#worker = worker;
    this.#clock = clock;
    this.#observer = observer;
    const heartbeat = new MessageChannel();
    const control = new MessageChannel();
    this.#heartbeat = heartbeat.port1;
    this.#heartbeat.onmessage = (event: MessageEvent<HeartbeatMessage>) => {
      this.#onHeartbeat(event.data);
    };
    worker.addEventListener('error', (event) => {
      const message = event instanceof ErrorEvent ? event.message : 'worker script failed to start';
      this.#observer.onFault(name, message);
      // Before the first echo an error means that the script itself did not run: nothing will ever answer.
      if (!this.#echoed) {
        this.terminate(failure('worker-lost', { member: name }, message));
      }
    });
    const hello: WorkerHello = {
      type: 'witan.hello',
      heartbeat: heartbeat.port2,
      control: control.port2,
      lifeLock: this.#lifeLock,
    };
    worker.postMessage(hello, [heartbeat.port2, control.port2]);
    // comlink's Remote<Api> is Api for an interface whose methods all return promises.
    this.#control = control.port1;
    this.#api = Comlink.wrap(control.port1) as unknown as Api;
    this.#schedulePing();
  }

  get alive(): boolean {
    return this.#lost === null;
  }

  call<T>(deadlineMs: number | null, use: (api: Api) => Promise<Outcome<T>>): Promise<Outcome<T>> {
    const lost = this.#lost;
    if (lost !== null) return Promise.resolve(err(lost));
    return new Promise((resolve) => {
      let cancelDeadline: () => void = () => undefined;
      const settle = (outcome: Outcome<T>): void => {
        cancelDeadline();
        forget();
        resolve(outcome);
      };
      const forget = this.onLost((reason) => {
        settle(err(reason));
      });
      if (deadlineMs !== null) {
        cancelDeadline = this.#clock.after(deadlineMs, () => {
          settle(err(failure('deadline-exceeded', { limitMs: deadlineMs, member: this.name })));
        });
      }
      const fail = (thrown: unknown): void => {
        settle(err(failure('internal', { member: this.name }, thrown)));
      };
      try {
        use(this.#api).then(settle, fail);
      } catch (thrown) {
        fail(thrown);
      }
    });
  }

  onLost(listener: (reason: WitanFailure) => void): () => void {
    if (this.#lost !== null) {
      listener(this.#lost);
      return () => undefined;
    }
    this.#lostListeners.add(listener);
    return () => this.#lostListeners.delete(listener);
  }

  terminate(reason: WitanFailure): void {
    if (this.#lost !== null) return;
    this.#lost = reason;
    this.#cancelPing();
    this.#worker.terminate();
    this.#watchEnded.abort();
    this.#heartbeat.close();
    this.#control.close();
    const listeners = [...this.#lostListeners];
    this.#lostListeners.clear();
    if (reason.code !== 'cancelled') this.#observer.onLost(this.name, reason);
    for (const listener of listeners) {
      try {
        listener(reason);
      } catch (thrown) {
        // The listeners behind it settle calls: one that throws must not leave those waiting for ever.
        this.#observer.onFault(this.name, String(thrown));
      }
    }
  }

  #schedulePing(): void {
    this.#cancelPing = this.#clock.after(PING_INTERVAL_MS, () => {
      const allowedMs = Math.max(this.#silenceAllowedMs, this.#askedForMs);
      const allowed = this.#echoed ? Math.ceil(allowedMs / PING_INTERVAL_MS) : FIRST_ECHO_PINGS_ALLOWED;
      if (this.#unanswered >= allowed) {
        this.terminate(failure('worker-lost', { member: this.name, missedPings: this.#unanswered }));
        return;
      }
      this.#pings += 1;
      this.#unanswered += 1;
      this.#heartbeat.postMessage({ type: 'ping', count: this.#pings } satisfies HeartbeatMessage);
      this.#schedulePing();
    });
  }

  #onHeartbeat(message: HeartbeatMessage): void {
    if (message.type === 'ping') {
      this.#echoed = true;
      this.#unanswered = this.#pings - message.count;
    } else if (message.type === 'lock-held') {
      this.#awaitRelease();
    } else if (message.type === 'patience') {
      this.#askedForMs = Math.min(message.silenceAllowedMs ?? 0, LONGEST_SILENCE_MS);
    } else {
      this.#observer.onFault(this.name, message.message);
    }
  }

  /** Queues for the lock that the worker holds: it is granted when the worker is gone. */
  #awaitRelease(): void {
    const gone = this.#locks?.request(this.#lifeLock, { signal: this.#watchEnded.signal }, () => {
      this.terminate(failure('worker-lost', { member: this.name }));
    });
    // Rejects when the watch ends first.
    gone?.catch(() => undefined);
  }
}

/** The locks of this page, where the browser has them (secure contexts). */
function pageLocks(): LifeLocks | null {
  const { locks } = navigator as Partial<Navigator>;
  return locks ?? null;
}

/** The only place that makes workers. */
export class WorkerSupervisor {
  readonly #clock: Clock;
  readonly #observer: SupervisorObserver;
  readonly #locks: LifeLocks | null;

  constructor(clock: Clock, observer: SupervisorObserver = SILENT, locks = pageLocks()) {
    this.#clock = clock;
    this.#observer = observer;
    this.#locks = locks;
  }

  /** Starts a module worker from a bundled script. */
  start<Api>(name: string, scriptUrl: string, patience: Patience = {}): WorkerHandle<Api> {
    return this.adopt<Api>(name, new Worker(scriptUrl, { type: 'module', name }), patience);
  }

  /** Puts an existing worker under watch. */
  adopt<Api>(name: string, worker: WorkerLike, patience: Patience = {}): WorkerHandle<Api> {
    return new SupervisedWorker<Api>(name, worker, this.#clock, this.#observer, this.#locks, patience);
  }
}
