import type { GenerateRequest, LoadOptions, MlcSource, TokenChunk } from '#contracts/engine';
import type { StreamToPage, StreamToWorker } from '#contracts/worker-api';
import { WebLlmHost } from '../../workers/inference/web-llm-host.ts';
import { StoredCaches } from '../../workers/inference/web-llm-stored-caches.ts';
import { FakeWebLlm, type FakeScript } from './web-llm-engine.ts';
import { FakeGpu, type FakeAdapterOptions } from './web-llm-gpu.ts';

export const MODEL: MlcSource = {
  format: 'mlc',
  id: 'tiny-q4f16_1-MLC',
  name: 'Tiny',
  weightsUrl: 'https://models.test/tiny/resolve/main/',
  libraryUrl: 'https://libraries.test/tiny.wasm',
  sizeBytes: null,
  requiredFeatures: ['shader-f16'],
  overrides: { max_history_size: 1 },
};

export const REQUEST: GenerateRequest = { prompt: 'Hi', maxTokens: 100, temperature: 0, seed: 7 };

export const TENSOR_LIST_URL = `${MODEL.weightsUrl}tensor-cache.json`;

/** A tensor list with tensors of these sizes, bytes. */
export const tensorList = (...sizes: readonly number[]): string =>
  JSON.stringify({
    records: [
      {
        dataPath: 'params_shard_0.bin',
        nbytes: sizes.reduce((sum, bytes) => sum + bytes, 0),
        records: sizes.map((nbytes, index) => ({
          name: `t${index}`,
          nbytes,
          dtype: 'uint32',
          format: 'raw',
        })),
      },
    ],
  });

/** The model with its files: this list, a shard and a library. */
export const withFiles = (list: string): MlcSource => ({
  ...MODEL,
  files: [
    { url: TENSOR_LIST_URL, file: new Blob([list]) },
    { url: `${MODEL.weightsUrl}params_shard_0.bin`, file: new Blob(['weights']) },
    { url: MODEL.libraryUrl, file: new Blob(['library']) },
  ],
});

/** Weights of 1024 bytes. */
export const OPTIONS: LoadOptions<MlcSource> = {
  model: withFiles(tensorList(1000, 24)),
  threads: 4,
  contextTokens: 512,
  slots: 1,
};

/** The worker's end of a stream, without a thread: what the page says arrives when the test says so. */
export class FakeStreamPort {
  readonly chunks: TokenChunk[] = [];
  closed = false;
  onmessage: ((event: MessageEvent<StreamToWorker>) => void) | null = null;
  /** Called with each chunk: a page that answers at once. */
  onChunk: (chunk: TokenChunk) => void = () => undefined;

  postMessage(message: StreamToPage): void {
    if (this.closed || message.type !== 'chunk') return;
    this.chunks.push(message.chunk);
    this.onChunk(message.chunk);
  }

  close(): void {
    this.closed = true;
  }

  say(message: StreamToWorker): void {
    this.onmessage?.(new MessageEvent('message', { data: message }));
  }

  get asPort(): MessagePort {
    return this as unknown as MessagePort;
  }

  get text(): string {
    return this.chunks.map((chunk) => chunk.text).join('');
  }
}

/** A page that takes every chunk at once. */
export function readingPort(): FakeStreamPort {
  const port = new FakeStreamPort();
  port.onChunk = () => {
    port.say({ type: 'credit', credits: 1 });
  };
  return port;
}

/** Every token on its own, as fast as it comes. */
export const NO_REST = { flushIntervalMs: 0, decodeDelayMs: 0 };

/** An answer of 40 tokens. */
export const LONG = Array.from({ length: 40 }, (_, index) => `w${index} `);

export interface Setting {
  readonly host: WebLlmHost;
  readonly gpu: FakeGpu;
  readonly webLlm: FakeWebLlm;
  readonly caches: StoredCaches;
  /** What the host has asked of the supervisor. */
  readonly patience: readonly (number | null)[];
}

/** A host over fakes. */
export function settingWith(
  script: Partial<FakeScript> = {},
  adapter: FakeAdapterOptions | null = {},
): Setting {
  const gpu = new FakeGpu(adapter);
  const webLlm = new FakeWebLlm(gpu, script);
  const patience: (number | null)[] = [];
  const askPatience = (silenceAllowedMs: number | null): void => void patience.push(silenceAllowedMs);
  const caches = new StoredCaches();
  const host = new WebLlmHost({
    askPatience,
    openPackage: () => Promise.resolve(webLlm),
    gpu: gpu.asGpu,
    caches,
  });
  return { host, gpu, webLlm, caches, patience };
}

/** As `settingWith`, with the model loaded. */
export async function loadedSetting(script: Partial<FakeScript> = {}): Promise<Setting> {
  const setting = settingWith(script);
  const outcome = await setting.host.load(OPTIONS);
  if (!outcome.ok) throw new Error(`the fake did not load: ${outcome.error.code}`);
  return setting;
}
