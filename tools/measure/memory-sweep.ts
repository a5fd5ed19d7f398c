import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { seededRandom } from '../../src/kernel/random.ts';
import { predictMemory, type MemoryQuestion } from '../../src/capacity/memory-model.ts';
import type { SyntheticQuantization } from '../../src/contracts/capacity.ts';
import { syntheticModel } from '../../src/hardware/synthetic/synthetic-model.ts';
import { tensorsOf, type SyntheticShape } from '../../src/hardware/synthetic/tensors.ts';
import { modelShapeOf } from '../../test/fakes/memory-outcomes.ts';
import { measureInPage, type Target } from './engine-session.ts';
import type { MemoryOutcome, MemoryRun } from './engine-page/memory.ts';

/**
 * Loads models of random weights in the real engine and writes down, into the fixture that the memory model is tested by,
 * what they took: `accounts` (many shapes, by the engine's own account), `graphics` (the same on the adapter of
 * CHROME_F16_PATH), `limits` (whether they load and answer where the WASM memory may not grow beyond a limit, most limits
 * near where the prediction sees the edge; of some of the models only, where FROM and TO are given). No timings: it may run
 * beside other work.
 *
 *     npx tsx tools/measure/memory-sweep.ts accounts|graphics|limits [FROM [TO]]
 */
const FIXTURE = join(import.meta.dirname, '../../test/fixtures/memory-outcomes.json');
const MIB = 2 ** 20;

interface Candidate {
  readonly shape: SyntheticShape;
  readonly quantization: SyntheticQuantization;
  readonly contextTokens: number;
  readonly threads: number;
  readonly slots: number;
}

/** As it stands in the fixture; what the dimensions are, `memory-outcomes.ts` says. */
interface Described extends Omit<Candidate, 'shape'> {
  readonly shape: readonly number[];
  readonly fileBytes: number;
  readonly tensorBytes: number;
}

interface Fixture {
  readonly schema: 'witan.memory-outcomes';
  readonly version: 1;
  readonly engine: 'wllama 3.8.1';
  accounts: object[];
  graphics: object[];
  limits: object[];
}

const shape = (
  layers: number,
  embedding: number,
  feedForward: number,
  [heads, kvHeads, headDim]: readonly [number, number, number],
  vocabulary: number,
  tied: boolean,
): SyntheticShape => ({ layers, embedding, feedForward, heads, kvHeads, headDim, vocabulary, tied });

/** Seeded draws over what small models have. */
function drawn(count: number, seed: number, quick: boolean): readonly Candidate[] {
  const random = seededRandom(seed);
  const one = <T>(of: readonly [T, ...T[]]): T => of[Math.floor(random() * of.length)] ?? of[0];
  return Array.from({ length: count }, () => {
    const embedding = one([128, 256, 384, 512, 576, 640, 768, 960]);
    const wanted = one([32, 64, 64, 64, 128]);
    const headDim = embedding % wanted === 0 ? wanted : 64;
    const heads = embedding / headDim;
    const divisors = Array.from({ length: heads }, (_, index) => index + 1).filter(
      (each) => heads % each === 0,
    );
    const kvHeads = divisors[Math.floor(random() * divisors.length)] ?? 1;
    const feedForward = 32 * Math.round((embedding * one([1, 1.5, 2, 2.67, 4])) / 32);
    const layers = one(quick ? [2, 4, 8, 16] : [2, 4, 8, 12, 16, 24, 32]);
    const vocabulary = one([512, 4096, 16_384, 32_000, 49_152]);
    return {
      shape: shape(layers, embedding, feedForward, [heads, kvHeads, headDim], vocabulary, random() < 0.6),
      quantization: one<SyntheticQuantization>(['Q4_0', 'Q8_0', 'Q4_K_M']),
      contextTokens: one([256, 300, 512, 1000, 1024, 2048, 3000, 4096, 8192]),
      threads: quick ? 1 : one([1, 2]),
      slots: one([1, 1, 1, 2, 4]),
    };
  });
}

