import type { Ballot } from '#contracts/rules';

/** A vote that is still going on. */
export interface Progress {
  /** What has come so far. */
  readonly ballot: Ballot;
  /**
   * How many samples may still come, by member; absent: none. Each may turn out a vote for any key, an abstention, or never
   * come at all.
   */
  readonly outstanding: ReadonlyMap<string, number>;
  /** Reviewers whose ranking may still come; absent: none. Only ranked rules ask for it. */
  readonly reviewing?: readonly string[];
}

/**
 * Tells whether a vote may end now. An exact stop answers only what its rule will say whatever is still to come.
 * @returns the key that is decided; null: go on
 */
export type Stop = (progress: Progress) => string | null;

export function outstandingOf({ outstanding }: Progress, memberId: string): number {
  return Math.max(0, outstanding.get(memberId) ?? 0);
}

/** Samples that may still come from members on the roster. */
export function allOutstanding(progress: Progress): number {
  return progress.ballot.members.reduce((sum, { id }) => sum + outstandingOf(progress, id), 0);
}
