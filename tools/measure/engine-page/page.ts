import { seededRandom } from '#kernel/random';
import { present } from '#kernel/assert';
import type { Backend, GenerateRequest, GgufSource, LoadedModel } from '#contracts/engine';
import type { LoadedWithMemory } from '../../../workers/inference/wllama-host.ts';
import { drill, type Drilled, type OutsideFault } from '../../../test/browser/fault-drill.ts';
import type { Fault } from '../../../test/fakes/wllama-breakable.worker.ts';
import { SHAPE_1M, SHAPE_30M } from '../../../test/browser/synthetic-gguf.ts';
import { starterSource } from '../../../test/browser/starter-model.ts';
import { syntheticSource } from '../../../test/browser/synthetic-model.ts';
import { loadDamaged, type Damage } from './damaged-load.ts';
import { memoryRuns } from './memory.ts';
import { microRuns } from './micro-runs.ts';
import { calibration, speeds } from './speeds.ts';
import {
  askBare,
  askStack,
  startBare,
  startStack,
  type Placement,
  type Started,
  type Timing,
} from './stack.ts';
import { turnTaking, type Arrivals } from './turns.ts';
import { warming, type Warming } from './warming.ts';

const SHAPES = { '1M': SHAPE_1M, '30M': SHAPE_30M } as const;
type ShapeName = keyof typeof SHAPES;
/** A synthetic shape, or one of the bundled models. */
export type ModelName = ShapeName | 'alder' | 'birch' | 'cedar';

const isShape = (name: ModelName): name is ShapeName => Object.hasOwn(SHAPES, name);

const sourceOf = (name: ModelName): Promise<GgufSource> =>
  isShape(name) ? syntheticSource(SHAPES[name], { seed: 1 }) : starterSource(name);

/** A prompt of about so many tokens: the synthetic vocabulary has one per character. */
const promptOf = (tokens: number, seed: number): string => {
  const random = seededRandom(seed);
  return Array.from({ length: tokens }, () => String.fromCharCode(97 + Math.floor(random() * 26))).join('');
};

const requestOf = (promptTokens: number, maxTokens: number, seed: number): GenerateRequest => ({
  prompt: promptOf(promptTokens, seed),
  maxTokens,
  temperature: 0,
  seed,
  ignoreEos: true,
  cachePrompt: false,
});

export interface OverheadPair {
  readonly stack: Omit<Timing, 'text'>;
  readonly bare: Omit<Timing, 'text'>;
  readonly sameText: boolean;
}

/** The whole stack against bare wllama, both loaded in this page, asked in turn; who begins alternates. */
async function overhead(
  name: ModelName,
  placement: Placement,
  pairs: number,
  tokens: number,
): Promise<{ readonly loaded: LoadedModel; readonly pairs: readonly OverheadPair[] }> {
  const model = await sourceOf(name);
  const { engine, loaded } = await startStack(model, placement);
  const wllama = await startBare(model, placement);
  const done: OverheadPair[] = [];
  // The first answers of either compile what the others find compiled.
  await askStack(engine, requestOf(32, tokens, 0));
  await askBare(wllama, requestOf(32, tokens, 0));
  for (let pair = 1; pair <= pairs; pair += 1) {
    const request = requestOf(32, tokens, pair);
    const early = pair % 2 === 0 ? await askBare(wllama, request) : null;
    const { text, ...stack } = await askStack(engine, request);
    const { text: bareText, ...bare } = early ?? (await askBare(wllama, request));
    done.push({ stack, bare, sameText: text === bareText });
  }
  await engine.unload();
  await wllama.exit();
  return { loaded, pairs: done };
}

export interface Stops {
  readonly loaded: LoadedModel;
  readonly prefillMs: number;
  readonly decodeStopMs: readonly number[];
  readonly prefillStopMs: readonly number[];
}

