import type { Member, Places } from './council-time.ts';
import type { Span } from './span.ts';

/** Part of the time of a written token that grows with the bytes read, 0..1. */
export interface BandwidthShare extends Span {
  readonly measured: boolean;
}

/**
 * Where it was not fitted: the fraction of a memory's bandwidth that engines reach. On a card in a browser 7 % (a fast one,
 * held up by fixed costs) to 43 %, native 39 to 92 %; 40 to 70 % is what to expect. Native engines on shared memory, and
 * with it the processor: 45 to 92 %. (benchmarks, §4)
 */
const CARD: BandwidthShare = { low: 0.07, median: 0.55, high: 0.92, measured: false };
const PROCESSOR: BandwidthShare = { low: 0.45, median: 0.7, high: 0.92, measured: false };

/** A share that was fitted to small models may be off by half its distance to either end for those of a council. */
const FIT_DOUBT = 0.5;

export function bandwidthShare({ backend, bandwidthShare: fitted }: Member): BandwidthShare {
  if (fitted === null) return backend === 'webgpu' ? CARD : PROCESSOR;
  const median = Math.min(1, Math.max(0, fitted));
  return {
    low: median * (1 - FIT_DOUBT),
    median,
    high: median + (1 - median) * FIT_DOUBT,
    measured: true,
  };
}

/** The share of all members of a place together, by the time they take; null where none is there. */
export function shareOfPlace(members: readonly Member[], place: keyof Places<number>): BandwidthShare | null {
  const here = members.filter(({ backend }) => backend === place);
  if (here.length === 0) return null;
  const whole = here.reduce((all, { decodeMs }) => all + (decodeMs?.median ?? 0), 0);
  const mean = (end: 'low' | 'median' | 'high'): number =>
    here.reduce(
      (all, member) =>
        all +
        bandwidthShare(member)[end] * (whole > 0 ? (member.decodeMs?.median ?? 0) / whole : 1 / here.length),
      0,
    );
  return {
    low: mean('low'),
    median: mean('median'),
    high: mean('high'),
    measured: here.every((member) => bandwidthShare(member).measured),
  };
}
