import { ok } from '#kernel/result';
import type { Outcome } from './errors.ts';

/** What computes: jobs on one make each other slower, and the page with them. */
export const COMPUTE = ['card', 'processor'] as const;
export type Compute = (typeof COMPUTE)[number];

/** How much of what computes a job takes: of a card all of it (1), of the processor its threads. */
export interface ComputeShare {
  readonly of: Compute;
  readonly units: number;
}

export interface TurnWish extends ComputeShare {
  readonly holder: string;
}

/** What a model is given to run with. */
export interface LeaseTerms {
  /** Of the model as a whole: weights once, the keys and values of all slots, scratch. */
  readonly memoryBytes: number;
  /** Instances that run side by side. */
  readonly replicas: number;
  /** Answers that each instance decodes at once. */
  readonly slots: number;
  /** Tokens of context of each instance. */
  readonly contextTokens: number;
}

/** In what the terms granted are less than those wished for first. sequential: one answer at a time instead of several. */
export const DEGRADATIONS = ['sequential', 'fewer-replicas', 'fewer-slots', 'smaller-context'] as const;
export type Degradation = (typeof DEGRADATIONS)[number];

/** Something that is held until it is given back. */
export interface Lease {
  readonly holder: string;
  /** Others wait for it now. */
  readonly wanted: boolean;
  /** Gives it back; safe to call twice. */
  release(): void;
}

export interface MemoryLease extends Lease {
  readonly terms: LeaseTerms;
  /** Empty when the best terms were granted. */
  readonly degraded: readonly Degradation[];
}

/** Told to those who wait, whenever it changes. */
export interface LeaseWait {
  /** How many are served before it; 0: it is the next. */
  readonly position: number;
  /** Bytes that have to become free for the best terms that the budget allows; 0 where it is not about memory. */
  readonly shortBytes: number;
}

export interface MemoryWish {
  readonly holder: string;
  /** Whose memory; absent: the processor's. */
  readonly of?: Compute;
  /** Best first; at least one. */
  readonly terms: readonly LeaseTerms[];
  /** How long the best terms are waited for before lesser ones are taken, ms. */
  readonly patienceMs: number;
}

/**
 * Memory and time on what computes, from whoever owns them. Who asks waits or gets less: nobody is refused what the
 * budget could ever hold. First come, first served.
 */
export interface LeasePort {
  /**
   * Memory for a model. Errors: out-of-memory (even the least of its terms is more than the whole budget), cancelled.
   * @param onWait called before this returns when it has to wait, and on every change of its place
   */
  memory(
    signal: AbortSignal,
    wish: MemoryWish,
    onWait: (wait: LeaseWait) => void,
  ): Promise<Outcome<MemoryLease>>;
  /**
   * The graphics card, or threads of the processor, for a while; who asks for more than there is gets all there is. Whoever
   * holds it is asked (`wanted`) to let go of it, never made to. Errors: cancelled.
   */
  turn(signal: AbortSignal, wish: TurnWish, onWait: (wait: LeaseWait) => void): Promise<Outcome<Lease>>;
}

function freeLease(holder: string): Lease {
  return { holder, wanted: false, release: () => undefined };
}

/** Everybody gets the best at once: where nothing is scarce, and in tests of other things. */
export const UNLIMITED_LEASES: LeasePort = {
  memory: (_signal, { holder, terms: [best] }) =>
    Promise.resolve(
      ok({
        ...freeLease(holder),
        terms: best ?? { memoryBytes: 0, replicas: 1, slots: 1, contextTokens: 0 },
        degraded: [],
      }),
    ),
  turn: (_signal, { holder }) => Promise.resolve(ok(freeLease(holder))),
};