/** From the abort to the answer's end, at seeded random moments of the decode and of the prefill of a long prompt. */
async function stops(
  name: ModelName,
  placement: Placement,
  runs: number,
  promptTokens: number,
): Promise<Stops> {
  const random = seededRandom(7);
  const { engine, loaded } = await startStack(await sourceOf(name), placement);
  const stopped = async (
    request: GenerateRequest,
    arm: (stop: () => void) => () => void,
  ): Promise<number> => {
    const controller = new AbortController();
    let abortedMs = 0;
    const onChunk = arm(() => {
      if (controller.signal.aborted) return;
      abortedMs = performance.now();
      controller.abort();
    });
    const answered = await engine.generate(controller.signal, request, onChunk);
    if (!answered.ok || answered.value.finish !== 'cancelled') throw new Error(JSON.stringify(answered));
    return performance.now() - abortedMs;
  };
  await askStack(engine, requestOf(32, 16, 0));
  const { firstTokenMs: prefillMs } = await askStack(engine, requestOf(promptTokens, 1, 99));
  const decodeStopMs: number[] = [];
  const prefillStopMs: number[] = [];
  for (let run = 1; run <= runs; run += 1) {
    const after = 1 + Math.floor(random() * 20);
    let chunks = 0;
    decodeStopMs.push(
      await stopped(requestOf(32, 400, run), (stop) => () => {
        chunks += 1;
        if (chunks === after) stop();
      }),
    );
    const afterMs = prefillMs * (0.05 + 0.8 * random());
    prefillStopMs.push(
      await stopped(requestOf(promptTokens, 400, 100 + run), (stop) => {
        setTimeout(stop, afterMs);
        return stop;
      }),
    );
  }
  await engine.unload();
  return { loaded, prefillMs, decodeStopMs, prefillStopMs };
}

export interface Sharing {
  /** One member, alone in an instance of one slot. */
  readonly single: LoadedWithMemory;
  /** All members in one instance. */
  readonly shared: LoadedWithMemory;
  /** Each member in an instance of its own. */
  readonly separate: readonly LoadedWithMemory[];
  /** Tokens a second of one member alone, of all in one instance, and of all in their own; one figure per round. */
  readonly rounds: readonly Readonly<Record<'single' | 'shared' | 'separate', number>>[];
}

async function sharing(
  name: ModelName,
  placement: Placement,
  rounds: number,
  tokens: number,
): Promise<Sharing> {
  const model = await sourceOf(name);
  const members = placement.slots;
  const own = { ...placement, slots: 1, contextTokens: Math.floor(placement.contextTokens / members) };
  const together = await startStack(model, placement);
  const apart: Started[] = [];
  for (let member = 0; member < members; member += 1) apart.push(await startStack(model, own));
  const [alone] = apart;
  const rate = async (engines: readonly Started[], seed: number): Promise<number> => {
    const startMs = performance.now();
    const answers = await Promise.all(
      engines.map(({ engine }, index) =>
        askStack(engine, { ...requestOf(32, tokens, seed + index), temperature: 1 }),
      ),
    );
    const spoken = answers.reduce((sum, answer) => sum + answer.tokens, 0);
    return (spoken * 1000) / (performance.now() - startMs);
  };
  const arrangements = {
    single: [present(alone, 'a member')],
    shared: Array.from({ length: members }, () => together),
    separate: apart,
  };
  const oneRound = async (round: number): Promise<Sharing['rounds'][number]> => {
    const rates = { single: 0, shared: 0, separate: 0 };
    // Each comes first, second and third equally often: other work on the machine favours none.
    const names = ['single', 'shared', 'separate'] as const;
    for (const [place] of names.entries()) {
      const arrangement = present(names[(place + round) % names.length], 'an arrangement');
      rates[arrangement] = await rate(arrangements[arrangement], round);
    }
    return rates;
  };
  await oneRound(0);
  const done: Sharing['rounds'][number][] = [];
  for (let round = 1; round <= rounds; round += 1) done.push(await oneRound(round));
  for (const { engine } of [together, ...apart]) await engine.unload();
  return {
    single: present(alone, 'a member').loaded,
    shared: together.loaded,
    separate: apart.map(({ loaded }) => loaded),
    rounds: done,
  };
}

export type FaultName = Fault | Damage | 'gpu-process-crash';

export interface FaultRun {
  readonly moment: string;
  /** Where it ran; null when it was struck while it was loaded. */
  readonly backend: Backend | null;
  /** From the strike until every promise had settled. */
  readonly settledMs: number;
  /** Promises that waited, and how many of them failed; the others had been answered before. */
  readonly promises: number;
  readonly failed: number;
  readonly codes: readonly string[];
  readonly alive: boolean;
}

