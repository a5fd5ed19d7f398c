import { SvelteMap } from 'svelte/reactivity';
import type { Conversation, HistoryView, Turn } from '#contracts/conversation';
import { branchesOf, newestAfter, pathTo } from '#contracts/conversation-tree';
import type { AskedTurn, ConversationPort } from '#contracts/conversation-port';
import type { AskOptions, Deliberation } from '#contracts/deliberation';
import { failureOf, type Outcome, type WitanFailure } from '#contracts/errors';
import type { WitanPorts } from '#contracts/ports';

/** What of the page is told where it stands in a conversation. */
export interface TalkScreen {
  /** The answer on screen: of the history, or of the last round. */
  readonly shown: Deliberation | null;
  readonly round: { readonly deliberation: Deliberation | null } | null;
  /** A question is being asked: what is on screen is not to be changed. */
  readonly running: boolean;
  record: Deliberation | null;
  /** The question box. */
  draft: string;
  problem: WitanFailure | null;
}

/** ask: goes on · again: the question on screen once more, as a branch. */
export type AskManner = 'ask' | 'again';

/** One line of the list of turns. */
export interface TurnRow {
  /** Null while it is being asked. */
  readonly turn: Turn | null;
  readonly prompt: string;
  /** Its wordings and tries, in the order in which they were asked, and the place of this one, from 1. */
  readonly branches: readonly string[];
  readonly place: number;
  readonly onScreen: boolean;
}

/** A turn that is being asked. */
interface Asking {
  readonly parentId: string | null;
  readonly prompt: string;
  /** The turns in whose place it is asked; empty: it follows. */
  readonly beside: readonly string[];
}

/** The conversation as it goes on from the branch of this turn: what is on screen is what is followed. */
function through(conversation: Conversation, turn: Turn): Conversation {
  const isOnPath = pathTo(conversation, conversation.headId).includes(turn);
  return isOnPath ? conversation : { ...conversation, headId: newestAfter(conversation, turn.id) };
}

/** The conversation that the page is in. A round that was asked by itself becomes its first turn when somebody goes on. */
export class TalkModel {
  conversation = $state.raw<Conversation | null>(null);
  /** Of a conversation that has not begun. */
  view = $state<HistoryView>('own');
  /** The turn whose question is reworded. */
  editing = $state.raw<Turn | null>(null);
  /** Ids of the members that are shown earlier turns; null until known. */
  followers = $state.raw<readonly string[] | null>(null);
  /** Records of its turns, by id; those that are not in the history any more are missing. */
  readonly records = new SvelteMap<string, Deliberation>();
  /** It is in the store, and has an address. */
  kept = $state(false);

  #asking = $state.raw<Asking | null>(null);
  #listening = false;
  readonly #screen: TalkScreen;
  readonly #ports: Pick<WitanPorts, 'conversations' | 'history'>;

