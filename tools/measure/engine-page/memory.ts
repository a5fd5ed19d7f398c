import { present } from '#kernel/assert';
import { systemClock } from '#kernel/clock';
import { seededRandom } from '#kernel/random';
import type { Backend, EngineMemory, Generation, StoredSource } from '#contracts/engine';
import type { SyntheticQuantization } from '#contracts/capacity';
import type { Outcome } from '#contracts/errors';
import type { InferenceWorkerApi } from '#contracts/worker-api';
import type { LoadedWithMemory } from '../../../workers/inference/wllama-host.ts';
import { WorkerEngine } from '../../../src/engines/worker-engine.ts';
import { aligned } from '../../../src/hardware/synthetic/gguf-header.ts';
import { syntheticModel } from '../../../src/hardware/synthetic/synthetic-model.ts';
import { F32, randomBlocks, type TensorType } from '../../../src/hardware/synthetic/tensor-types.ts';
import { tensorsOf, type SyntheticShape } from '../../../src/hardware/synthetic/tensors.ts';
import { WorkerSupervisor } from '../../../src/platform/worker-supervisor.ts';
import limitedScript from './limited.worker.ts?worker&url';

/** A model that is loaded once, and what it may take. */
export interface MemoryRun {
  readonly shape: SyntheticShape;
  readonly quantization: SyntheticQuantization;
  readonly contextTokens: number;
  readonly backend: Backend;
  readonly threads: number;
  readonly slots: number;
  /** Most that the WASM memory may grow to; null for the 4 GiB that wllama asks for. */
  readonly limitBytes: number | null;
  /** Answers that it must give, each to another question that fills the context but for a few tokens. */
  readonly answers: number;
  /** Pairs of pieces that its tokenizer may join; real vocabularies have about one for each token. Even. */
  readonly merges: number;
  /** Whether the browser can wait for promises within WASM; without, the file lies in the WASM memory (Firefox). */
  readonly promiseIntegration: boolean;
  /** Whether to weigh the browser's processes too; of use in a page that has done nothing before. */
  readonly processes: boolean;
}

/** Of the WASM memory: how far it was grown, and where its last byte is that is not zero. */
interface Heap {
  readonly grownBytes: number;
  readonly usedBytes: number;
}

export interface MemoryOutcome {
  readonly fileBytes: number;
  readonly parameters: number;
  /** Code of the failure; null where it loaded and gave all of its answers. */
  readonly problem: string | null;
  readonly problemAt: 'load' | 'answer' | null;
  readonly cause: string;
  /** By the engine's own account; null where it did not load. */
  readonly memory: EngineMemory | null;
  readonly heapLoaded: Heap | null;
  readonly heapAnswered: Heap | null;
  /** Of the page's and the GPU's processes: before, when it had loaded, when it had answered. */
  readonly processBytes: readonly number[];
}

const NEVER = new AbortController().signal;
const PAGE_BYTES = 65_536;
const WRITTEN = 8;
/** What the chat template adds to a question, tokens; the vocabulary has one for each character. */
const TEMPLATE = 24;

const processBytes = (): Promise<number> =>
  (Reflect.get(globalThis, 'memoryBytes') as () => Promise<number>)();

function heapOf(channel: string): Promise<Heap | null> {
  const port = new BroadcastChannel(channel);
  return new Promise<Heap | null>((resolve) => {
    const waiting = setTimeout(() => {
      resolve(null);
    }, 5_000);
    port.onmessage = ({ data }: MessageEvent<Heap>) => {
      clearTimeout(waiting);
      resolve(data);
    };
    port.postMessage('how-much');
  }).finally(() => {
    port.close();
  });
}

const MERGES_KEY = 'tokenizer.ggml.merges';
/** Behind the key: the value's type, that of its entries, and their number. */
const MERGES_TYPES_BYTES = 8;
const MERGE_LETTERS = 8;

/** Bytes of a merge in a file: 64 bits of its length, and the text. An even number of them keeps the alignment. */
function mergeBytes(merges: number): Uint8Array<ArrayBuffer> {
  const stride = 8 + MERGE_LETTERS;
  const bytes = new Uint8Array(merges * stride);
  for (let merge = 0; merge < merges; merge += 1) {
    const at = merge * stride;
    bytes[at] = MERGE_LETTERS;
    for (let letter = 0, left = merge; letter < MERGE_LETTERS; letter += 1) {
      bytes[at + 8 + letter] = letter === 4 ? 0x20 : 97 + (left % 26);
      if (letter !== 4) left = Math.floor(left / 26);
    }
  }
  return bytes;
}