export interface Faults {
  readonly runs: readonly FaultRun[];
  /** Processes of the pages and of the GPU: proportional set size. */
  readonly memoryBytes: { readonly before: number; readonly loaded: number; readonly after: number };
}

/** Given to the page by the tool: what the page, its workers and the GPU process have in memory. */
const memoryBytes = (): Promise<number> =>
  (Reflect.get(globalThis, 'memoryBytes') as () => Promise<number>)();

/** A worker that was ended gives its memory back when its thread has wound up, and the page's collector when it pleases. */
const RETURN_WITHIN_MS = 20_000;

/** The least that is left in memory within that time; sooner, when it is no more than 10 % above what was there before. */
async function memoryLeftBytes(beforeBytes: number): Promise<number> {
  const startMs = performance.now();
  let leastBytes = Infinity;
  do leastBytes = Math.min(leastBytes, await memoryBytes());
  while (leastBytes > 1.1 * beforeBytes && performance.now() - startMs < RETURN_WITHIN_MS);
  return leastBytes;
}

const WARM_UPS = 6;

/** Ends the browser's GPU process; given to the page by the tool. */
const gpuProcessCrash: OutsideFault = {
  name: 'gpu-process-crash',
  strike: () => (Reflect.get(globalThis, 'crashGpuProcess') as () => Promise<void>)(),
};

/** Breaks a loaded engine at seeded random moments; see the drill. */
async function faults(
  name: ModelName,
  placement: Placement,
  faultName: FaultName,
  runs: number,
): Promise<Faults> {
  const random = seededRandom(17);
  const model = await sourceOf(name);
  // What the first engines leave behind for good is no leak: compiled code, which V8 keeps for the process and makes again,
  // faster and larger, of what runs often; the page's own modules.
  for (let warmUp = 0; warmUp < WARM_UPS; warmUp += 1) {
    const { engine } = await startStack(model, placement);
    await askStack(engine, requestOf(64, 256, warmUp));
    await engine.unload();
  }
  // Once: the inspector, of which the tool makes use, keeps every body that this page fetches.
  const sound = new Uint8Array(await (await fetch(model.url)).arrayBuffer());
  const breakOne = (): Promise<Drilled> => {
    if (faultName === 'truncated' || faultName === 'garbage')
      return loadDamaged(faultName, sound, random, placement);
    const fault = faultName === 'gpu-process-crash' ? gpuProcessCrash : faultName;
    return drill(fault, model, random, placement.backend);
  };
  for (let warmUp = 0; warmUp < WARM_UPS; warmUp += 1) await breakOne();
  await memoryLeftBytes(0);
  const before = await memoryBytes();
  const { engine } = await startStack(model, placement);
  const loaded = await memoryBytes();
  await engine.unload();
  const done: FaultRun[] = [];
  for (let run = 0; run < runs; run += 1) {
    const drilled = await breakOne();
    const errors = [drilled.loaded, ...drilled.answers].flatMap((each) => (each.ok ? [] : [each.error.code]));
    const { moment, settledMs, alive } = drilled;
    const backend = drilled.loaded.ok ? drilled.loaded.value.backend : null;
    const promises = drilled.answers.length + 1;
    done.push({
      moment,
      backend,
      settledMs,
      alive,
      promises,
      failed: errors.length,
      codes: [...new Set(errors)],
    });
  }
  return { runs: done, memoryBytes: { before, loaded, after: await memoryLeftBytes(before) } };
}

const prefixWarming = async (
  name: ModelName,
  ...given: Parameters<typeof warming> extends [unknown, ...infer Rest] ? Rest : never
): Promise<Warming> => warming(await sourceOf(name), ...given);

export const measurements = {
  overhead,
  stops,
  sharing,
  faults,
  speeds,
  calibration,
  memoryRuns,
  microRuns,
  prefixWarming,
  turnTaking: async (
    name: ModelName,
    placement: Placement,
    members: number,
    rounds: number,
    tokens: number,
  ): Promise<readonly Arrivals[]> =>
    turnTaking(await sourceOf(name), placement, members, rounds, (seed) => requestOf(64, tokens, seed)),
};
export type Measurements = typeof measurements;

Object.assign(globalThis, { measurements });
