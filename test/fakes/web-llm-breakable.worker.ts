import { ok } from '#kernel/result';
import type { Outcome } from '#contracts/errors';
import type { InferenceWorkerApi } from '#contracts/worker-api';
import { serveWorker } from '../../workers/lib/worker-entry.ts';
import { WebLlmHost } from '../../workers/inference/web-llm-host.ts';

/** The real worker's host over the real package, in a worker that can be told to lose its GPU device. */
export interface BreakableApi extends InferenceWorkerApi {
  loseDevice(): Promise<Outcome<null>>;
}

let latest: GPUDevice | null = null;
const { prototype } = GPUAdapter;
const requestDevice = prototype.requestDevice;
prototype.requestDevice = async function (this: GPUAdapter, descriptor) {
  latest = await requestDevice.call(this, descriptor);
  return latest;
};

class BreakableHost extends WebLlmHost implements BreakableApi {
  loseDevice(): Promise<Outcome<null>> {
    latest?.destroy();
    return Promise.resolve(ok(null));
  }
}

serveWorker(
  new BreakableHost({
    openPackage: () => import('../../workers/inference/web-llm-package.ts'),
    gpu: navigator.gpu,
  }),
);
