import type { LoadProgress } from '#contracts/engine';
import { fileSize, percent } from './quantities.ts';

const PHASES: Readonly<Record<LoadProgress['phase'], string>> = {
  fetch: 'Fetching',
  compile: 'Preparing',
  upload: 'Moving to the graphics card',
};

/** "Fetching, 42 % (120 MB)". */
export function progressWords({ phase, fraction, bytes }: LoadProgress): string {
  return `${PHASES[phase]}, ${percent(fraction)}${bytes === undefined ? '' : ` (${fileSize(bytes)})`}`;
}
