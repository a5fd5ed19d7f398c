import type {
  Caveat,
  ModelPrediction,
  PredictionRecord,
  PredictionVerdict,
  PredictReport,
} from '#contracts/capacity';
import { VERDICTS } from '../models/fit-words.ts';
import { memoryEstimate, speedEstimate } from '../estimate-words.ts';
import { count, fileSize, listed, memorySize, parameters, percent, plural, whenLong } from '../quantities.ts';
import type { Filter, Order } from './prediction-list.ts';

const NBSP = '\u00a0';

export const PACE_WORDS: Readonly<Record<NonNullable<ModelPrediction['pace']>, string>> = {
  fluent: 'faster than you read',
  slow: 'slower than you read',
  'very-slow': 'very slow',
};

export const FILTER_WORDS: Readonly<Record<Filter, string>> = {
  all: 'All',
  fits: 'Fits',
  here: 'On this device',
};

export const ORDER_WORDS: Readonly<Record<Order, string>> = {
  fits: 'What fits first',
  speed: 'Fastest first',
  size: 'Smallest first',
  name: 'By name',
};

const CAVEAT_WORDS: Readonly<Record<Caveat, string>> = {
  'not-measured': 'Its speed is not known before this device is measured.',
  unstable: 'Wider interval: the measurement was disturbed.',
  'beyond-measured': 'Wider interval: much larger than what was measured here.',
  'recurrent-layers': 'Some of its layers (recurrent) are of a kind that was not measured here.',
  'shared-layers': 'It uses layers twice (shared), which was not measured here.',
  'shape-unknown': 'No source gives its dimensions, so its speed cannot be reckoned.',
  'other-quantization': 'Wider interval: the format of its numbers was not measured here.',
  'needs-graphics-card': 'It needs a graphics card, which this browser does not offer.',
  'no-library': 'What runs it on the graphics card was not measured here.',
};

/** Said once, above the list, but for models that were measured themselves. */
const OF_ALL: ReadonlySet<Caveat> = new Set(['unstable']);

/** What a row has to say besides its figures. @param measured a device that was not says so once, above the list */
export function caveatWords(
  { caveats, tokensPerSecond, method }: ModelPrediction,
  measured: boolean,
): readonly string[] {
  const own = method === 'measured' ? ['Measured here, with weights of random numbers.'] : [];
  const others = caveats
    .filter(
      (caveat) => (method === 'measured' || !OF_ALL.has(caveat)) && (measured || caveat !== 'not-measured'),
    )
    .map((caveat) =>
      caveat === 'shape-unknown' && tokensPerSecond !== null
        ? 'Wider interval: not all of its dimensions are known.'
        : CAVEAT_WORDS[caveat],
    );
  return [...own, ...others];
}

const FITS: Readonly<Record<NonNullable<ModelPrediction['pace']>, string | null>> = {
  fluent: null,
  slow: 'Fits, slow',
  'very-slow': 'Fits, very slow',
};

/** What fits but nobody would wait for does not run well. */
export function verdictWords({ fits, pace }: Pick<ModelPrediction, 'fits' | 'pace'>): string {
  const slow = fits === 'runs-well' && pace !== null ? FITS[pace] : null;
  return slow ?? VERDICTS[fits];
}

/** "1.2 B parameters · Q4_K_M · 730.9 MB to fetch". */
export function modelFacts(row: ModelPrediction): string {
  const size = row.sizeBytes === null ? 'size not told' : fileSize(row.sizeBytes);
  return [
    ...(row.family === '' ? [] : [row.family]),
    ...(row.parameters === null ? [] : [`${parameters(row.parameters)} parameters`]),
    row.quantization,
    row.installed ? `${size}, on this device` : row.sizeBytes === null ? size : `${size} to fetch`,
  ].join(' · ');
}

/** "weights 731 MiB, 4,096 tokens of context 112 MiB, working space 24 MiB, engine 40 MiB; 50 questions add up to 800 MiB". */
export function memoryPartWords({ memoryParts, contextTokens, conversationBytes }: ModelPrediction): string {
  if (memoryParts === null) return '';
  const { weightsBytes, cacheBytes, scratchBytes, engineBytes } = memoryParts;
  const parts = listed([
    `weights ${memorySize(weightsBytes)}`,
    `${count(contextTokens)} tokens of context ${memorySize(cacheBytes)}`,
    `working space ${memorySize(scratchBytes)}`,
    `engine ${memorySize(engineBytes)}`,
  ]);
  const more = conversationBytes ?? 0;
  return more > 0 ? `${parts}; 50 questions, one after the other, add up to ${memorySize(more)}` : parts;
}

/** What the speeds of a report rest on. */
export function measuredOnWords(measuredOn: NonNullable<PredictReport['measuredOn']>): string {
  const { measuredAtMs, wallMs, backend, threads } = measuredOn;
  const where = backend === 'webgpu' ? 'on the graphics card' : `on ${plural(threads, 'thread')}`;
  const shapes = listed(measuredOn.parameters.map(parameters));
  const took = `${count(Math.round(wallMs / 1000))}${NBSP}s`;
  return `Measured ${whenLong(measuredAtMs)} ${where}, in ${took}, with models of random numbers (${shapes} parameters).`;
}

const MEASURED_WHAT: Readonly<Record<PredictionVerdict['what'], string>> = {
  decode: 'writing',
  prefill: 'reading the question',
  memory: 'memory as its engine counts it',
};

export interface VerdictLine {
  readonly title: string;
  readonly predicted: string;
  readonly measured: string;
  readonly inside: boolean;
}

/** "predicted 31.0 tokens/s (28.0 to 33.0), you got 29.6 tokens/s". */
export function verdictLine(verdict: PredictionVerdict): VerdictLine {
  const { predicted, measured, what } = verdict;
  const isMemory = what === 'memory';
  const shown = measured.toLocaleString('en-GB', { maximumFractionDigits: measured < 100 ? 1 : 0 });
  return {
    title: `${verdict.name}, ${MEASURED_WHAT[what]}`,
    predicted: isMemory ? memoryEstimate(predicted) : speedEstimate(predicted),
    measured: isMemory ? memorySize(measured) : `${shown}${NBSP}tokens/s`,
    inside: predicted.low <= measured && measured <= predicted.high,
  };
}

const RECORD_WHAT: Readonly<Record<PredictionVerdict['what'], string>> = {
  decode: 'Speed of writing',
  prefill: 'Speed of reading the question',
  memory: 'Memory, by the engine’s own account',
};

/** How far off each kind of figure was, and how often inside; one line each, in words. */
export function recordWords({ kinds }: Pick<PredictionRecord, 'kinds'>): readonly string[] {
  return kinds.flatMap(({ what, runs, medianError, covered }) =>
    medianError === null || covered === null
      ? []
      : [
          `${RECORD_WHAT[what]}: ${plural(runs, 'comparison')} with what really ran here; half of them were at most ${percent(medianError)} off, and ${percent(covered)} lay inside their interval. Nine of ten are promised.`,
        ],
  );
}
