import { median } from '../../src/kernel/statistics-order.ts';
import { measureInPage, type Target } from './engine-session.ts';
import type { ShapeName } from './engine-page/page.ts';

/**
 * Measures what it is worth that members of the same weights share one instance: its memory by llama.cpp's own accounting,
 * and its speed with all of them answering against one alone. Prints one JSON document.
 *
 *     npx tsx tools/measure/shared-slots.ts [cpu|webgpu] [ROUNDS] [1M|30M] [TOKENS] [MEMBERS]
 */
const [target = 'cpu', rounds = '5', shape = '30M', tokens = '48', members = '4'] = process.argv.slice(2);

const slots = Number(members);
const placement = { backend: target as Target, threads: 1, contextTokens: 512 * slots, slots };
const measured = await measureInPage(
  target as Target,
  'sharing',
  shape as ShapeName,
  placement,
  Number(rounds),
  Number(tokens),
);
const single = median(measured.singleTokensPerSecond);
const aggregate = median(measured.aggregateTokensPerSecond);
const report = {
  schema: 'witan.measure.shared-slots',
  version: 1,
  shape,
  placement,
  medianTokensPerSecond: { single, aggregate },
  aggregateOverSingle: aggregate / single,
  ...measured,
};
process.stdout.write(`${JSON.stringify(report, null, 1)}\n`);
