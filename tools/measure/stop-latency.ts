import { median } from '../../src/kernel/statistics-order.ts';
import { measureInPage, type Target } from './engine-session.ts';
import type { ModelName } from './engine-page/page.ts';

/**
 * Measures how long a stop takes, from the abort to the end of the answer: in the decode, and in the prefill of a prompt of
 * 1,000 tokens, at seeded random moments. Prints one JSON document; times in ms.
 *
 *     npx tsx tools/measure/stop-latency.ts [cpu|webgpu] [RUNS] [1M|30M]
 */
const PROMPT_TOKENS = 1000;
const [target = 'cpu', runs = '20', model = '30M'] = process.argv.slice(2);

const placement = { backend: target as Target, threads: 1, contextTokens: 2048, slots: 1 };
const measured = await measureInPage(
  target as Target,
  'stops',
  model as ModelName,
  placement,
  Number(runs),
  PROMPT_TOKENS,
);
const summary = (values: readonly number[]): object => ({
  median: median(values),
  max: Math.max(...values),
  values,
});
const report = {
  schema: 'witan.measure.stop-latency',
  version: 1,
  model,
  placement,
  loaded: measured.loaded,
  promptTokens: PROMPT_TOKENS,
  prefillMs: measured.prefillMs,
  decodeStopMs: summary(measured.decodeStopMs),
  prefillStopMs: summary(measured.prefillStopMs),
};
process.stdout.write(`${JSON.stringify(report, null, 1)}\n`);
