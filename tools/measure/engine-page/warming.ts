import { systemClock } from '#kernel/clock';
import { seededRandom } from '#kernel/random';
import type { Engine, GenerateRequest, Generation, GgufSource, LoadedModel } from '#contracts/engine';
import { NO_METRICS } from '#contracts/metrics';
import { PrefixWarmer, type PrefixCounts } from '../../../src/council/prefix/prefix-warmer.ts';
import type { Prefix } from '../../../src/council/prefix/likely-prefixes.ts';
import { startStack, type Placement } from './stack.ts';

/** How one question came out. */
export interface Asked {
  /** From the question to the first token, ms. */
  readonly firstTokenMs: number;
  readonly promptTokens: number;
  readonly cachedTokens: number;
}

export interface WarmingRound {
  /** The prefix is nowhere in the cache. */
  readonly cold: Asked;
  /** It was read ahead to its end. */
  readonly warm: Asked;
  /** A question came in the middle of the reading; with the time that it had had, and how long it took to get out of the way. */
  readonly interrupted: Asked;
  readonly interruptedAfterMs: number;
}

export interface Warming {
  readonly loaded: LoadedModel;
  readonly rounds: readonly WarmingRound[];
  readonly counts: PrefixCounts;
}

const NEVER = new AbortController().signal;

/** Words of random letters: the synthetic vocabulary has one token for each. */
function words(characters: number, seed: number): string {
  const random = seededRandom(seed);
  return Array.from({ length: characters }, () => String.fromCharCode(97 + Math.floor(random() * 26))).join(
    '',
  );
}

async function asked(engine: Engine, request: GenerateRequest): Promise<Asked> {
  const startMs = performance.now();
  let firstMs: number | null = null;
  const answered = await engine.generate(NEVER, request, () => {
    firstMs ??= performance.now();
  });
  if (!answered.ok) throw new Error(JSON.stringify(answered.error));
  const { promptTokens, cachedPromptTokens = 0 }: Generation = answered.value;
  return {
    firstTokenMs: (firstMs ?? performance.now()) - startMs,
    promptTokens,
    cachedTokens: cachedPromptTokens,
  };
}

/**
 * Questions of one length behind prefixes of one length, by the app's own warmer: cold, after the prefix was read ahead, and
 * with the reading cut short.
 */
export async function warming(
  model: GgufSource,
  placement: Placement,
  rounds: number,
  prefixTokens: number,
  questionTokens: number,
): Promise<Warming> {
  const { engine: bare, loaded } = await startStack(model, placement);
  const warmer = new PrefixWarmer({
    clock: systemClock,
    metrics: NO_METRICS,
    idle: { idle: () => Promise.resolve(), reluctance: () => Promise.resolve(null) },
    spare: (task) => task(NEVER),
  });
  const engine = warmer.watch('measured', bare);
  const settled = async (more: () => boolean): Promise<void> => {
    while (!more()) {
      if (warmer.counts.failed > 0) throw new Error('the prefix could not be read');
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  };
  const done: WarmingRound[] = [];
  for (let round = 1; round <= rounds; round += 1) {
    // Each way has words of its own: llama.cpp's server core keeps older prompts in a second store and finds them again.
    const questionOf = (salt: number): GenerateRequest => {
      const seed = 100 * round + 10 * salt;
      return {
        system: words(Math.floor(prefixTokens / 2), seed),
        history: [
          { role: 'user', content: words(Math.floor(prefixTokens / 4), seed + 1) },
          { role: 'assistant', content: words(Math.floor(prefixTokens / 4), seed + 2) },
        ],
        prompt: words(questionTokens, seed + 3),
        maxTokens: 8,
        temperature: 0,
        seed: 1,
        ignoreEos: true,
      };
    };
    const prefixOf = ({ system, history }: GenerateRequest): ReadonlyMap<string, Prefix> =>
      new Map([
        [
          'measured',
          { ...(system === undefined ? {} : { system }), ...(history === undefined ? {} : { history }) },
        ],
      ]);
    const cold = await asked(engine, questionOf(0));
    const warmed = warmer.counts.warmed;
    warmer.expect(prefixOf(questionOf(1)));
    await settled(() => warmer.counts.warmed > warmed);
    const warm = await asked(engine, questionOf(1));
    warmer.expect(prefixOf(questionOf(2)));
    // The warmer lets half a second pass before it begins; then a share of a cold prefill.
    const interruptedAfterMs = cold.firstTokenMs * (0.3 + 0.4 * seededRandom(5000 + round)());
    await new Promise((resolve) => setTimeout(resolve, 500 + interruptedAfterMs));
    const interrupted = await asked(engine, questionOf(2));
    warmer.expect(new Map());
    done.push({ cold, warm, interrupted, interruptedAfterMs });
  }
  await engine.unload();
  return { loaded, rounds: done, counts: warmer.counts };
}
