import { median } from '../../src/kernel/statistics-order.ts';
import { measureInPage, type Target } from './engine-session.ts';
import type { ModelName } from './engine-page/page.ts';

/**
 * Measures what it is worth that members of the same weights share one instance, against an instance for each: memory by
 * llama.cpp's own accounting, and speed with all of them answering. The rounds are interleaved. Prints one JSON document;
 * sizes in bytes, speeds in tokens a second.
 *
 *     npx tsx tools/measure/shared-slots.ts [cpu|webgpu] [ROUNDS] [1M|30M|alder|birch|cedar] [TOKENS] [MEMBERS] [THREADS]
 */
const [target = 'cpu', rounds = '6', model = '30M', tokens = '48', members = '4', threads = '1'] =
  process.argv.slice(2);

const slots = Number(members);
const placement = {
  backend: target as Target,
  threads: Number(threads),
  contextTokens: 256 * slots,
  slots,
};
const measured = await measureInPage(
  target as Target,
  'sharing',
  model as ModelName,
  placement,
  Number(rounds),
  Number(tokens),
);
const { single, shared, separate } = measured;
const of = (arrangement: 'single' | 'shared' | 'separate'): number =>
  median(measured.rounds.map((round) => round[arrangement]));
const ratio = (over: 'single' | 'separate'): number =>
  median(measured.rounds.map((round) => round.shared / round[over]));
const weightsAndCache = ({ memory }: typeof single): number => memory.weightsBytes + memory.kvBytes;
const report = {
  schema: 'witan.measure.shared-slots',
  version: 2,
  model,
  tokens: Number(tokens),
  placement,
  memory: {
    sharedBytes: weightsAndCache(shared),
    /** The bar: the weights once, and one member's cache for each. */
    allowedBytes: single.memory.weightsBytes + slots * single.memory.kvBytes,
    separateBytes: separate.reduce((sum, loaded) => sum + weightsAndCache(loaded), 0),
  },
  medianTokensPerSecond: { single: of('single'), shared: of('shared'), separate: of('separate') },
  medianRatios: { sharedOverSeparate: ratio('separate'), sharedOverSingle: ratio('single') },
  ...measured,
};
process.stdout.write(`${JSON.stringify(report, null, 1)}\n`);
