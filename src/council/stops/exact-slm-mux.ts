import type { Sample } from '#contracts/rules';
import { EQUAL, isVote, samplesOf } from '../rules/ballot-order.ts';
import { favouriteOf } from '../rules/slm-mux.ts';
import { outstandingOf, type Stop } from './stop.ts';

/** One member's part: its favourite so far, votes by key, samples that came, samples that may come. */
interface Part {
  readonly favourite: string | null;
  readonly counts: ReadonlyMap<string, number>;
  readonly came: number;
  readonly open: number;
}

function partOf(samples: readonly Sample[], open: number): Part {
  const counts = new Map<string, number>();
  for (const { key } of samples.filter(isVote)) counts.set(key, (counts.get(key) ?? 0) + 1);
  return { favourite: favouriteOf(samples)?.vote.key ?? null, counts, came: samples.length, open };
}

/** Votes of the member's strongest key other than `key`. */
function strongestRival({ counts }: Part, key: string): number {
  return Math.max(0, ...[...counts].map(([other, count]) => (other === key ? 0 : count)));
}

/**
 * The least that the member will give `key` (s = count/k), 0 when it may come to prefer another. `key` stays its favourite
 * when it leads by more than what is open; its share is then least when all that is open comes and goes elsewhere.
 */
function leastFor(part: Part, key: string): number {
  const count = part.counts.get(key) ?? 0;
  if (part.open === 0) return part.favourite === key ? count / part.came : 0;
  if (count === 0 || count - strongestRival(part, key) <= part.open) return 0;
  return count / (part.came + part.open);
}

/**
 * The most that the member may give any other key, 0 when `key` surely stays its favourite. The share (c + x)/(n + x) of a key
 * grows with every x ≤ open that goes to it, so that it is largest when all do.
 */
function mostAgainst(part: Part, key: string): number {
  if (part.open === 0 && part.favourite === key) return 0;
  const reach = strongestRival(part, key) + part.open;
  // A rival that only draws level may have come first: it counts as able.
  if (reach === 0 || reach < (part.counts.get(key) ?? 0)) return 0;
  return reach / (part.came + part.open);
}

/**
 * SLM-MUX: key y is decided when some member will surely give it more than any member can give another key:
 * max_m least_m(y) > max_m most_m(¬y). Members end independently of each other, so that these bounds are met together: the
 * condition is also necessary, save for ties that accuracy would settle, which are left open.
 */
export const exactSlmMux: Stop = (progress) => {
  const { ballot } = progress;
  const parts = ballot.members.map(({ id }) => partOf(samplesOf(ballot, id), outstandingOf(progress, id)));
  const keys = new Set(parts.flatMap(({ counts }) => [...counts.keys()]));
  for (const key of keys) {
    const least = Math.max(...parts.map((part) => leastFor(part, key)));
    const most = Math.max(...parts.map((part) => mostAgainst(part, key)));
    if (least > most + EQUAL) return key;
  }
  return null;
};
