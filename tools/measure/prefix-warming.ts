import { medianRatioInterval } from '../../src/kernel/statistics-bootstrap.ts';
import { median } from '../../src/kernel/statistics-order.ts';
import { measureInPage, type Target } from './engine-session.ts';
import type { ModelName } from './engine-page/page.ts';

/**
 * Measures what it is worth to have an engine read what stands before the next question while nobody asks: the time to the
 * first token of a question cold, after its prefix was read ahead, and with the reading cut short by it, in turn in
 * one page. Prints one JSON document; times in ms.
 *
 *     npx tsx tools/measure/prefix-warming.ts [cpu|webgpu] [ROUNDS] [1M|30M] [PREFIX_TOKENS] [QUESTION_TOKENS]
 */
const [target = 'cpu', rounds = '6', model = '30M', prefix = '400', question = '32'] = process.argv.slice(2);

const placement = { backend: target as Target, threads: 1, contextTokens: 1024, slots: 1 };
const measured = await measureInPage(
  target as Target,
  'prefixWarming',
  model as ModelName,
  placement,
  Number(rounds),
  Number(prefix),
  Number(question),
);
type Way = 'cold' | 'warm' | 'interrupted';
const firstTokens = (way: Way): number[] => measured.rounds.map((round) => round[way].firstTokenMs);
const tokens = (way: Way): number => median(measured.rounds.map((round) => round[way].cachedTokens));
const report = {
  schema: 'witan.measure.prefix-warming',
  version: 1,
  model,
  placement,
  prefixTokens: Number(prefix),
  questionTokens: Number(question),
  promptTokens: measured.rounds[0]?.cold.promptTokens,
  medianFirstTokenMs: {
    cold: median(firstTokens('cold')),
    warm: median(firstTokens('warm')),
    interrupted: median(firstTokens('interrupted')),
  },
  medianCachedTokens: { cold: tokens('cold'), warm: tokens('warm'), interrupted: tokens('interrupted') },
  /** First token warm over cold: median of each, and its interval. */
  warmOverCold: median(firstTokens('warm')) / median(firstTokens('cold')),
  warmOverColdCi95: medianRatioInterval(firstTokens('warm'), firstTokens('cold'), { seed: 1 }),
  /** A question that cut the reading short: never slower than cold, but for the engine's one step. */
  interruptedOverCold: median(firstTokens('interrupted')) / median(firstTokens('cold')),
  counts: measured.counts,
  rounds: measured.rounds,
};
process.stdout.write(`${JSON.stringify(report, null, 1)}\n`);
