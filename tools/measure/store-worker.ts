import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { JSHandle, Page } from '@playwright/test';
import type { Outcome } from '../../src/contracts/errors.ts';
import type { ModelReceipt, ModelRequest, ModelStoreApi } from '../../src/contracts/models.ts';
import type { WorkerHello } from '../../src/contracts/worker-api.ts';

/** Where the built app has a worker's script, from its own address on. */
function scriptPath(folder: string, begins: string): string {
  const dist = join(import.meta.dirname, '../../dist', folder);
  const name = readdirSync(dist).find((each) => each.startsWith(begins) && each.endsWith('.js'));
  if (name === undefined) throw new Error('build the app first');
  return `${folder}/${name}`;
}

type Call = JSHandle<(method: string, given: readonly unknown[]) => Promise<unknown>>;

/**
 * The app's storage worker, with the one that hashes beside it, asked directly: for files of which more is known than the catalogue can say. Speaks comlink's
 * protocol, as far as calls with plain values need it.
 */
export class StoreWorker {
  readonly #call: Call;

  private constructor(call: Call) {
    this.#call = call;
  }

  static async start(page: Page, url: string): Promise<StoreWorker> {
    const scripts = [scriptPath('egress/hub', 'model-store.worker-'), scriptPath('assets', 'hash.worker-')];
    const call = await page.evaluateHandle(
      (urls) => {
        const [store, hash] = urls.map((script) => {
          const worker = new Worker(script, { type: 'module' });
          const heartbeat = new MessageChannel();
          const control = new MessageChannel();
          const hello: WorkerHello = {
            type: 'witan.hello',
            heartbeat: heartbeat.port2,
            control: control.port2,
            lifeLock: '',
          };
          worker.postMessage(hello, [heartbeat.port2, control.port2]);
          const waiting = new Map<string, (value: unknown) => void>();
          control.port1.onmessage = ({ data }: MessageEvent<{ id: string; value: unknown }>) => {
            waiting.get(data.id)?.(data.value);
            waiting.delete(data.id);
          };
          return (method: string, given: readonly unknown[]): Promise<unknown> =>
            new Promise((resolve) => {
              const id = crypto.randomUUID();
              waiting.set(id, resolve);
              const argumentList = given.map((value) => ({ type: 'RAW', value }));
              const ports = given.filter((value) => value instanceof MessagePort);
              control.port1.postMessage({ id, type: 'APPLY', path: [method], argumentList }, ports);
            });
        });
        if (store === undefined || hash === undefined) throw new Error('two workers');
        const { port1, port2 } = new MessageChannel();
        void hash('serve', [port1]);
        void store('hashBeside', [port2]);
        return store;
      },
      scripts.map((path) => `${url}${path}`),
    );
    return new StoreWorker(call);
  }

  download(request: ModelRequest): Promise<Outcome<ModelReceipt>> {
    return this.#ask('download', [request]);
  }

  verify(modelId: string): ReturnType<ModelStoreApi['verify']> {
    return this.#ask('verify', [modelId]);
  }

  remove(modelId: string): ReturnType<ModelStoreApi['remove']> {
    return this.#ask('remove', [modelId]);
  }

  /** @returns what it answered, and how long that took in the page, ms */
  timed<Method extends 'download' | 'verify'>(
    method: Method,
    given: Parameters<ModelStoreApi[Method]>[0],
  ): Promise<{ readonly outcome: Awaited<ReturnType<ModelStoreApi[Method]>>; readonly ms: number }> {
    return this.#call.evaluate(
      async (call, [name, argument]) => {
        const start = performance.now();
        const outcome = (await call(name, [argument])) as Awaited<ReturnType<ModelStoreApi[Method]>>;
        return { outcome, ms: performance.now() - start };
      },
      [method, given] as const,
    );
  }

  async #ask<T>(method: string, given: readonly unknown[]): Promise<T> {
    return this.#call.evaluate((call, [name, args]) => call(name, args) as Promise<T>, [
      method,
      given,
    ] as const);
  }
}
