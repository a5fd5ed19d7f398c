import type { MemberView } from '../../../src/contracts/council.ts';
import type { Deliberation } from '../../../src/contracts/deliberation.ts';
import type { ChatTurn, GenerateRequest } from '../../../src/contracts/engine.ts';
import type { Outcome } from '../../../src/contracts/errors.ts';
import type { MemberAnswer, RequestExtra } from '../../../src/contracts/ports.ts';

/** What is heard of a round while it runs. `characters` of a member's whole text so far. */
export type RoundNews =
  | {
      readonly type: 'chunk';
      readonly memberId: string;
      readonly characters: number;
      readonly tokens: number;
    }
  | { readonly type: 'ended'; readonly memberId: string }
  | { readonly type: 'decided'; readonly answer: string };

export interface CouncilQuestion {
  readonly prompt: string;
  /** Earlier questions, each followed by its answer. */
  readonly history: readonly ChatTurn[];
  /** Also where a member cannot be given all of it; else that is refused. */
  readonly leaveOutHistory: boolean;
  readonly seed: number;
}

export interface MemberQuestion {
  readonly memberId: string;
  readonly request: GenerateRequest;
  readonly leaveOut: readonly RequestExtra[];
}

/** starting: nobody can be asked yet, or again; failed: nobody ever will. */
export type BackendState = 'ready' | 'starting' | 'failed';

/** The council behind the server. Every promise settles; an abort is obeyed, and settles it too. */
export interface Backend {
  readonly state: BackendState;
  /** As they were told last. */
  members(): readonly MemberView[];
  /**
   * Errors: those of `CouncilPort.ask`; request-unsupported (a member cannot be given the earlier turns); deadline-exceeded;
   * council-unavailable with cause `page-lost`.
   */
  ask(
    signal: AbortSignal,
    question: CouncilQuestion,
    onNews: (news: RoundNews) => void,
  ): Promise<Outcome<Deliberation>>;
  /** Errors: those of `MemberPort.generate`; deadline-exceeded; council-unavailable with cause `page-lost`. */
  generate(
    signal: AbortSignal,
    question: MemberQuestion,
    onText: (text: string) => void,
  ): Promise<Outcome<MemberAnswer>>;
}
