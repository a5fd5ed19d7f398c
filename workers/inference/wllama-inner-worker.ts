import type { Wllama } from '@wllama/wllama/esm/index.js';

/** How the worker inside wllama ended, other than by us. */
export interface InnerFate {
  readonly kind: 'trapped' | 'gone' | 'failed' | 'device-lost';
  /** What the browser or the WASM runtime said. */
  readonly message: string;
  /** Whether llama.cpp's module had come to life before; if not, what was fetched is no engine, or not this one. */
  readonly initialised: boolean;
}

/** The parts of wllama 3.8.1 behind its public face that we rely on. */
export interface WllamaProxy {
  wllamaAction(name: string, body: object): Promise<unknown>;
}

/** A message of wllama's worker (its `llama-cpp.js`), and those of the line that we add to it. */
interface InnerMessage {
  readonly verb?: unknown;
  readonly args?: readonly unknown[];
  /** Number of the task that this answers; wllama's first one instantiates the module. */
  readonly callbackId?: unknown;
  readonly err?: unknown;
}

/**
 * Runs inside wllama's worker before llama.cpp does. It holds a Web Lock, which the browser gives up the moment the worker
 * is gone, reports rejections that nobody caught, of neither of which the browser tells the parent, and the loss of a GPU
 * device, on which llama.cpp just aborts at its next step (of one that was destroyed it says nothing at all). In the threads
 * that llama.cpp starts from the same script there are no RUN_OPTIONS.
 */
const lifeLine = (lock: string): string => `
if (typeof RUN_OPTIONS !== 'undefined') {
  addEventListener('unhandledrejection', (event) => postMessage({ verb: 'witan.fault', args: [String(event.reason)] }));
  if (typeof GPUAdapter !== 'undefined') {
    const { requestDevice } = GPUAdapter.prototype;
    GPUAdapter.prototype.requestDevice = async function (...descriptor) {
      const device = await requestDevice.apply(this, descriptor);
      device.lost.then(({ reason, message }) => postMessage({ verb: 'witan.device', args: [reason + ': ' + message] }));
      return device;
    };
  }
  if (navigator.locks) navigator.locks.request(${JSON.stringify(lock)}, () => {
    postMessage({ verb: 'witan.alive', args: [] });
    return new Promise(() => undefined);
  });
}
`;

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

/** Calls `found` with each object that is assigned to a property which others own. */
function onAssigned(owner: object, property: string, found: (value: object) => void): void {
  let current: unknown = Reflect.get(owner, property);
  Object.defineProperty(owner, property, {
    configurable: true,
    enumerable: true,
    get: () => current,
    set: (value: unknown) => {
      current = value;
      if (isObject(value)) found(value);
    },
  });
}

/** Whether an exception that ended an action is one of the C++ code and not a trap: the instance then goes on. */
function isCppException([signal, , , thrown]: readonly unknown[]): boolean {
  // After a C++ exception there is no result, and wllama takes bytes of the request for the result's length.
  return signal === 'exception' && thrown instanceof RangeError;
}

function textOf(value: unknown): string {
  return value instanceof Error ? `${value.name}: ${value.message}` : String(value);
}

/**
 * Watches the worker that wllama starts and keeps to itself. wllama only logs its `error` events, says nothing when it is
 * gone, and loses the word of an abort whose reason is an object (a missing wasm file): whatever waits for it then waits
 * for ever.
 */
export class InnerWorkerWatch {
  readonly #onFate: (fate: InnerFate) => void;
  readonly #ended = new AbortController();
  // Not randomUUID, which pages without a secure context lack.
  readonly #lock = `witan.wllama.${crypto.getRandomValues(new Uint32Array(4)).join('-')}`;
  #proxy: object | null = null;
  #settled = false;
  #initialised = false;

  /** @param onFate called at most once */
  constructor(wllama: Wllama, onFate: (fate: InnerFate) => void) {
    this.#onFate = onFate;
    onAssigned(wllama, 'proxy', (proxy) => {
      this.#watchProxy(proxy);
    });
  }

  /** wllama's way to its worker; null when this wllama is not built as we know it. */
  get proxy(): WllamaProxy | null {
    const proxy = this.#proxy;
    return proxy !== null && typeof Reflect.get(proxy, 'wllamaAction') === 'function'
      ? (proxy as WllamaProxy)
      : null;
  }

  /** From now on the end of the worker is no loss: we end it ourselves. */
  end(): void {
    this.#settled = true;
    this.#ended.abort();
  }

  #watchProxy(proxy: object): void {
    this.#proxy = proxy;
    const moduleCode: unknown = Reflect.get(proxy, 'getModuleCode');
    if (typeof moduleCode === 'function') {
      const original = moduleCode.bind(proxy) as () => Promise<string>;
      Reflect.set(proxy, 'getModuleCode', async () => lifeLine(this.#lock) + (await original()));
    }
    onAssigned(proxy, 'worker', (worker) => {
      if (worker instanceof Worker) this.#watchWorker(worker);
    });
  }

  #watchWorker(worker: Worker): void {
    worker.addEventListener('error', (event) => {
      this.#end('failed', event.message === '' ? 'the script could not be started' : event.message);
    });
    worker.addEventListener('message', (event: MessageEvent<InnerMessage | null>) => {
      const { verb, args = [], callbackId, err } = event.data ?? {};
      if (callbackId !== undefined && err === undefined) this.#initialised = true;
      if (verb === 'signal.abort' && !isCppException(args)) this.#end('trapped', textOf(args[1]));
      else if (verb === 'witan.fault') this.#end('failed', textOf(args[0]));
      else if (verb === 'witan.device') this.#end('device-lost', textOf(args[0]));
      else if (verb === 'witan.alive') this.#awaitRelease();
    });
  }

  /** Queues for the lock that the worker holds: it is granted when the worker is gone. */
  #awaitRelease(): void {
    const gone = navigator.locks.request(this.#lock, { signal: this.#ended.signal }, () => {
      this.#end('gone', 'the worker ended');
    });
    gone.catch(() => undefined); // rejects when we end the watch first
  }

  #end(kind: InnerFate['kind'], message: string): void {
    if (this.#settled) return;
    this.end();
    this.#onFate({ kind, message, initialised: this.#initialised });
  }
}
