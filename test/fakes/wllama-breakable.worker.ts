import { ok } from '#kernel/result';
import type { Outcome } from '#contracts/errors';
import type { InferenceWorkerApi } from '#contracts/worker-api';
import { serveWorker } from '../../workers/lib/worker-entry.ts';
import { WllamaHost } from '../../workers/inference/wllama-host.ts';

/** What can befall the worker, the worker that wllama starts inside it, and the GPU device of that. */
export type Fault = 'closed' | 'hangs' | 'inner-gone' | 'inner-traps' | 'inner-hangs' | 'device-destroyed';

/** The real worker's host over the real wllama, in a worker that can be told to break. */
export interface BreakableApi extends InferenceWorkerApi {
  /** Resolves, where the fault lets it, when the fault has been brought about. */
  strike(fault: Fault): Promise<Outcome<null>>;
}

/** Runs in wllama's worker before its own code. */
const LEVERS = `
const devices = [];
if (typeof GPUAdapter !== 'undefined') {
  const { requestDevice } = GPUAdapter.prototype;
  GPUAdapter.prototype.requestDevice = async function (...descriptor) {
    const device = await requestDevice.apply(this, descriptor);
    devices.push(device);
    return device;
  };
}
addEventListener('message', (event) => {
  const { verb } = event.data ?? {};
  if (verb === 'test.hang') for (;;);
  if (verb !== 'test.destroy') return;
  event.stopImmediatePropagation();
  for (const device of devices) device.destroy();
});
`;

const createObjectURL = URL.createObjectURL.bind(URL);
URL.createObjectURL = (blob: Blob | MediaSource): string =>
  createObjectURL(
    blob instanceof Blob && blob.type === 'text/javascript'
      ? new Blob([LEVERS, blob], { type: blob.type })
      : blob,
  );

const inner: Worker[] = [];
const Original = globalThis.Worker;
globalThis.Worker = class extends Original {
  constructor(url: string | URL, options?: WorkerOptions) {
    super(url, options);
    inner.push(this);
  }
};

function strike(fault: Fault): void {
  const latest = inner.at(-1);
  switch (fault) {
    case 'closed':
      self.close();
      return;
    case 'hangs':
      for (;;);
    case 'inner-gone':
      latest?.terminate();
      return;
    case 'inner-traps':
      // An action that llama.cpp's side does not know: it calls abort().
      latest?.postMessage({ verb: 'wllama.action', args: ['none', new Uint8Array(64)], callbackId: 1e9 });
      return;
    case 'inner-hangs':
      latest?.postMessage({ verb: 'test.hang' });
      return;
    case 'device-destroyed':
      latest?.postMessage({ verb: 'test.destroy' });
  }
}

class BreakableHost extends WllamaHost implements BreakableApi {
  strike(fault: Fault): Promise<Outcome<null>> {
    strike(fault);
    return Promise.resolve(ok(null));
  }
}

serveWorker(new BreakableHost());
