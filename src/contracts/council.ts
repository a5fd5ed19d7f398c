import type { Backend, Engine, EngineKind } from './engine.ts';
import type { Deliberation, MemberOutcome } from './deliberation.ts';
import type { ErrorCode, WitanFailure } from './errors.ts';

/** A member that can be asked now: what `resources` hands to the council for one round. */
export interface CouncilMember {
  readonly id: string;
  readonly name: string;
  readonly backend: Backend;
  readonly engine: Engine;
  /** Measured accuracy that breaks ties, 0..1. */
  readonly accuracy: number;
}

/** A member of the council that cannot be asked now, and why: it takes part in the round's record, not in its vote. */
export interface AbsentMember {
  readonly id: string;
  readonly name: string;
  readonly engine: EngineKind;
  readonly backend: Backend;
  readonly error: ErrorCode;
}

/** The council at the beginning of a round: at least one member is ready. */
export interface Roster {
  readonly ready: readonly CouncilMember[];
  readonly absent: readonly AbsentMember[];
}

export type MemberState = 'absent' | 'loading' | 'ready' | 'thinking' | 'restarting' | 'failed';

/** A member as the page shows it. Replaced whole on every change. */
export interface MemberView {
  readonly id: string;
  readonly name: string;
  readonly engine: EngineKind;
  readonly backend: Backend;
  readonly state: MemberState;
  readonly parameters: number;
  readonly sizeBytes: number;
  /** Threads really used; null before the model is loaded. */
  readonly threads: number | null;
  readonly loadMs: number | null;
  /** Share of the test questions this member answered right when it was made, 0..1; null if unknown. */
  readonly testAccuracy: number | null;
  /** How often its worker was replaced in this session. */
  readonly restarts: number;
  readonly problem: WitanFailure | null;
}

/** What happens in a round, in order. */
export type RoundEvent =
  | {
      readonly type: 'round-started';
      readonly roundId: string;
      readonly prompt: string;
      readonly members: readonly string[];
    }
  | { readonly type: 'member-started'; readonly roundId: string; readonly memberId: string }
  | {
      readonly type: 'member-chunk';
      readonly roundId: string;
      readonly memberId: string;
      /** The whole answer so far. */
      readonly text: string;
      readonly tokens: number;
      /** Tokens per second so far; null before the second token. */
      readonly tokensPerSecond: number | null;
    }
  | { readonly type: 'member-ended'; readonly roundId: string; readonly member: MemberOutcome }
  | {
      readonly type: 'round-decided';
      readonly roundId: string;
      readonly answer: string;
      readonly agreement: number;
      readonly outstanding: readonly string[];
    }
  | { readonly type: 'round-ended'; readonly roundId: string; readonly deliberation: Deliberation };

export type CouncilEvent =
  RoundEvent | { readonly type: 'members-changed'; readonly members: readonly MemberView[] };
