import type { Backend, Engine, EngineKind, LoadOptions, LoadProgress, WaitsFor } from './engine.ts';
import type { Deliberation, MemberOutcome } from './deliberation.ts';
import type { ErrorCode, Outcome, WitanFailure } from './errors.ts';
import type { Compute, ComputeShare } from './leases.ts';

/** How a member wants to be asked: tiny models trained on bare questions and general ones differ in it. */
export interface MemberManner {
  /**
   * Instruction that stands before the question; null for none. `shortAnswer`: the question asks for a number, a word or
   * the like.
   */
  readonly system: ((shortAnswer: boolean, abstain: string) => string) | null;
  /** Longest answer to a question that asks for free text, tokens. */
  readonly freeAnswerTokens: number;
  /** Longest question that leaves room for instruction and answer in its context, characters. */
  readonly promptLimit: number;
  /** How long a round waits for it before a quorum suffices, and at most, milliseconds. */
  readonly softDeadlineMs: number;
  readonly hardDeadlineMs: number;
}

/** A member that can be asked now: what `resources` hands to the council for one round. */
export interface CouncilMember {
  readonly id: string;
  readonly name: string;
  readonly backend: Backend;
  readonly engine: Engine;
  /** Measured accuracy that breaks ties, 0..1. */
  readonly accuracy: number;
  /** Absent: it is asked the bare question, however long that is, and waited for as long as the council usually does. */
  readonly manner?: MemberManner;
  /** What is loaded, and how: the record names the weights that spoke. Absent where nobody says. */
  readonly load?: LoadOptions;
  /** How often its engine was replaced so far; absent for members that have one engine for good. */
  readonly restarts?: () => number;
  /** What it takes of this device while it works; absent: too little to take turns, or it works elsewhere. */
  readonly compute?: ComputeShare;
  /** Ids of the members, itself included, that take turns with it; absent: none. */
  readonly takesTurnsWith?: readonly string[];
  /** As it wrote its last answers; null and absent: it has written none yet. */
  readonly tokensPerSecond?: number | null;
  /** It is not in memory: it loads when it is asked. */
  readonly asleep?: boolean;
  /** It is in memory only while it is its turn, for they do not fit all at once; absent: it stays. */
  readonly memory?: MemberMemory;
}

/** How a member that shares memory with others comes and goes. */
export interface MemberMemory {
  readonly of: Compute;
  /** As predicted; at most all there is. */
  readonly bytes: number;
  /** Errors: those of `Engine.load`. */
  readonly open: (signal: AbortSignal) => Promise<Outcome<unknown>>;
  readonly close: () => Promise<void>;
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

/** In what a member now differs from what was chosen for it. */
export type MemberChange = 'model' | 'quantization' | 'engine' | 'backend' | 'context';

/** A member was moved down its ladder after a fault; the page tells the user what it is now. */
export interface MemberFallback {
  /** The failure that moved it, or that a tab died while it loaded what was chosen. */
  readonly because: ErrorCode | 'died-while-loading';
  /** Not empty; most important first. */
  readonly changes: readonly MemberChange[];
  /** Name of the model that was chosen. */
  readonly chosen: string;
  /** Name of the model that it runs, or tries to. */
  readonly now: string;
  /** Tokens of context that it has now. */
  readonly contextTokens: number;
}

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
  /** Bytes to fetch at most for what was chosen, while the user's yes to that is waited for; 0: nobody knows. */
  readonly downloadBytes?: number;
  /** How far its load has come; absent when it is not loading, or does not tell. */
  readonly progress?: LoadProgress;
  /** Absent while it is what was chosen. Backend, parameters and size above are those of now. */
  readonly fallback?: MemberFallback;
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
      /** Its question waits for something that others have; null: no more. */
      readonly type: 'member-waiting';
      readonly roundId: string;
      readonly memberId: string;
      readonly waitsFor: WaitsFor | null;
    }
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
      /** Nothing that is still out can change it; else a quorum, or a stop that may err, has spoken. */
      readonly fixed: boolean;
    }
  | {
      /** All answers are in; members rank them, or the chairman chooses. */
      readonly type: 'round-comparing';
      readonly roundId: string;
      readonly by: 'members' | 'chairman';
    }
  | { readonly type: 'round-ended'; readonly roundId: string; readonly deliberation: Deliberation };

export type CouncilEvent =
  RoundEvent | { readonly type: 'members-changed'; readonly members: readonly MemberView[] };
