import { BINDING, RUN_BYTES, type GpuKernel, type GpuRun } from '../../src/hardware/micro/gpu-kernels.ts';
import { BUFFER_USAGE, MAP_READ } from './micro-gpu-device.ts';

/** Runs of one submission: its buffer of numbers has a place for each, as far apart as every device allows. */
const RUNS = 2;
const RUN_STRIDE_BYTES = 256;

/** A kernel that was compiled, with its buffers bound, once for each run. */
export interface ReadyKernel {
  readonly pipeline: GPUComputePipeline;
  readonly groups: readonly GPUBindGroup[];
}

/** Some equal dispatches. */
export interface Dispatches {
  readonly kernel: ReadyKernel;
  readonly run: GpuRun;
  readonly workgroups: number;
  readonly count: number;
}

/** The buffers of the kernels, and how work is handed in. */
export class MicroGpuBench {
  readonly #device: GPUDevice;
  readonly #memory: GPUBuffer;
  readonly #results: GPUBuffer;
  readonly #runs: GPUBuffer;
  readonly #readback: GPUBuffer;

  /** @param memory the large buffer. @param resultBytes one word for each thread */
  constructor(device: GPUDevice, memory: GPUBuffer, resultBytes: number) {
    this.#device = device;
    this.#memory = memory;
    const { copySource, copyTarget, mapRead, storage, uniform } = BUFFER_USAGE;
    this.#results = device.createBuffer({ size: resultBytes, usage: storage | copySource | copyTarget });
    this.#runs = device.createBuffer({ size: RUNS * RUN_STRIDE_BYTES, usage: uniform | copyTarget });
    this.#readback = device.createBuffer({ size: resultBytes, usage: mapRead | copyTarget });
  }

  /** Rejects where the kernel does not compile. */
  async kernel({ code, bindings }: GpuKernel): Promise<ReadyKernel> {
    const module = this.#device.createShaderModule({ code });
    const pipeline = await this.#device.createComputePipelineAsync({ layout: 'auto', compute: { module } });
    const groups = Array.from({ length: RUNS }, (_, run) => {
      const resources = {
        memory: { buffer: this.#memory },
        results: { buffer: this.#results },
        run: { buffer: this.#runs, offset: run * RUN_STRIDE_BYTES, size: RUN_BYTES },
      };
      return this.#device.createBindGroup({
        layout: pipeline.getBindGroupLayout(0),
        entries: bindings.map((name) => ({ binding: BINDING[name], resource: resources[name] })),
      });
    });
    return { pipeline, groups };
  }

  /**
   * All in one submission. Resolves when the device has done it.
   * @param work of at most two kinds
   * @param passEach a pass for each dispatch, as engines have it, else one for all
   */
  submit(work: readonly Dispatches[], passEach: boolean): Promise<void> {
    const { queue } = this.#device;
    for (const [place, { run }] of work.entries())
      queue.writeBuffer(this.#runs, place * RUN_STRIDE_BYTES, Uint32Array.of(run.amount, run.start, 0, 0));
    const encoder = this.#device.createCommandEncoder();
    let pass: GPUComputePassEncoder | null = null;
    for (const [place, { kernel, workgroups, count }] of work.entries()) {
      for (let done = 0; done < count; done += 1) {
        pass ??= encoder.beginComputePass();
        pass.setPipeline(kernel.pipeline);
        pass.setBindGroup(0, kernel.groups[place] ?? null);
        pass.dispatchWorkgroups(workgroups);
        if (!passEach) continue;
        pass.end();
        pass = null;
      }
    }
    pass?.end();
    queue.submit([encoder.finish()]);
    return queue.onSubmittedWorkDone();
  }

  clearCount(): void {
    this.#device.queue.writeBuffer(this.#results, 0, Uint32Array.of(0));
  }

  /** What the first threads came to. */
  async results(words: number): Promise<Uint32Array> {
    const encoder = this.#device.createCommandEncoder();
    encoder.copyBufferToBuffer(this.#results, 0, this.#readback, 0, 4 * words);
    this.#device.queue.submit([encoder.finish()]);
    await this.#readback.mapAsync(MAP_READ, 0, 4 * words);
    const copy = new Uint32Array(this.#readback.getMappedRange(0, 4 * words).slice(0));
    this.#readback.unmap();
    return copy;
  }
}
