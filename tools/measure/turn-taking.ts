import { median } from '../../src/kernel/statistics-order.ts';
import { measureInPage, type Target } from './engine-session.ts';
import type { ModelName } from './engine-page/page.ts';

/**
 * Measures what it is worth that members which together want more threads than there are (or one graphics card) take turns:
 * when the first, the second … answer is there, against all of them at work at once. Interleaved; prints one JSON document,
 * ratios in turn ÷ together of each round, medians.
 *
 *     npx tsx tools/measure/turn-taking.ts [cpu|webgpu] [ROUNDS] [1M|30M] [TOKENS] [MEMBERS] [THREADS]
 */
const [target = 'cpu', rounds = '6', model = '30M', tokens = '32', members = '3', threads = '2'] =
  process.argv.slice(2);

const placement = { backend: target as Target, threads: Number(threads), contextTokens: 512, slots: 1 };
const measured = await measureInPage(
  target as Target,
  'turnTaking',
  model as ModelName,
  placement,
  Number(members),
  Number(rounds),
  Number(tokens),
);
const places = Array.from({ length: Number(members) }, (_, place) => place);
const report = {
  schema: 'witan.measure.turn-taking',
  version: 1,
  model,
  tokens: Number(tokens),
  placement,
  inTurnOverTogether: places.map((place) =>
    median(measured.map(({ inTurn, together }) => (inTurn[place] ?? NaN) / (together[place] ?? NaN))),
  ),
  medianMs: {
    together: places.map((place) => median(measured.map(({ together }) => together[place] ?? NaN))),
    inTurn: places.map((place) => median(measured.map(({ inTurn }) => inTurn[place] ?? NaN))),
  },
  rounds: measured,
};
process.stdout.write(`${JSON.stringify(report, null, 1)}\n`);