/** SmolLM2's, by its config.json. */
const SMOL = {
  '135M': shape(30, 576, 1536, [9, 3, 64], 49_152, true),
  '360M': shape(32, 960, 2560, [15, 5, 64], 49_152, true),
} as const;

/**
 * Large for what they compute: wide tables of tokens, or many heads for few layers; 200 MiB to 1.7 GiB (Chromium keeps no
 * blobs of more than 2 GB in memory).
 */
const LARGE: readonly Candidate[] = [
  [shape(1, 2048, 256, [8, 8, 64], 49_152, false), 'Q8_0', 256, 2],
  [shape(1, 3072, 256, [8, 4, 64], 65_536, false), 'Q4_0', 256, 1],
  [shape(1, 4096, 256, [8, 8, 64], 49_152, false), 'Q8_0', 256, 1],
  [shape(1, 4096, 256, [4, 1, 128], 65_536, false), 'Q4_K_M', 512, 2],
  [shape(2, 1536, 512, [8, 8, 128], 98_304, false), 'Q8_0', 256, 1],
  [shape(1, 2048, 512, [8, 2, 64], 98_304, true), 'Q8_0', 256, 2],
  [shape(32, 128, 256, [16, 16, 128], 4096, true), 'Q8_0', 256, 1],
  [shape(2, 512, 1376, [8, 8, 64], 151_936, true), 'Q8_0', 256, 1],
  [shape(4, 1024, 512, [8, 4, 64], 128_256, false), 'Q4_0', 256, 1],
  [shape(1, 2560, 256, [8, 8, 64], 65_536, false), 'Q4_K_M', 256, 1],
  [shape(1, 3072, 256, [4, 2, 128], 98_304, false), 'Q8_0', 256, 1],
  [shape(1, 6144, 256, [8, 8, 64], 98_304, false), 'Q4_0', 256, 1],
  [shape(2, 1024, 256, [8, 8, 64], 151_936, true), 'Q8_0', 512, 1],
  [shape(1, 3072, 256, [8, 8, 64], 49_152, true), 'Q8_0', 256, 1],
  [shape(1, 8192, 256, [8, 2, 64], 65_536, false), 'Q8_0', 256, 1],
  [shape(1, 4096, 256, [8, 8, 64], 32_000, true), 'Q8_0', 512, 1],
  [shape(1, 8192, 256, [8, 2, 64], 98_304, false), 'Q8_0', 256, 1],
  [shape(24, 256, 256, [8, 8, 128], 65_536, false), 'Q8_0', 256, 2],
  [shape(16, 128, 256, [32, 32, 128], 512, true), 'Q4_0', 512, 2],
  [shape(12, 512, 512, [8, 8, 64], 98_304, false), 'Q4_K_M', 256, 1],
  [shape(32, 256, 512, [4, 4, 64], 98_304, true), 'Q8_0', 256, 1],
  [SMOL['135M'], 'Q8_0', 256, 2],
].map(([of, quantization, contextTokens, threads]) => ({
  shape: of as SyntheticShape,
  quantization: quantization as SyntheticQuantization,
  contextTokens: contextTokens as number,
  threads: threads as number,
  slots: 1,
}));

/** Of the predicted need: most of them where it is decided. */
const RATIOS = [0.75, 0.85, 0.9, 0.94, 0.96, 0.98, 0.99, 1.01, 1.02, 1.03, 1.045, 1.06, 1.08, 1.12, 1.25];
/** What the WASM memory begins with, and a little. */
const LEAST_LIMIT_MIB = 160;

const run = (of: Candidate, change: Partial<MemoryRun>): MemoryRun => ({
  ...of,
  backend: 'cpu',
  limitBytes: null,
  answers: 0,
  merges: 0,
  promiseIntegration: true,
  processes: false,
  ...change,
});

