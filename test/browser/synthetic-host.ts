import type { GenerateRequest, Generation, GgufSource } from '#contracts/engine';
import type { Outcome } from '#contracts/errors';
import type { InferenceLoadOptions, StreamToPage, StreamToWorker } from '#contracts/worker-api';
import { WllamaHost, type LoadedWithMemory } from '../../workers/inference/wllama-host.ts';
import { SHAPE_1M } from './synthetic-gguf.ts';
import { syntheticSource } from './synthetic-model.ts';
import { REQUEST } from './synthetic-engine.ts';

/** A worker's host class in this page, so that a test can lay hands on the worker that wllama keeps to itself. */
export interface HostInPage {
  readonly host: WllamaHost;
  readonly loaded: Outcome<LoadedWithMemory>;
  /** wllama's own worker; none when the load did not come so far. */
  readonly inner: Worker | undefined;
}

type Change = Partial<InferenceLoadOptions> & { readonly model?: GgufSource; readonly engineUrl?: string };

/**
 * Loads a model with a host in this page.
 * @param onInner called with wllama's worker as soon as it exists
 */
export async function startHost(
  { engineUrl, ...change }: Change = {},
  onInner: (worker: Worker) => void = () => undefined,
): Promise<HostInPage> {
  const inner: Worker[] = [];
  const Original = globalThis.Worker;
  globalThis.Worker = class extends Original {
    constructor(url: string | URL, options?: WorkerOptions) {
      super(url, options);
      inner.push(this);
      onInner(this);
    }
  };
  try {
    const host = new WllamaHost(engineUrl);
    const model = change.model ?? (await syntheticSource(SHAPE_1M, { seed: 1 }));
    const loaded = await host.load({ threads: 1, contextTokens: 1024, slots: 1, ...change, model });
    return { host, loaded, inner: inner[0] };
  } finally {
    globalThis.Worker = Original;
  }
}

/** One answer, with credits given as the page gives them. */
export async function askHost(
  host: WllamaHost,
  change: Partial<GenerateRequest> = {},
  onText: (text: string) => void = () => undefined,
): Promise<Outcome<Generation>> {
  const { port1, port2 } = new MessageChannel();
  let text = '';
  port1.onmessage = ({ data }: MessageEvent<StreamToPage>) => {
    if (data.type !== 'chunk') return;
    text += data.chunk.text;
    onText(text);
    port1.postMessage({ type: 'credit', credits: 1 } satisfies StreamToWorker);
  };
  const answered = await host.generate({ ...REQUEST, ...change }, port2);
  port1.close();
  return answered;
}
