import { predictMemory } from '../../src/capacity/memory-model.ts';
import type { SyntheticShape } from '../../src/hardware/synthetic/tensors.ts';
import { modelShapeOf } from '../../test/fakes/memory-outcomes.ts';
import { measureInPage } from './engine-session.ts';
import type { MemoryRun } from './engine-page/memory.ts';

/**
 * What questions that differ leave in the engine: its WASM memory after so many, each of which fills the context; then the
 * same where that memory may not grow as far. No timings: it may run beside other work.
 *
 *     npx tsx tools/measure/kept-prompts.ts
 */
const MIB = 2 ** 20;

/** 32 KiB of keys and values for each token, and little to compute. */
const SHAPE: SyntheticShape = {
  ...{ layers: 8, embedding: 256, feedForward: 256, heads: 8, kvHeads: 8, headDim: 128 },
  ...{ vocabulary: 512, tied: true },
};

const CONTEXT_TOKENS = 256;
const run = (answers: number, limitBytes: number | null): MemoryRun => ({
  ...{
    shape: SHAPE,
    quantization: 'Q8_0',
    contextTokens: CONTEXT_TOKENS,
    backend: 'cpu',
    threads: 1,
    slots: 1,
  },
  ...{ limitBytes, answers, merges: 0, promiseIntegration: true, processes: false },
});
const inMib = (bytes: number | undefined): string => (bytes === undefined ? '-' : (bytes / MIB).toFixed(1));

async function show(runs: readonly MemoryRun[]): Promise<number> {
  const outcomes = await measureInPage('cpu', 'memoryRuns', runs);
  for (const [index, { problem, heapAnswered }] of outcomes.entries()) {
    const { answers = 0, limitBytes = null } = runs[index] ?? {};
    console.log(
      `${String(answers)} answers, limit ${inMib(limitBytes ?? undefined)}: used ${inMib(heapAnswered?.usedBytes)} MiB, grown ${inMib(heapAnswered?.grownBytes)} MiB, ${problem ?? 'no problem'}`,
    );
  }
  return outcomes[0]?.fileBytes ?? 0;
}

const fileBytes = await show([1, 3, 9].map((answers) => run(answers, null)));
const { heap, kept } = predictMemory({
  ...{ shape: modelShapeOf(SHAPE), fileBytes, contextTokens: CONTEXT_TOKENS },
  ...{ backend: 'cpu', threads: 1, synthetic: true },
});
console.log(`predicted: ${inMib(heap.median)} MiB; 50 questions, up to ${inMib(kept.high)} MiB more`);
// WASM memory begins with 128 MiB: full after some 14 questions.
await show([run(22, 160 * MIB)]);
