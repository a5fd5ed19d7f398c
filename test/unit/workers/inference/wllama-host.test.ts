import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Generation, GgufSource } from '#contracts/engine';
import type { Outcome } from '#contracts/errors';
import type { InferenceLoadOptions } from '#contracts/worker-api';
import { WllamaHost } from '../../../../workers/inference/wllama-host.ts';
import { turn } from '../../../fakes/turn.ts';
import { chunk, lastChunk, result } from './wllama-scripted-core.ts';
import type { ScriptedCore } from './wllama-scripted-core.ts';

/** wllama as the host uses it: what it was given, and a core that the test drives. */
interface FakeWllama {
  readonly config: { readonly logger: Record<'debug' | 'error', (...parts: unknown[]) => void> };
  readonly compat: unknown[];
  parameters: Record<string, unknown>;
  proxy: ScriptedCore | null;
  exits: number;
}

const made = vi.hoisted(() => ({
  all: [] as FakeWllama[],
  vocabulary: 100,
  problem: null as Error | null,
  lines: [] as string[],
}));

vi.mock('@wllama/wllama/esm/index.js', async () => {
  const scripted = await import('./wllama-scripted-core.ts');
  class Wllama {
    readonly compat: unknown[] = [];
    readonly config: FakeWllama['config'];
    parameters: Record<string, unknown> = {};
    proxy: ScriptedCore | null = null;
    exits = 0;
    constructor(_paths: unknown, config: FakeWllama['config']) {
      this.config = config;
      made.all.push(this);
    }
    setCompat(...given: unknown[]): void {
      this.compat.push(...given);
    }
    loadModel(_files: unknown, parameters: Record<string, unknown>): Promise<void> {
      this.parameters = parameters;
      this.proxy = new scripted.ScriptedCore();
      for (const line of made.lines) this.config.logger[/error|failed/.test(line) ? 'error' : 'debug'](line);
      return made.problem === null ? Promise.resolve() : Promise.reject(made.problem);
    }
    getLoadedContextInfo(): object {
      return { n_vocab: made.vocabulary, n_ctx: 2048 };
    }
    getNumThreads(): number {
      return 1;
    }
    exit(): Promise<void> {
      this.exits += 1;
      return Promise.resolve();
    }
  }
  return { Wllama };
});

const FILE = new TextEncoder().encode('GGUF and then the tensors');
const MODEL: GgufSource = {
  format: 'gguf',
  id: 'alder',
  name: 'Alder',
  url: 'https://page/alder.gguf',
  sizeBytes: FILE.length,
  sha256: createHash('sha256').update(FILE).digest('hex'),
};
const OPTIONS: InferenceLoadOptions = { model: MODEL, threads: 1, contextTokens: 2048, slots: 2 };
const CPU_LINES = [
  'load_tensors:          CPU model buffer size =     2.00 MiB',
  'llama_context: n_ctx_seq             = 1024',
  'llama_kv_cache:        CPU KV buffer size =     4.00 MiB',
  'sched_reserve:        CPU compute buffer size =     1.00 MiB',
];

let host: WllamaHost;

beforeEach(() => {
  Object.assign(made, { all: [], vocabulary: 100, problem: null, lines: CPU_LINES });
  vi.stubGlobal('fetch', () => Promise.resolve(new Response(FILE)));
  vi.stubGlobal('navigator', { gpu: {} });
  vi.stubGlobal('Worker', EventTarget);
  vi.stubGlobal('crossOriginIsolated', true);
  host = new WllamaHost();
});

afterEach(() => {
  vi.unstubAllGlobals();
});

function wllama(index = 0): FakeWllama {
  const found = made.all[index];
  if (found === undefined) throw new Error('no wllama was made');
  return found;
}

function core(): ScriptedCore {
  const { proxy } = wllama();
  if (proxy === null) throw new Error('nothing was loaded');
  return proxy;
}

function ask(): { outcome: Outcome<Generation> | null; readonly page: MessagePort } {
  const { port1, port2 } = new MessageChannel();
  const asked: { outcome: Outcome<Generation> | null; readonly page: MessagePort } = {
    outcome: null,
    page: port1,
  };
  void host.generate({ prompt: 'Why?', maxTokens: 8, temperature: 0, seed: 1 }, port2).then((outcome) => {
    asked.outcome = outcome;
    port1.close();
  });
  return asked;
}

