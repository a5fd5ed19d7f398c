import { seededRandom } from '#kernel/random';
import type { GenerateRequest, LoadedModel } from '#contracts/engine';
import { SHAPE_1M, SHAPE_30M } from '../../../test/browser/synthetic-gguf.ts';
import { syntheticSource } from '../../../test/browser/synthetic-model.ts';
import { askBare, askStack, NEVER, startBare, startStack, type Placement, type Timing } from './stack.ts';

const SHAPES = { '1M': SHAPE_1M, '30M': SHAPE_30M } as const;
export type ShapeName = keyof typeof SHAPES;

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
  shape: ShapeName,
  placement: Placement,
  pairs: number,
  tokens: number,
): Promise<{ readonly loaded: LoadedModel; readonly pairs: readonly OverheadPair[] }> {
  const model = await syntheticSource(SHAPES[shape], { seed: 1 });
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
  shape: ShapeName,
  placement: Placement,
  runs: number,
  promptTokens: number,
): Promise<Stops> {
  const random = seededRandom(7);
  const { engine, loaded } = await startStack(await syntheticSource(SHAPES[shape], { seed: 1 }), placement);
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
  readonly single: LoadedModel;
  /** All members in one instance. */
  readonly shared: LoadedModel;
  readonly members: number;
  /** Tokens a second of one member alone, and of all members together; one figure per round. */
  readonly singleTokensPerSecond: readonly number[];
  readonly aggregateTokensPerSecond: readonly number[];
}

async function sharing(
  shape: ShapeName,
  placement: Placement,
  rounds: number,
  tokens: number,
): Promise<Sharing> {
  const model = await syntheticSource(SHAPES[shape], { seed: 1 });
  const members = placement.slots;
  const perMember = Math.floor(placement.contextTokens / members);
  const alone = await startStack(model, { ...placement, slots: 1, contextTokens: perMember });
  const together = await startStack(model, placement);
  const rate = async (engines: readonly (typeof alone)[], seed: number): Promise<number> => {
    const startMs = performance.now();
    await Promise.all(
      engines.map(({ engine }, index) =>
        engine.generate(NEVER, { ...requestOf(32, tokens, seed + index), temperature: 1 }, () => undefined),
      ),
    );
    return (engines.length * tokens * 1000) / (performance.now() - startMs);
  };
  const all = Array.from({ length: members }, () => together);
  await rate([alone], 0);
  await rate(all, 0);
  const singleTokensPerSecond: number[] = [];
  const aggregateTokensPerSecond: number[] = [];
  for (let round = 1; round <= rounds; round += 1) {
    singleTokensPerSecond.push(await rate([alone], round));
    aggregateTokensPerSecond.push(await rate(all, round));
  }
  await alone.engine.unload();
  await together.engine.unload();
  return {
    single: alone.loaded,
    shared: together.loaded,
    members,
    singleTokensPerSecond,
    aggregateTokensPerSecond,
  };
}

export const measurements = { overhead, stops, sharing };
export type Measurements = typeof measurements;

Object.assign(globalThis, { measurements });
