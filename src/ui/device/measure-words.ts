import type { ModelPrediction, SpeedProgress } from '#contracts/capacity';
import type { WitanFailure } from '#contracts/errors';
import { LIBRARY_HOST, MOST_LIBRARY_BYTES, USUAL_LIBRARY_BYTES } from '#contracts/mlc-twin';
import type { ModelMeasureProgress } from '#contracts/model-measurement';
import { MICRO_FIGURES, type MicroProgress } from '#contracts/micro-bench';
import { count, memorySize, percent } from '../quantities.ts';

const NBSP = '\u00a0';

/** How far a measurement is, of whatever kind. */
export interface MeasureProgress {
  readonly what: string;
  /** 0..1 */
  readonly fraction: number;
  readonly secondsLeft: number | null;
}

export function microProgress(progress: MicroProgress | null): MeasureProgress | null {
  return progress === null ? null : { ...progress, what: MICRO_FIGURES[progress.name].title };
}

const PHASES: Readonly<Record<SpeedProgress['phase'], string>> = {
  build: 'Building a small model of random numbers',
  load: 'Loading it',
  run: 'Timing how it reads and writes',
};

export function speedProgress(progress: SpeedProgress | null): MeasureProgress | null {
  return progress === null ? null : { ...progress, what: PHASES[progress.phase] };
}

const MODEL_PHASES: Readonly<Record<ModelMeasureProgress['phase'], string>> = {
  fetch: 'Fetching its program',
  build: 'Making weights of random numbers',
  load: 'Loading it onto the graphics card',
  run: PHASES.run,
};

export function modelProgress(progress: ModelMeasureProgress | null): MeasureProgress | null {
  return progress === null ? null : { ...progress, what: MODEL_PHASES[progress.phase] };
}

/** Whether a model can be measured without its weights: its engine has a card here. */
export function canMeasure({ engine, caveats }: Pick<ModelPrediction, 'engine' | 'caveats'>): boolean {
  return engine === 'web-llm' && !caveats.includes('needs-graphics-card');
}

const wholeMegabytes = (bytes: number): string => `${count(Math.round(bytes / 1e6))}${NBSP}MB`;

export function measureLabel({ method }: Pick<ModelPrediction, 'method'>): string {
  if (method === 'measured') return 'Measure it again';
  return `Measure without its weights (about ${wholeMegabytes(USUAL_LIBRARY_BYTES)})`;
}

/** What the user says yes to. */
export function measureConsent({ memory }: Pick<ModelPrediction, 'memory'>): string {
  const takes = memory === null ? '' : `, which take about ${memorySize(memory.median)}`;
  return (
    `Its program (about ${wholeMegabytes(USUAL_LIBRARY_BYTES)}, at most ${wholeMegabytes(MOST_LIBRARY_BYTES)}) is fetched from ` +
    `${LIBRARY_HOST}, unless it is here already; that server learns which one. Its weights are not fetched: random numbers ` +
    `take their place${takes} of memory on the graphics card (VRAM) while it runs.`
  );
}

/** "42 %, about 12 s left". */
export function timeLeft(progress: MeasureProgress | null): string {
  if (progress === null) return '';
  const { fraction, secondsLeft } = progress;
  if (secondsLeft === null) return percent(fraction);
  return `${percent(fraction)}, about ${count(Math.ceil(secondsLeft))}${NBSP}s left`;
}

/** Of a model that was to be measured without its weights. */
export function modelFailureWords(problem: WitanFailure): ReturnType<typeof measureFailureWords> {
  switch (problem.code) {
    case 'model-fetch-failed':
      return {
        words: ['Its program could not be fetched.', 'Check the connection, then measure again.'],
      };
    case 'model-invalid':
      return {
        words: [
          'What came from the address of its program is none that this page can read.',
          'Try again later, or another model.',
        ],
      };
    case 'engine-incompatible':
      return {
        words: ['Its program is for another version of the engine than this page has.', 'Reload the page.'],
      };
    case 'request-unsupported':
      return {
        words: [
          'No random weights can be made for this model.',
          'Its speed shows once it is on this device.',
        ],
      };
    case 'out-of-memory':
      return {
        words: [
          'The graphics card has not enough memory for this model.',
          'Close what else uses the card, or measure a smaller model.',
        ],
      };
    case 'device-lost':
      return {
        words: [
          'The graphics card stopped working for this page.',
          'Reload the page, then measure a smaller model.',
        ],
      };
    default:
      return measureFailureWords(problem);
  }
}

/** Where the words of a failure speak of questions and members, those of a measurement. */
export function measureFailureWords({ code }: WitanFailure): {
  readonly words?: readonly [happened: string, next: string];
} {
  switch (code) {
    case 'queue-full':
      return { words: ['This device is being measured already.', 'Wait until that has ended.'] };
    case 'worker-lost':
    case 'worker-silent':
      return {
        words: ['The measurement stopped halfway.', 'What was known before still holds. Measure again.'],
      };
    case 'out-of-memory':
      return { words: ['There was not enough memory to measure.', 'Close other tabs, then measure again.'] };
    default:
      return {};
  }
}
