import type { Deliberation } from '#contracts/deliberation';
import type { RoundView } from './round-view.svelte.ts';

/** agrees · differs · without: no vote in the end · busy: still at work · empty: no round yet. */
export type Seat = 'agrees' | 'differs' | 'without' | 'busy' | 'empty';

const CENTRE = 16;
const RADIUS = 11.2;
/** Degrees left free on each side of an arc, round caps included. */
const GAP = 22;

function point(degrees: number): string {
  const angle = (degrees * Math.PI) / 180;
  return `${(CENTRE + RADIUS * Math.sin(angle)).toFixed(2)} ${(CENTRE - RADIUS * Math.cos(angle)).toFixed(2)}`;
}

/** SVG path of one of `total` arcs round a circle in a 32 x 32 box; the first is on top. */
export function seatPath(index: number, total: number): string {
  const span = 360 / total;
  const half = Math.max(span / 2 - GAP, 4);
  const middle = index * span;
  return `M${point(middle - half)}A${String(RADIUS)} ${String(RADIUS)} 0 ${half > 90 ? '1' : '0'} 1 ${point(middle + half)}`;
}

/** Where each member of a finished round sits. */
export function seatsOf(d: Deliberation): readonly Seat[] {
  return d.members.map((member) => {
    if (member.key === null) return 'without';
    return member.key === d.key ? 'agrees' : 'differs';
  });
}

/** Where each member of a running round sits. */
export function seatsDuring(round: RoundView): readonly Seat[] {
  return round.parts.map((part) =>
    part.outcome === null ? 'busy' : part.outcome.key === null ? 'without' : 'agrees',
  );
}
