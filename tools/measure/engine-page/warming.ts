import { systemClock } from '#kernel/clock';
import { seededRandom } from '#kernel/random';
import type { Engine, GenerateRequest, Generation, GgufSource, LoadedModel } from '#contracts/engine';
import { NO_METRICS } from '#contracts/metrics';
import { PrefixWarmer, type PrefixCounts } from '../../../src/council/prefix/prefix-warmer.ts';
import { startStack, type Placement } from './stack.ts';

/** How one question came out. */
export interface Asked {
  /** From the question to the first token, ms. */
  readonly firstTokenMs: number;
  readonly promptTokens: number;
  readonly cachedTokens: number;
  readonly text: string;
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
  const { promptTokens, cachedPromptTokens = 0, text }: Generation = answered.value;
  return {
    firstTokenMs: (firstMs ?? performance.now()) - startMs,
    promptTokens,
    cachedTokens: cachedPromptTokens,
    text,
  };
}

/**
 * The same question behind the same prefix three times, by the app's own warmer: cold, after the prefix was read ahead, and
 * with the reading cut short. Before each, another prompt that begins otherwise takes the cache.
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
  });
  const engine = warmer.watch('measured', bare);
  const settled = async (more: () => boolean): Promise<void> => {
    while (!more()) await new Promise((resolve) => setTimeout(resolve, 5));
  };
  const done: WarmingRound[] = [];
  for (let round = 1; round <= rounds; round += 1) {
    const system = words(Math.floor(prefixTokens / 2), round);
    const history = [
      { role: 'user', content: words(Math.floor(prefixTokens / 4), 1000 + round) },
      { role: 'assistant', content: words(Math.floor(prefixTokens / 4), 2000 + round) },
    ] as const;
    const question: GenerateRequest = {
      system,
      history,
      prompt: words(questionTokens, 3000 + round),
      maxTokens: 8,
      temperature: 0,
      seed: 1,
      ignoreEos: true,
    };
    const takeCache = (salt: number): Promise<Asked> =>
      asked(engine, {
        ...question,
        system: `#${words(prefixTokens, 4000 + 10 * round + salt)}`,
        history: [],
      });
    await takeCache(0);
    const cold = await asked(engine, question);
    await takeCache(1);
    const warmed = warmer.counts.warmed;
    warmer.expect(new Map([['measured', { system, history }]]));
    await settled(() => warmer.counts.warmed > warmed);
    const warm = await asked(engine, question);
    warmer.expect(new Map());
    await takeCache(2);
    warmer.expect(new Map([['measured', { system, history }]]));
    // The warmer lets half a second pass before it begins; then a share of a cold prefill.
    const interruptedAfterMs = cold.firstTokenMs * (0.3 + 0.4 * seededRandom(5000 + round)());
    await new Promise((resolve) => setTimeout(resolve, 500 + interruptedAfterMs));
    const interrupted = await asked(engine, question);
    warmer.expect(new Map());
    done.push({ cold, warm, interrupted, interruptedAfterMs });
  }
  await engine.unload();
  return { loaded, rounds: done, counts: warmer.counts };
}