  readonly rows = $derived.by(() => this.#rows());
  readonly shownView = $derived(this.conversation?.view ?? this.view);
  /** What is on screen is where the conversation stands, and nothing that was opened besides. */
  readonly atHead = $derived.by(() => {
    const { turns, headId } = this.conversation ?? { turns: [], headId: null };
    const head = turns.find(({ id }) => id === headId);
    return this.kept && head !== undefined && head.deliberationId === this.#screen.shown?.id;
  });
  /** Of a follow-up or a branch, not of a round that stands alone. */
  readonly asking = $derived(this.#asking !== null);

  constructor(screen: TalkScreen, ports: Pick<WitanPorts, 'conversations' | 'history'>) {
    this.#screen = screen;
    this.#ports = ports;
  }

  async port(): Promise<ConversationPort> {
    const port = await this.#ports.conversations();
    // As long as the app lives, like the model itself.
    if (!this.#listening) port.subscribe(() => void this.#refresh(port));
    this.#listening = true;
    return port;
  }

  /** Learns who is shown what was said; the council may have changed. */
  async learn(signal: AbortSignal): Promise<void> {
    const followers = await (await this.port()).followers(signal);
    if (followers.ok) this.followers = followers.value;
  }

  /**
   * Asks the next question after what is on screen.
   * @param shown what is on screen; null: nothing is, and the conversation goes on at its head
   * Errors: those of `ConversationPort.ask`.
   */
  async ask(
    signal: AbortSignal,
    shown: Deliberation | null,
    prompt: string,
    options: AskOptions,
    manner: AskManner,
  ): Promise<Outcome<AskedTurn>> {
    const port = await this.port();
    const conversation = this.#base(port, shown);
    if (conversation !== this.conversation) {
      this.conversation = conversation;
      this.kept = false;
    }
    const { editing } = this;
    const again = manner === 'again' ? (this.#turnOf(conversation, shown) ?? null) : null;
    const instead = again ?? (manner === 'ask' ? editing : null);
    this.#asking = {
      parentId: instead === null ? conversation.headId : instead.parentId,
      prompt: prompt.trim(),
      beside: instead === null ? [] : branchesOf(conversation, instead.id).map(({ id }) => id),
    };
    try {
      const asked = await this.#send(port, conversation, {
        signal,
        prompt,
        options,
        again,
        editing: instead,
      });
      if (asked.ok) this.#took(asked.value);
      return asked;
    } finally {
      this.#asking = null;
    }
  }

  /** Opens a conversation at its newest turn, or comes back to it. */
  async open(id: string): Promise<void> {
    if (this.#screen.running) return;
    if (this.conversation?.id !== id) {
      const found = await (await this.port()).get(id);
      if (!found.ok) {
        this.#screen.problem = found.error;
        return;
      }
      this.conversation = found.value;
      this.editing = null;
    }
    this.kept = true;
    await this.#showHead();
  }

  /** What is on screen has changed: the conversation that it is a turn of is shown with it, or none. */
  async follow(shown: Deliberation | null): Promise<void> {
    if (shown === null || this.#screen.running) return;
    const { conversation } = this;
    const turn = conversation === null ? undefined : this.#turnOf(conversation, shown);
    if (conversation !== null && turn !== undefined) {
      this.conversation = through(conversation, turn);
      return;
    }
    const { id, threadId } = shown;
    if (threadId !== undefined && threadId === conversation?.id) return;
    const found = threadId === undefined ? null : await (await this.port()).get(threadId);
    if (this.#screen.shown?.id !== id || this.#screen.running) return;
    const known = found?.ok === true ? this.#turnOf(found.value, shown) : undefined;
    this.conversation = found?.ok === true && known !== undefined ? through(found.value, known) : null;
    this.kept = known !== undefined;
    this.editing = null;
  }

  /** The next question begins anew. */
  leave(): void {
    this.conversation = null;
    this.editing = null;
    this.kept = false;
  }

  /** The next question takes the place of this turn; null: of the one on screen. */
  async edit(turn: Turn | null): Promise<void> {
    const { shown } = this.#screen;
    if (turn === null && shown === null) return;
    const port = await this.port();
    const conversation = this.#base(port, turn === null ? shown : null);
    if (conversation !== this.conversation) {
      this.conversation = conversation;
      this.kept = false;
    }
    this.editing = turn ?? this.#turnOf(conversation, shown) ?? null;
    this.#screen.draft = this.editing?.prompt ?? this.#screen.draft;
  }

  /** Shows the branch of this turn to its end. */
  async turnTo(turnId: string): Promise<void> {
    if (this.conversation === null || this.#screen.running) return;
    const port = await this.port();
    const turned = await port.turnTo(this.conversation, newestAfter(this.conversation, turnId));
    if (!turned.ok) {
      this.#screen.problem = turned.error;
      return;
    }
    this.conversation = turned.value;
    this.editing = null;
    await this.#showHead();
  }

  async setView(view: HistoryView): Promise<void> {
    const { conversation } = this;
    this.view = view;
    if (conversation === null) return;
    this.conversation = { ...conversation, view };
    if (!this.kept) return;
    const set = await (await this.port()).setView(conversation.id, view);
    if (!set.ok) this.#screen.problem = set.error;
    else if (this.conversation.id === set.value.id && this.#asking === null)
      this.conversation = { ...set.value, headId: this.conversation.headId };
  }

  /** Reads the records of these turns, for what the turns themselves do not say. */
  async read(turns: readonly Turn[]): Promise<void> {
    const unknown = turns.map((turn) => turn.deliberationId).filter((id) => !this.records.has(id));
    if (unknown.length === 0) return;
    const found = await Promise.all(unknown.map((id) => this.#ports.history.get(id)));
    for (const record of found) if (record.ok) this.records.set(record.value.id, record.value);
  }

  /** Another tab has gone on with it, or it was deleted. */
  async #refresh(port: ConversationPort): Promise<void> {
    const { conversation } = this;
    if (conversation === null || !this.kept || this.#screen.running) return;
    const found = await port.get(conversation.id);
    if (this.conversation !== conversation || this.#screen.running) return;
    if (found.ok) this.conversation = found.value;
    else if (found.error.code === 'record-invalid') this.leave();
  }

  /** What is gone on with: the conversation that is open, or a new one whose first turn is on screen. */
  #base(port: ConversationPort, shown: Deliberation | null): Conversation {
    const { conversation } = this;
    const isOpen =
      conversation !== null && (shown === null || this.#turnOf(conversation, shown) !== undefined);
    return isOpen ? conversation : port.begin(this.view, shown ?? undefined);
  }

  #send(
    port: ConversationPort,
    conversation: Conversation,
    how: {
      readonly signal: AbortSignal;
      readonly prompt: string;
      readonly options: AskOptions;
      readonly again: Turn | null;
      readonly editing: Turn | null;
    },
  ): Promise<Outcome<AskedTurn>> {
    const { signal, prompt, options, again, editing } = how;
    if (again !== null) return port.retry(signal, conversation, again.id, options);
    if (editing !== null) return port.edit(signal, conversation, editing.id, prompt, options);
    return port.ask(signal, conversation, prompt, options);
  }

  #took({ conversation, record }: AskedTurn): void {
    this.conversation = conversation;
    this.kept = true;
    this.editing = null;
    this.records.set(record.id, record);
  }

  async #showHead(): Promise<void> {
    const head = this.conversation?.turns.find(({ id }) => id === this.conversation?.headId);
    if (head === undefined) return;
    if (this.#screen.round?.deliberation?.id === head.deliberationId) {
      this.#screen.record = null;
      return;
    }
    try {
      const found = await this.#ports.history.get(head.deliberationId);
      if (this.conversation?.headId === head.id) this.#screen.record = found.ok ? found.value : null;
    } catch (thrown) {
      this.#screen.problem = failureOf(thrown);
    }
  }

  #turnOf({ turns }: Conversation, record: Deliberation | null): Turn | undefined {
    return turns.find(({ deliberationId }) => deliberationId === record?.id);
  }

  #rows(): readonly TurnRow[] {
    const { conversation } = this;
    if (conversation === null) return [];
    const asking = this.#asking;
    const shown = this.#screen.shown?.id;
    const rowOf = (turn: Turn): TurnRow => {
      const branches = branchesOf(conversation, turn.id).map(({ id }) => id);
      return {
        turn,
        prompt: turn.prompt,
        branches,
        place: branches.indexOf(turn.id) + 1,
        onScreen: asking === null && turn.deliberationId === shown,
      };
    };
    const rows = pathTo(conversation, asking === null ? conversation.headId : asking.parentId).map(rowOf);
    if (asking === null) {
      const last = rows.at(-1);
      // What is on screen needs no line of its own, unless there is another wording of it to turn to.
      return last?.onScreen === true && last.branches.length === 1 ? rows.slice(0, -1) : rows;
    }
    if (asking.beside.length === 0) return rows;
    const branches = [...asking.beside, ''];
    return [...rows, { turn: null, prompt: asking.prompt, branches, place: branches.length, onScreen: true }];
  }
}
