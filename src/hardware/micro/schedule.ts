import { err, ok } from '#kernel/result';
import { failure, type Outcome } from '#contracts/errors';
import type { MicroName } from '#contracts/micro-bench';
import type { RepeatedFigure } from './repeated-figure.ts';

/** Figures that are measured together: of one worker, or one group of workers. */
export type Station = readonly RepeatedFigure[];

export interface ScheduleTime {
  /** Milliseconds that count: those in which the page was hidden do not. */
  spentMs(): number;
  /** No visit begins after it, on the same scale. */
  readonly untilMs: number;
}

/**
 * The stations are visited in turn, again and again, and in each visit its figures are repeated in turn (A, B, A, B): the
 * repetitions of a figure lie spread over the whole time, so that other work and changing clocks hit all figures and all
 * visits alike, or show as visits that disagree. A visit is a block, and begins with runs that do not count, because clocks
 * of processors and graphics cards fall while they wait. In the end only what is not stable is repeated.
 * @param onFigure told what is measured now
 * Errors: cancelled, benchmark-void.
 */
export async function measureInTurn(
  signal: AbortSignal,
  stations: readonly Station[],
  time: ScheduleTime,
  onFigure: (name: MicroName) => void,
): Promise<Outcome<null>> {
  for (const station of stations) {
    for (const figure of station) {
      onFigure(figure.name);
      const warm = signal.aborted ? err(failure('cancelled')) : await figure.warmUp();
      if (!warm.ok) return warm;
    }
  }
  const figures = stations.flat();
  const isAnyOpen = (visit: number): boolean => figures.some((figure) => isOpen(figure, visit, time));
  for (let visit = 0; isAnyOpen(visit); visit += 1) {
    for (const station of stations) {
      const open = station.filter((figure) => isOpen(figure, visit, time));
      const visited = await visitStation(signal, open, time, onFigure);
      if (!visited.ok) return visited;
    }
  }
  return ok(null);
}

/** Something is said of every figure, however late it is. */
function isOpen(figure: RepeatedFigure, visit: number, time: ScheduleTime): boolean {
  if (figure.skipped !== null) return false;
  if (!figure.measured) return true;
  const { leastVisits, mostVisits } = figure.plan;
  const wanted = visit < leastVisits || (visit < mostVisits && !figure.stable);
  return wanted && time.spentMs() < time.untilMs;
}

async function visitStation(
  signal: AbortSignal,
  station: Station,
  time: ScheduleTime,
  onFigure: (name: MicroName) => void,
): Promise<Outcome<null>> {
  const rounds = Math.max(0, ...station.map(({ plan }) => plan.rounds));
  for (let round = 0; round < rounds; round += 1) {
    for (const figure of station) {
      if (round >= figure.plan.rounds) continue;
      if (round > 0 && time.spentMs() >= time.untilMs) return ok(null);
      if (signal.aborted) return err(failure('cancelled'));
      onFigure(figure.name);
      if (round === 0) {
        const led = await figure.leadIn();
        if (!led.ok) return led;
      }
      const repeated = await figure.repeat(round === 0);
      if (!repeated.ok) return repeated;
    }
  }
  return ok(null);
}
