import { WEB_LLM_LIMITS, WEB_LLM_LIMIT_NAMES } from '#contracts/catalogue';

/** Errors of error scopes, by the names that browsers give their classes. */
export class GPUOutOfMemoryError {
  readonly message = 'createBuffer failed';
}
export class GPUValidationError {
  readonly message = 'Buffer size exceeds the max buffer size limit';
}

type UncapturedListener = (event: { error: { message: string } }) => void;

/** A device that the test can break. As in browsers, `destroy` and a loss both end in `lost`. */
export class FakeDevice {
  readonly lost: Promise<{ reason: string }>;
  destroyed = false;
  /** What the next `popErrorScope` calls give, oldest first; null when empty. */
  readonly scopes: (GPUOutOfMemoryError | GPUValidationError | null)[] = [];
  readonly #listeners: UncapturedListener[] = [];
  #resolveLost: (info: { reason: string }) => void = () => undefined;

  constructor() {
    this.lost = new Promise((resolve) => {
      this.#resolveLost = resolve;
    });
  }

  /** Lost on the other side of the GPU process' pipe: known here with the next answer from there. */
  lostUnseen = false;

  pushErrorScope(): void {
    // Nothing to count: the test says what is popped.
  }

  popErrorScope(): Promise<GPUOutOfMemoryError | GPUValidationError | null> {
    if (this.lostUnseen) this.lose();
    return Promise.resolve(this.scopes.shift() ?? null);
  }

  addEventListener(type: string, listener: UncapturedListener): void {
    if (type === 'uncapturederror') this.#listeners.push(listener);
  }

  /** A GPU error outside all error scopes: browsers drop the work and go on. */
  raise(error: GPUValidationError): void {
    for (const listener of this.#listeners) listener({ error });
  }

  destroy(): void {
    this.destroyed = true;
    this.lose('destroyed');
  }

  /** The driver reset, the GPU process died, or (destroyed) somebody called `destroy`. */
  lose(reason = 'unknown'): void {
    this.#resolveLost({ reason });
  }
}

export interface FakeAdapterOptions {
  readonly features?: readonly string[];
  readonly limits?: Readonly<Record<string, number>>;
}

/** Everything that web-llm asks for, unless the test says otherwise. */
export const FULL_LIMITS: Readonly<Record<string, number>> = Object.fromEntries(
  WEB_LLM_LIMIT_NAMES.map((name) => [name, WEB_LLM_LIMITS[name][0]]),
);

/** `navigator.gpu`. Each gives adapters of a class of its own, since the code under test replaces an inherited method. */
export class FakeGpu {
  readonly devices: FakeDevice[] = [];
  readonly #options: FakeAdapterOptions | null;
  readonly #adapterClass: new () => object;

  /** @param options null: no adapter */
  constructor(options: FakeAdapterOptions | null = {}) {
    this.#options = options;
    const { devices } = this;
    this.#adapterClass = class {
      readonly features = new Set(options?.features ?? ['shader-f16']);
      readonly limits = { ...FULL_LIMITS, ...options?.limits };

      requestDevice(): Promise<FakeDevice> {
        const device = new FakeDevice();
        devices.push(device);
        return Promise.resolve(device);
      }
    };
  }

  requestAdapter(): Promise<GPUAdapter | null> {
    return Promise.resolve(this.#options === null ? null : (new this.#adapterClass() as GPUAdapter));
  }

  get asGpu(): GPU {
    return this as unknown as GPU;
  }

  /** The device made last. */
  get device(): FakeDevice {
    const device = this.devices.at(-1);
    if (device === undefined) throw new Error('no device was made');
    return device;
  }
}
