import type { SpeedProgress } from '#contracts/capacity';
import type { WitanFailure } from '#contracts/errors';
import { MICRO_FIGURES, type MicroProgress } from '#contracts/micro-bench';
import { count, percent } from '../quantities.ts';

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

/** "42 %, about 12 s left". */
export function timeLeft(progress: MeasureProgress | null): string {
  if (progress === null) return '';
  const { fraction, secondsLeft } = progress;
  if (secondsLeft === null) return percent(fraction);
  return `${percent(fraction)}, about ${count(Math.ceil(secondsLeft))}${NBSP}s left`;
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
