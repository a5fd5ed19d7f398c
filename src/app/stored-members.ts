import type { GgufSummary } from '#contracts/gguf';
import { contextUsed } from '#contracts/model-fit';
import { UNKNOWN_SHAPE } from '#contracts/model-shape';
import type { StoredModel } from '#contracts/model-store';
import { predictMemory } from '../capacity/memory-model.ts';
import type { MemberRung, MemberSpec } from '../resources/member-spec.ts';
import { instructManner } from './instruct-manner.ts';

/** Contexts to go down to when memory runs out, tokens. */
const SMALLER_CONTEXTS: readonly number[] = [2048, 1024];

/** What it will likely take of the memory it runs in, bytes. */
function memoryOf(
  { kvBytesPerToken }: GgufSummary,
  fileBytes: number,
  backend: 'webgpu' | 'cpu',
  contextTokens: number,
  threads: number,
): number {
  const { total, graphics } = predictMemory({
    shape: UNKNOWN_SHAPE,
    fileBytes,
    contextTokens,
    knownCacheBytes: kvBytesPerToken === null ? null : kvBytesPerToken * contextTokens,
    backend,
    threads,
  });
  return Math.round((graphics ?? total).median);
}

/**
 * A GGUF model of the model store as a member: on the graphics card where there is one, else on the CPU, with ever less
 * context where memory runs out.
 * @param summary what its file says of itself; null where it cannot be read, of which loading will tell
 * @param gpu whether WebGPU has an adapter that computes
 * @param threads CPU threads it may take
 */
export function storedMember(
  model: StoredModel,
  summary: GgufSummary | null,
  gpu: boolean,
  threads: number,
): MemberSpec {
  const contextTokens = contextUsed(summary?.shape.contextTokens ?? null);
  const sizeBytes = model.sizeBytes ?? model.keptBytes;
  const rungOn = (backend: 'webgpu' | 'cpu', tokens: number): MemberRung => ({
    id: `${backend}@${String(tokens)}`,
    engine: 'wllama',
    load: {
      model: { format: 'stored', id: model.id, name: model.name, sizeBytes },
      backend,
      threads,
      contextTokens: tokens,
      slots: 1,
    },
    model: model.id,
    parameters: summary?.parameters ?? 0,
    sizeBytes,
    ...(summary === null ? {} : { memoryBytes: memoryOf(summary, sizeBytes, backend, tokens, threads) }),
    features: [],
    accuracy: null,
  });
  const contexts = [contextTokens, ...SMALLER_CONTEXTS.filter((tokens) => tokens < contextTokens)];
  const onGpu = gpu ? contexts.map((tokens) => rungOn('webgpu', tokens)) : [];
  const [first = rungOn('cpu', contextTokens), ...rest] = [
    ...onGpu,
    ...contexts.map((tokens) => rungOn('cpu', tokens)),
  ];
  return {
    id: model.id,
    name: model.name,
    rungs: [first, ...rest],
    bundled: false,
    manner: instructManner(contextTokens),
  };
}