describe('a load', () => {
  it('tells what llama.cpp says of itself', async () => {
    expect(await host.load(OPTIONS)).toMatchObject({
      ok: true,
      value: {
        modelId: 'alder',
        backend: 'cpu',
        threads: 1,
        contextTokens: 1024,
        vocabularySize: 100,
        weightBytes: FILE.length,
        memory: { weightsBytes: 2 * 2 ** 20, kvBytes: 4 * 2 ** 20, computeBytes: 2 ** 20 },
      },
    });
  });

  it('gives each slot its own cache, and keeps off the GPU unless it is wanted', async () => {
    await host.load(OPTIONS);
    expect(wllama().parameters).toMatchObject({
      n_ctx: 2048,
      n_parallel: 2,
      kv_unified: false,
      flash_attn: false,
      n_gpu_layers: 0,
      n_batch: 64,
    });
    expect(wllama().parameters['embeddings']).toBeUndefined();
  });

  it('leaves attention to llama.cpp where no neighbour can change its sums', async () => {
    await host.load({ ...OPTIONS, slots: 1 });
    expect(wllama().parameters['flash_attn']).toBeUndefined();
  });

  it('puts a whole text into one batch to embed it', async () => {
    await host.load({ ...OPTIONS, embeddings: true });
    expect(wllama().parameters).toMatchObject({
      embeddings: true,
      pooling_type: 'mean',
      n_batch: 1024,
      n_ubatch: 1024,
    });
  });

  it('says which backend was used, whatever was asked for', async () => {
    vi.stubGlobal('WebAssembly', { Memory: class {}, Suspending: class {} });
    await host.load({ ...OPTIONS, backend: 'webgpu' });
    expect(wllama().parameters).toMatchObject({ n_gpu_layers: 99_999, n_batch: 256, flash_attn: true });
    made.lines = ['load_tensors:       WebGPU model buffer size =     2.00 MiB'];
    expect(await host.load({ ...OPTIONS, backend: 'webgpu' })).toMatchObject({
      value: { backend: 'webgpu' },
    });
  });

  it('of a file without a vocabulary fails for the reason that the log gives', async () => {
    made.vocabulary = 0;
    made.lines = ["llama_model_load: error loading model: unknown model architecture: 'x'"];
    expect(await host.load(OPTIONS)).toMatchObject({
      ok: false,
      error: {
        code: 'model-load-failed',
        cause: expect.stringContaining('unknown model architecture') as string,
      },
    });
    expect(ask().outcome).toBeNull();
  });

  it('that throws is typed, and leaves nothing behind when another follows', async () => {
    made.problem = new RangeError('WebAssembly.Memory(): could not allocate memory');
    expect(await host.load(OPTIONS)).toMatchObject({ error: { code: 'out-of-memory' } });
    // Its worker ends with ours: both ended in one moment would now and then stay for ever.
    expect(wllama().exits).toBe(0);
    made.problem = null;
    expect(await host.load(OPTIONS)).toMatchObject({ ok: true });
    expect([wllama(0).exits, wllama(1).exits]).toEqual([1, 0]);
  });

  it('of another kind of model is refused', async () => {
    const model = { format: 'built-in', id: 'nano', name: 'Nano' } as const;
    expect(await host.load({ ...OPTIONS, model })).toMatchObject({
      error: { code: 'request-unsupported', details: { reason: 'built-in' } },
    });
  });

  it('ends the model before it', async () => {
    await host.load(OPTIONS);
    await host.load(OPTIONS);
    expect([wllama(0).exits, wllama(1).exits]).toEqual([1, 0]);
  });
});

describe('answers', () => {
  it('never reach wllama beyond the slots: it would drop them and never answer', async () => {
    await host.load(OPTIONS);
    const asked = [ask(), ask(), ask()];
    await turn();
    expect(asked.map(({ outcome }) => outcome?.ok ?? null)).toEqual([null, null, false]);
    expect(asked[2]?.outcome).toMatchObject({ error: { code: 'slots-exhausted', details: { slots: 2 } } });
    core().last.answer({ success: true, req_id: 1 });
    await turn();
    expect(core().names).toEqual(['completion', 'completion']);
    await host.unload();
  });

  it('are streamed to their end', async () => {
    await host.load(OPTIONS);
    const asked = ask();
    await turn();
    core().last.answer({ success: true, req_id: 1 });
    // Alone: from its first word on it asks for each step before it has heard of the last.
    const results = [result(chunk('Be')), result(chunk('cause')), result(lastChunk('stop'), false)];
    for (const [index, each] of results.entries()) {
      await turn();
      expect(core().actions).toHaveLength(index === 0 ? 2 : index + 3);
      core()
        .at(index + 1)
        .answer(each);
    }
    await turn();
    expect(asked.outcome).toMatchObject({ ok: true, value: { text: 'Because', finish: 'stop' } });
  });

  it('need a model', async () => {
    const asked = ask();
    await turn();
    expect(asked.outcome).toMatchObject({
      error: { code: 'engine-failed', details: { reason: 'no-model' } },
    });
    expect(await host.embed(['a'])).toMatchObject({ error: { details: { reason: 'no-model' } } });
  });

  it('are refused when they ask for what cannot be', async () => {
    await host.load(OPTIONS);
    const { port2 } = new MessageChannel();
    const request = { prompt: 'a', maxTokens: 0, temperature: 0, seed: 1 };
    expect(await host.generate(request, port2)).toMatchObject({ error: { code: 'request-unsupported' } });
    expect(core().actions).toHaveLength(0);
  });
});

describe('the end of the engine', () => {
  it('by a lost device reaches answers, listeners and whoever asks later', async () => {
    await host.load(OPTIONS);
    const told = host.engineLost();
    const asked = ask();
    await turn();
    const inner = new EventTarget();
    Reflect.set(core(), 'worker', inner);
    const data = { verb: 'witan.device', args: ['unknown: gone'] };
    inner.dispatchEvent(new MessageEvent('message', { data }));
    const lost = { ok: false, error: { code: 'device-lost', details: { model: 'Alder' } } };
    expect(await told).toMatchObject(lost);
    await turn();
    expect(asked.outcome).toMatchObject(lost);
    expect(await host.engineLost()).toMatchObject(lost);
    const late = ask();
    await turn();
    expect(late.outcome).toMatchObject(lost);
    // As after a failed load.
    expect(wllama().exits).toBe(0);
    await host.unload();
    expect(wllama().exits).toBe(1);
  });

  it('by our own hand is no loss', async () => {
    await host.load(OPTIONS);
    let told = false;
    void host.engineLost().then(() => {
      told = true;
    });
    const asked = ask();
    await turn();
    await host.unload();
    await turn();
    expect(asked.outcome).toMatchObject({ error: { code: 'cancelled' } });
    expect(told).toBe(false);
    expect(wllama().exits).toBe(1);
  });
});