function described(of: Candidate): Described {
  const { quantization, contextTokens, threads, slots } = of;
  const made = syntheticModel(of.shape, { quantization, seed: 1, contextTokens: 131_072 });
  if (!made.ok) throw new Error(JSON.stringify(made.error));
  const tensorBytes = tensorsOf(of.shape, quantization).reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  const { layers, embedding, feedForward, heads, kvHeads, headDim, vocabulary, tied } = of.shape;
  const dimensions = [layers, embedding, feedForward, heads, kvHeads, headDim, vocabulary, tied ? 1 : 0];
  return {
    shape: dimensions,
    quantization,
    contextTokens,
    threads,
    slots,
    fileBytes: made.value.sizeBytes,
    tensorBytes,
  };
}

const accountOf = ({ memory, heapLoaded, heapAnswered }: MemoryOutcome): object => ({
  account: memory === null ? null : [memory.weightsBytes, memory.kvBytes, memory.computeBytes],
  heapBytes: (heapAnswered ?? heapLoaded)?.usedBytes ?? null,
});

async function accounts(target: Target, candidates: readonly Candidate[]): Promise<object[]> {
  const outcomes = await measureInPage(
    target,
    'memoryRuns',
    candidates.map((of) => run(of, { backend: target, answers: of.contextTokens <= 300 ? 1 : 0 })),
  );
  return outcomes.map((outcome, index) => {
    const of = candidates[index];
    if (of === undefined || outcome.problem !== null) throw new Error(JSON.stringify(outcome));
    return { ...described(of), ...accountOf(outcome) };
  });
}

async function limits(of: Candidate): Promise<object[]> {
  const about = described(of);
  const question: MemoryQuestion = {
    ...about,
    ...of,
    shape: modelShapeOf(of.shape),
    backend: 'cpu',
    synthetic: true,
  };
  const needMiB = predictMemory(question).heap.median / MIB;
  const limitsMiB = RATIOS.map((ratio) => Math.max(LEAST_LIMIT_MIB, Math.round(ratio * needMiB)));
  const different = [...new Set(limitsMiB)];
  const outcomes = await measureInPage(
    'cpu',
    'memoryRuns',
    different.map((limitMiB) => run(of, { limitBytes: limitMiB * MIB, answers: 1 })),
  );
  return outcomes.map(({ problem, problemAt, cause }, index) => {
    // A blob that was lost is no memory of the engine that was short.
    if (cause.includes('NotReadableError')) throw new Error(cause);
    return { ...about, limitMiB: different[index], failedAt: problemAt, problem };
  });
}

const before: Fixture = existsSync(FIXTURE)
  ? (JSON.parse(readFileSync(FIXTURE, 'utf8')) as Fixture)
  : {
      schema: 'witan.memory-outcomes',
      version: 1,
      engine: 'wllama 3.8.1',
      accounts: [],
      graphics: [],
      limits: [],
    };
const save = (): void => {
  const lines = (rows: readonly object[]): string =>
    rows.map((row) => `    ${JSON.stringify(row)}`).join(',\n');
  const parts = (['accounts', 'graphics', 'limits'] as const).map(
    (part) => `  "${part}": [\n${lines(before[part])}\n  ]`,
  );
  const head = `  "schema": "${before.schema}",\n  "version": 1,\n  "engine": "${before.engine}"`;
  writeFileSync(FIXTURE, `{\n${[head, ...parts].join(',\n')}\n}\n`);
};

const [part = 'accounts', from = '0', to = String(LARGE.length)] = process.argv.slice(2);
if (part === 'accounts') {
  const whole = Object.values(SMOL).map((of): Candidate => ({
    shape: of,
    quantization: 'Q4_0',
    contextTokens: 1024,
    threads: 2,
    slots: 1,
  }));
  before.accounts = await accounts('cpu', [...drawn(70, 5, false), ...whole]);
} else if (part === 'graphics') {
  before.graphics = await accounts('webgpu', drawn(12, 7, true));
} else {
  if (from === '0') before.limits = [];
  for (const of of LARGE.slice(Number(from), Number(to))) {
    before.limits.push(...(await limits(of)));
    save();
  }
}
save();
