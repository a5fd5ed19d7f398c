import type { ImportReport } from './archive.ts';
import type { Conversation, FoundRecords, HistoryView } from './conversation.ts';
import type { AskOptions, Deliberation, MemberHistory } from './deliberation.ts';
import type { ChatTurn } from './engine.ts';
import type { Outcome } from './errors.ts';

/** A turn that was asked: the conversation as it is now, and the record of the round. */
export interface AskedTurn {
  readonly conversation: Conversation;
  readonly turnId: string;
  readonly record: Deliberation;
}

export interface ReplayReport {
  /** True when the same rule comes to the same decision from the votes alone. */
  readonly same: boolean;
  /** Fields in which the record says otherwise. */
  readonly differences: readonly string[];
}

/** Conversations with the council, and what is done with their records. Its code is fetched with the first call. */
export interface ConversationPort {
  /** The one that was changed last comes first. Errors: storage-failed, storage-unavailable, as for all but `subscribe`. */
  list(limit: number): Promise<Outcome<readonly Conversation[]>>;
  /** Errors: record-invalid. */
  get(id: string): Promise<Outcome<Conversation>>;
  /** An empty one, or one that begins with a round that was asked by itself; kept with the next turn. */
  begin(view?: HistoryView, first?: Deliberation): Conversation;
  /** Ids of the members that are shown earlier turns; the others read bare questions. Errors: those of `CouncilPort.about`. */
  followers(signal: AbortSignal): Promise<Outcome<readonly string[]>>;
  /**
   * `AskOptions.history` for a conversation that is held elsewhere: what each member is shown of it before this question.
   * @param earlier questions, each followed by its answer, oldest first
   * Errors: usage (they do not alternate), those of `CouncilPort.about`.
   */
  histories(
    signal: AbortSignal,
    earlier: readonly ChatTurn[],
    prompt: string,
  ): Promise<Outcome<Readonly<Record<string, MemberHistory>>>>;
  /** What members are shown of it from now on. Errors: record-invalid. */
  setView(id: string, view: HistoryView): Promise<Outcome<Conversation>>;
  /**
   * Goes on after its newest turn, or after the one it was turned to.
   * Errors: those of `CouncilPort.ask`; record-invalid with reason `full` (it takes no more turns, and nobody was asked).
   */
  ask(
    signal: AbortSignal,
    conversation: Conversation,
    prompt: string,
    options?: AskOptions,
  ): Promise<Outcome<AskedTurn>>;
  /** Asks another wording of a turn, as a branch beside it. Errors: as `ask`; usage (no such turn). */
  edit(
    signal: AbortSignal,
    conversation: Conversation,
    turnId: string,
    prompt: string,
    options?: AskOptions,
  ): Promise<Outcome<AskedTurn>>;
  /** Asks a turn once more, as a branch, with another seed; nothing is taken from the cache. Errors: as `edit`. */
  retry(
    signal: AbortSignal,
    conversation: Conversation,
    turnId: string,
    options?: AskOptions,
  ): Promise<Outcome<AskedTurn>>;
  /** The next question follows this turn. Errors: usage (no such turn). */
  turnTo(conversation: Conversation, turnId: string): Promise<Outcome<Conversation>>;
  /** The records of its rounds stay in the history. */
  remove(id: string): Promise<Outcome<null>>;
  /** Over all rounds of the history, in conversations or not. Errors: cancelled. */
  search(signal: AbortSignal, query: string, limit: number): Promise<Outcome<FoundRecords>>;
  /** All records, or those of these ids, with the conversations that they are turns of; JSON. */
  exportJson(signal: AbortSignal, ids?: readonly string[]): Promise<Outcome<Blob>>;
  /** One round, or the conversation that it ends, for people to read. Errors: record-invalid. */
  exportMarkdown(id: string): Promise<Outcome<string>>;
  /** Errors: archive-too-large, archive-invalid, archive-version-unsupported; nothing was changed then. */
  importJson(signal: AbortSignal, file: Blob): Promise<Outcome<ImportReport>>;
  /** Decides a record anew, from it alone. Errors: record-invalid (reason `evidence`: it is older than what this takes). */
  replay(record: Deliberation): Outcome<ReplayReport>;
  /** Called when conversations changed, in this tab or another. */
  subscribe(listener: () => void): () => void;
}
