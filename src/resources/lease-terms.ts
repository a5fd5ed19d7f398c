import type { Degradation, LeaseTerms } from '#contracts/leases';

/** Answers that are decoded at the same time under these terms. */
function atOnce({ replicas, slots }: LeaseTerms): number {
  return replicas * slots;
}

/** In what `granted` is less than `best`. */
export function degradations(best: LeaseTerms, granted: LeaseTerms): readonly Degradation[] {
  const found: Degradation[] = [];
  if (atOnce(granted) === 1 && atOnce(best) > 1) found.push('sequential');
  else {
    if (granted.replicas < best.replicas) found.push('fewer-replicas');
    if (granted.slots < best.slots) found.push('fewer-slots');
  }
  if (granted.contextTokens < best.contextTokens) found.push('smaller-context');
  return found;
}
