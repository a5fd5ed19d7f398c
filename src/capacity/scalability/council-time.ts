import type { ScalabilityInput } from '#contracts/scalability';
import { largest, NOTHING, ONCE, sum, times, type Span } from './span.ts';

export type Member = ScalabilityInput['members'][number];
export type Place = Member['backend'];
export type Places<T> = Readonly<Record<Place, T>>;

/** A member's part of a question. */
export interface Job {
  readonly member: Member;
  /** As it is today: by this the work is shared out, in all scenarios alike. */
  readonly todayMs: number;
  readonly ms: Span;
}

/** Processors, cards and servers that work at the same time. */
export interface Units {
  readonly count: Places<number>;
  /** How many of these are there today. */
  readonly today: Places<number>;
  /** Time on one that is added ÷ time on today's. */
  readonly added: Places<Span>;
}

export interface Finish {
  /** When the last is done. */
  readonly ms: Span;
  /** Members of the unit that is done last. */
  readonly last: readonly Member[];
}

/**
 * Which unit does which job: the longest first, each to the one that is done soonest (Graham 1969, at most a third above the
 * best). With more units no job is ever done later, for they take the jobs in the same order.
 */
export function sharedOut(lengths: readonly number[], units: number): number[] {
  const loads = Array.from({ length: Math.max(1, units) }, () => 0);
  const of = lengths.map(() => 0);
  const order = [...lengths.keys()].sort((a, b) => (lengths[b] ?? 0) - (lengths[a] ?? 0));
  for (const job of order) {
    const unit = loads.indexOf(Math.min(...loads));
    of[job] = unit;
    loads[unit] = (loads[unit] ?? 0) + (lengths[job] ?? 0);
  }
  return of;
}

/**
 * When all jobs are done. What shares a processor or a card takes as long together as one after another: they draw on the
 * same arithmetic and the same memory.
 */
export function finish(jobs: readonly Job[], units: Units): Finish {
  let found: Finish = { ms: NOTHING, last: [] };
  for (const place of ['cpu', 'webgpu', 'remote', 'browser'] as const) {
    const here = jobs.filter(({ member }) => member.backend === place);
    const unitOf = sharedOut(
      here.map(({ todayMs }) => todayMs),
      units.count[place],
    );
    for (const unit of new Set(unitOf)) {
      const mine = here.filter((_, index) => unitOf[index] === unit);
      const factor = unit < units.today[place] ? ONCE : units.added[place];
      const ms = times(
        mine.reduce((all, job) => sum(all, job.ms), NOTHING),
        factor,
      );
      const last = ms.median > found.ms.median || found.last.length === 0;
      found = {
        ms: largest(found.ms, ms),
        last: last ? mine.map(({ member }) => member) : found.last,
      };
    }
  }
  return found;
}
