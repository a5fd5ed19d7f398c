import { medianRatioInterval } from '../../src/kernel/statistics-bootstrap.ts';
import { median } from '../../src/kernel/statistics-order.ts';
import { measureInPage, type Target } from './engine-session.ts';
import type { ModelName } from './engine-page/page.ts';

/**
 * Measures what the way to the engine costs: the same model, asked through the whole stack (worker, comlink,
 * host, pacing, credits) and through bare wllama, in one page, interleaved. Prints one JSON document.
 *
 *     npx tsx tools/measure/engine-overhead.ts [cpu|webgpu] [PAIRS] [1M|30M|alder|birch|cedar] [TOKENS]
 */
const [target = 'cpu', pairs = '12', model = '30M', tokens = '64'] = process.argv.slice(2);

const placement = { backend: target as Target, threads: 1, contextTokens: 1024, slots: 1 };
const measured = await measureInPage(
  target as Target,
  'overhead',
  model as ModelName,
  placement,
  Number(pairs),
  Number(tokens),
);
const speeds = (side: 'stack' | 'bare'): number[] => measured.pairs.map((pair) => pair[side].tokensPerSecond);
const ratios = measured.pairs.map(({ stack, bare }) => stack.tokensPerSecond / bare.tokensPerSecond);
/** The median of the fastest quarter: what is left of other work on the machine. */
const undisturbed = (side: 'stack' | 'bare'): number => {
  const fastest = speeds(side).toSorted((a, b) => b - a);
  return median(fastest.slice(0, Math.ceil(fastest.length / 4)));
};
const delays = measured.pairs.map(({ stack, bare }) => stack.firstTokenMs - bare.firstTokenMs);
const report = {
  schema: 'witan.measure.engine-overhead',
  version: 1,
  model,
  tokens: Number(tokens),
  placement,
  loaded: measured.loaded,
  /** Of each pair: the stack's decode speed over bare wllama's; and how much later its first token came, ms. */
  medianRatio: median(ratios),
  undisturbedRatio: undisturbed('stack') / undisturbed('bare'),
  ratioOfMediansCi95: medianRatioInterval(speeds('stack'), speeds('bare'), { seed: 1 }),
  medianFirstTokenDelayMs: median(delays),
  medianTokensPerSecond: { stack: median(speeds('stack')), bare: median(speeds('bare')) },
  sameTexts: measured.pairs.filter((pair) => pair.sameText).length,
  pairs: measured.pairs,
};
process.stdout.write(`${JSON.stringify(report, null, 1)}\n`);
