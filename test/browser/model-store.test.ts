import { afterEach, describe, expect, it } from 'vitest';
import { CONFORMANCE_CASES } from '../fakes/model-store-conformance.ts';
import type { StoreTask } from '../fakes/model-store.worker.ts';

const workers: Worker[] = [];

/** Runs a task in a worker of its own, because only there files have synchronous handles. */
function inWorker(task: StoreTask): { readonly worker: Worker; readonly problem: Promise<string | null> } {
  const worker = new Worker(new URL('../fakes/model-store.worker.ts', import.meta.url), { type: 'module' });
  workers.push(worker);
  const problem = new Promise<string | null>((resolve) => {
    worker.onmessage = ({ data }: MessageEvent<string | null>) => {
      resolve(data);
    };
    worker.onerror = (event) => {
      resolve(event.message);
    };
  });
  worker.postMessage(task);
  return { worker, problem };
}

afterEach(() => {
  for (const worker of workers.splice(0)) worker.terminate();
});

describe('a model store in OPFS', () => {
  it.each(CONFORMANCE_CASES)('%s', async (name) => {
    expect(await inWorker({ do: 'conformance', name }).problem).toBeNull();
  });

  it('keeps a file in chunks of 4 MiB', async () => {
    expect(await inWorker({ do: 'whole-store' }).problem).toBeNull();
  });

  it('goes on after the worker was ended with the file open', async () => {
    const puts = 2;
    const begun = inWorker({ do: 'begin-and-hang', puts });
    expect(await begun.problem).toBeNull();
    begun.worker.terminate();
    expect(await inWorker({ do: 'resume', puts }).problem).toBeNull();
  });
});
