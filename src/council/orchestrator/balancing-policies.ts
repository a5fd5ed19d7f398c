/** A replica as a policy sees it. */
export interface ReplicaLoad {
  readonly id: string;
  /** Of requests that run there or wait for it. */
  readonly outstandingTokens: number;
  /** Measured; null before the first answer. */
  readonly tokensPerSecond: number | null;
}

/** A request as a policy sees it. */
export interface Placement {
  /** Prompt and longest answer. */
  readonly costTokens: number;
  /** Of its prompt, from the beginning (`promptBlocks`). */
  readonly blocks: readonly number[];
}

/** Decides at which replica a request is to wait. */
export interface BalancingPolicy {
  /** @param loads replicas that can be asked, in their own order; at least one */
  choose(loads: readonly [ReplicaLoad, ...ReplicaLoad[]], work: Placement): ReplicaLoad;
  /** It began there, which need not be where it was meant to. */
  began?(replicaId: string, work: Placement): void;
}

function least<T>([first, ...rest]: readonly [T, ...T[]], of: (item: T) => number): T {
  return rest.reduce((best, next) => (of(next) < of(best) ? next : best), first);
}

/** One after the other. */
export function roundRobin(): BalancingPolicy {
  let last = '';
  return {
    choose: (loads) => {
      const at = loads.findIndex(({ id }) => id === last);
      const next = loads[(at + 1) % loads.length] ?? loads[0];
      last = next.id;
      return next;
    },
  };
}

/** Where the fewest tokens are still to be worked off: requests differ in length far too much to be counted. */
export function leastOutstandingTokens(): BalancingPolicy {
  return { choose: (loads) => least(loads, ({ outstandingTokens }) => outstandingTokens) };
}

/**
 * Where it would end first by the measured speed, `(outstanding + cost) / tokens per second`. One that was never measured
 * and has nothing to do is tried; one that is at its first answer counts as fast as the slowest that is known.
 */
export function fastestMeasured(): BalancingPolicy {
  return {
    choose: (loads, { costTokens }) => {
      const unknown = loads.find((load) => load.tokensPerSecond === null && load.outstandingTokens === 0);
      if (unknown !== undefined) return unknown;
      const speeds = loads.flatMap(({ tokensPerSecond }) => tokensPerSecond ?? []);
      const slowest = speeds.length === 0 ? 1 : Math.min(...speeds);
      return least(
        loads,
        (load) => (load.outstandingTokens + costTokens) / (load.tokensPerSecond ?? slowest),
      );
    },
  };
}
