/** How a GPU device ended, other than by us. */
export type DeviceFate = 'device-lost' | 'out-of-memory';

const isAllocationError = (error: GPUError | null): boolean =>
  error !== null && ['GPUOutOfMemoryError', 'GPUValidationError'].includes(error.constructor.name);

/**
 * Watches the device that web-llm makes for itself and does not hand out. When a device is lost web-llm only logs and
 * unloads, and what waits for the device may wait for ever. It opens error scopes only around new buffers, and destroys
 * the device when one failed: that is how memory that runs out is told from a device that broke.
 */
export class DeviceWatch {
  readonly #listeners = new Set<(fate: DeviceFate) => void>();
  #device: GPUDevice | null = null;
  #expected = false;
  #fate: DeviceFate | null = null;
  #allocationFailed = false;
  #problem: string | null = null;

  /** Whether a device was seen at all. */
  get seen(): boolean {
    return this.#device !== null;
  }

  /** How the device was lost; null while it is not. */
  get fate(): DeviceFate | null {
    return this.#fate;
  }

  /**
   * Calls once when the device is lost, at once when it is already; never when it ends as expected.
   * @returns ends the listening: for ever would keep each answer's closures as long as the model
   */
  onLost(listener: (fate: DeviceFate) => void): () => void {
    if (this.#fate !== null) listener(this.#fate);
    else this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Text of the first GPU error that nobody caught since the last call: work was dropped, results are void. */
  takeProblem(): string | null {
    const problem = this.#problem;
    this.#problem = null;
    return problem;
  }

  /**
   * Until the function it returns is called, the next device made by any adapter of this worker is taken under watch.
   * @param adapter any adapter: the method is replaced on what all adapters inherit from
   */
  observe(adapter: GPUAdapter): () => void {
    const inherited = Object.getPrototypeOf(adapter) as GPUAdapter;
    const original = Object.getOwnPropertyDescriptor(inherited, 'requestDevice')?.value as
      GPUAdapter['requestDevice'] | undefined;
    if (original === undefined) return () => undefined;
    const take = (device: GPUDevice): void => {
      this.#watch(device);
    };
    inherited.requestDevice = async function (this: GPUAdapter, descriptor) {
      const device = await original.call(this, descriptor);
      take(device);
      return device;
    };
    return () => {
      inherited.requestDevice = original;
    };
  }

  /** From now on the end of the device is no loss: it is being unloaded. */
  expectEnd(): void {
    this.#expected = true;
  }

  /** Frees what the device holds, whatever web-llm left undone. No loss; safe to call twice. */
  destroy(): void {
    this.expectEnd();
    this.#device?.destroy();
  }

  /** A round trip to the device: what befell it before is known after. */
  async settled(): Promise<void> {
    try {
      this.#device?.pushErrorScope('internal');
      await this.#device?.popErrorScope();
    } catch {
      // A lost device has nothing to say.
    }
  }

  #watch(device: GPUDevice): void {
    this.#device = device;
    const pop = device.popErrorScope.bind(device);
    device.popErrorScope = async () => {
      const error = await pop();
      if (isAllocationError(error)) this.#allocationFailed = true;
      return error;
    };
    device.addEventListener('uncapturederror', ({ error }) => {
      this.#problem ??= `${error.constructor.name}: ${error.message}`;
    });
    void device.lost.then(() => {
      if (this.#expected) return;
      const fate = this.#allocationFailed ? 'out-of-memory' : 'device-lost';
      this.#fate = fate;
      for (const listener of [...this.#listeners]) listener(fate);
      this.#listeners.clear();
    });
  }
}