/** The file's header with merges in its empty list of them. */
function withMerges(header: Uint8Array<ArrayBuffer>, merges: number): readonly Uint8Array<ArrayBuffer>[] {
  const text = new TextDecoder('latin1').decode(header);
  const at = text.indexOf(MERGES_KEY) + MERGES_KEY.length + MERGES_TYPES_BYTES;
  const count = new Uint8Array(new BigUint64Array([BigInt(merges)]).buffer);
  return [header.slice(0, at), count, mergeBytes(merges), header.slice(at + 8)];
}

let made: { readonly key: string; readonly file: Blob; readonly parameters: number } | null = null;

/**
 * Tensor data of a model in few different bytes, each blob of them used again and again: what a large model needs of blobs
 * the browser would lose otherwise. Their values are no matter here.
 */
function tensorData(shape: SyntheticShape, quantization: SyntheticQuantization): readonly Blob[] {
  const random = seededRandom(1);
  const pools = new Map<TensorType, Blob>();
  return tensorsOf(shape, quantization).map(({ type, sizeBytes }) => {
    const ones = new Float32Array(type === F32 ? sizeBytes / 4 : 0).fill(1);
    const pool =
      type === F32 ? new Blob([ones]) : (pools.get(type) ?? new Blob([randomBlocks(type, random)]));
    if (type !== F32) pools.set(type, pool);
    const whole = Math.floor(sizeBytes / pool.size);
    const padding = new Uint8Array(aligned(sizeBytes) - sizeBytes);
    return new Blob([
      ...Array.from({ length: whole }, () => pool),
      pool.slice(0, sizeBytes % pool.size),
      padding,
    ]);
  });
}

function fileOf(run: MemoryRun): { readonly file: Blob; readonly parameters: number } {
  const key = JSON.stringify([run.shape, run.quantization, run.merges]);
  if (made?.key === key) return made;
  const options = { quantization: run.quantization, seed: 1, contextTokens: 131_072 };
  const model = syntheticModel(run.shape, options);
  if (!model.ok) throw new Error(JSON.stringify(model.error));
  const header = present(model.value.chunks().next().value ?? null, 'a header');
  const file = new Blob([...withMerges(header, run.merges), ...tensorData(run.shape, run.quantization)]);
  made = { key, file, parameters: model.value.parameters };
  return made;
}

async function memoryOf(run: MemoryRun): Promise<MemoryOutcome> {
  const weighed: number[] = [];
  const weigh = async (): Promise<void> => {
    if (run.processes) weighed.push(await processBytes());
  };
  const { file, parameters } = fileOf(run);
  const model: StoredSource = {
    format: 'stored',
    id: 'synthetic',
    name: 'Synthetic',
    sizeBytes: file.size,
    files: [file],
  };
  await weigh();
  const channel = `memory-${crypto.randomUUID()}`;
  const pages = Math.floor((run.limitBytes ?? 2 ** 32) / PAGE_BYTES);
  const worker = new WorkerSupervisor(systemClock).start<InferenceWorkerApi>(
    'measured',
    `${limitedScript}#pages=${String(pages)}&channel=${channel}&waits=${String(run.promiseIntegration)}`,
  );
  const engine = new WorkerEngine('wllama', worker, systemClock);
  const { backend, threads, slots, contextTokens } = run;
  const loaded = await engine.load(NEVER, { model, backend, threads, slots, contextTokens });
  // Weighed first: who looks at a page of memory takes it.
  await weigh();
  const heapLoaded = loaded.ok && run.answers === 0 ? await heapOf(channel) : null;
  let answered: Outcome<Generation> | null = null;
  if (loaded.ok) {
    const promptTokens = Math.max(1, Math.floor(contextTokens / slots) - TEMPLATE - WRITTEN);
    for (let answer = 0; answer < run.answers && answered?.ok !== false; answer += 1) {
      const request = {
        prompt: String.fromCharCode(97 + answer).repeat(promptTokens),
        maxTokens: WRITTEN,
        temperature: 0,
        seed: 1,
        ignoreEos: true,
      };
      answered = await engine.generate(NEVER, request, () => undefined);
    }
  }
  await weigh();
  const heapAnswered = answered?.ok === true ? await heapOf(channel) : null;
  await engine.unload();
  const failed = loaded.ok ? answered : loaded;
  const error = failed?.ok === false ? failed.error : null;
  return {
    fileBytes: file.size,
    parameters,
    problem: error?.code ?? null,
    problemAt: error === null ? null : loaded.ok ? 'answer' : 'load',
    cause: error === null ? '' : JSON.stringify(error).slice(0, 600),
    memory: loaded.ok ? (loaded.value as LoadedWithMemory).memory : null,
    heapLoaded,
    heapAnswered,
    processBytes: weighed,
  };
}

/** Loads each model in turn, lets it answer, and says what that took or how it failed. */
export async function memoryRuns(runs: readonly MemoryRun[]): Promise<readonly MemoryOutcome[]> {
  const outcomes: MemoryOutcome[] = [];
  for (const run of runs) outcomes.push(await memoryOf(run));
  return outcomes;
}
