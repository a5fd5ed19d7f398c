import { ok } from '#kernel/result';
import type { Outcome } from '#contracts/errors';
import type { InferenceWorkerApi } from '#contracts/worker-api';
import { PatienceLine } from '../../workers/lib/patience-line.ts';
import { serveWorker } from '../../workers/lib/worker-entry.ts';
import { WebLlmHost } from '../../workers/inference/web-llm-host.ts';
import { StoredCaches } from '../../workers/inference/web-llm-stored-caches.ts';

/** The real worker's host over the real package, in a worker that can be told to lose its GPU device, or to hang. */
export interface BreakableApi extends InferenceWorkerApi {
  /** @returns whether there was a device to lose */
  loseDevice(): Promise<Outcome<boolean>>;
  /** Longest time since the last call in which this thread ran nothing else, ms. */
  longestBlock(): Promise<Outcome<number>>;
  /** Ends as the browser ends a worker: without a word. */
  closeSilently(): Promise<Outcome<boolean>>;
  /** Never gives the thread back. */
  hang(): Promise<Outcome<null>>;
}

/** Longer than this is a block: timers of a thread at rest come later too, but not by as much. */
const TICK_MS = 10;
let lastTickMs = performance.now();
let longestBlockMs = 0;
setInterval(() => {
  const now = performance.now();
  longestBlockMs = Math.max(longestBlockMs, now - lastTickMs - TICK_MS);
  lastTickMs = now;
}, TICK_MS);

let latest: GPUDevice | null = null;
const { prototype } = GPUAdapter;
const requestDevice = prototype.requestDevice;
prototype.requestDevice = async function (this: GPUAdapter, descriptor) {
  latest = await requestDevice.call(this, descriptor);
  return latest;
};

class BreakableHost extends WebLlmHost implements BreakableApi {
  loseDevice(): Promise<Outcome<boolean>> {
    latest?.destroy();
    return Promise.resolve(ok(latest !== null));
  }

  longestBlock(): Promise<Outcome<number>> {
    const blocked = Math.max(longestBlockMs, performance.now() - lastTickMs - TICK_MS);
    longestBlockMs = 0;
    return Promise.resolve(ok(Math.round(blocked)));
  }

  closeSilently(): Promise<Outcome<boolean>> {
    self.close();
    return new Promise(() => undefined);
  }

  hang(): never {
    for (;;) performance.now();
  }
}

const patience = new PatienceLine();
serveWorker(
  new BreakableHost({
    openPackage: () => import('../../workers/inference/web-llm-package.ts'),
    gpu: navigator.gpu,
    caches: StoredCaches.install(),
    askPatience: patience.ask,
  }),
  patience,
);
