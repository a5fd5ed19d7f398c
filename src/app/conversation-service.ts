import type { Clock } from '#kernel/clock';
import { err, ok } from '#kernel/result';
import { ARCHIVE_SCHEMA, ARCHIVE_VERSION, type ImportReport } from '#contracts/archive';
import {
  MOST_TURNS,
  type Conversation,
  type FoundRecords,
  type HistoryView,
  type Turn,
} from '#contracts/conversation';
import type { AskedTurn, ConversationPort, ReplayReport } from '#contracts/conversation-port';
import { branchesOf, pathTo } from '#contracts/conversation-tree';
import type { AskOptions, Deliberation, MemberHistory } from '#contracts/deliberation';
import type { ChatTurn } from '#contracts/engine';
import { failure, type Outcome } from '#contracts/errors';
import type { Unsubscribe } from '#contracts/ports';
import {
  edited,
  followUp,
  memberHistory,
  newConversation,
  retried,
  turnedTo,
  viewedAs,
  withTurn,
  type NextTurn,
} from '../council/conversation.ts';
import { mergeConversations } from '../council/merge-conversations.ts';
import { normalQuestion } from '../council/normal-question.ts';
import { replay } from '../council/replay.ts';
import { archiveText, readArchive } from '../storage/archive/archive-json.ts';
import { conversationMarkdown, deliberationMarkdown } from '../storage/archive/deliberation-markdown.ts';
import { joinDeliberations } from '../storage/archive/merge-records.ts';
import type { ConversationStore } from '../storage/conversation-store.ts';
import type { DeliberationStore } from '../storage/deliberation-store.ts';
import { HistorySearch } from '../storage/history-search.ts';
import type { Absorbed } from '../storage/record-store.ts';

/** A member that may be asked, as far as a conversation matters to it. */
export interface HistoryReader {
  readonly id: string;
  /** Question and earlier turns together, characters (`MemberManner.promptLimit`). */
  readonly promptLimit: number;
  /** False: it was made for bare questions, and earlier turns would only confuse it. */
  readonly followsConversations: boolean;
}

export interface ConversationPorts {
  readonly clock: Clock;
  readonly appVersion: string;
  readonly newId: () => string;
  /** Asks the council and keeps the record in the history. */
  readonly ask: (signal: AbortSignal, prompt: string, options: AskOptions) => Promise<Outcome<Deliberation>>;
  readonly readers: (signal: AbortSignal) => Promise<Outcome<readonly HistoryReader[]>>;
  readonly deliberations: () => Promise<DeliberationStore>;
  readonly conversations: () => Promise<ConversationStore>;
  /** Tells this tab and the others of changes: conversations, and the history after an import. */
  readonly channel: { announce(): void; subscribe(listener: () => void): Unsubscribe };
  readonly historyChanged: () => void;
}

/** Records read in one go for an export. */
const EXPORT_BATCH = 200;

/** Conversations: asks their turns, keeps them, searches, exports and imports. */
export class ConversationService implements ConversationPort {
  readonly #ports: ConversationPorts;
  #search: HistorySearch | null = null;

  constructor(ports: ConversationPorts) {
    this.#ports = ports;
  }

  list(limit: number): Promise<Outcome<readonly Conversation[]>> {
    return this.#stored(({ conversations }) => conversations.list(limit));
  }

  get(id: string): Promise<Outcome<Conversation>> {
    return this.#stored(({ conversations }) => conversations.get(id));
  }

  begin(view?: HistoryView, first?: Deliberation): Conversation {
    const begun = newConversation(this.#ports.newId(), this.#ports.clock.epochMs(), view);
    if (first === undefined) return begun;
    const grown = withTurn(begun, this.#ports.newId(), followUp(begun, first.prompt), first);
    return grown.ok ? grown.value : begun;
  }

  async followers(signal: AbortSignal): Promise<Outcome<readonly string[]>> {
    const readers = await this.#ports.readers(signal);
    if (!readers.ok) return readers;
    return ok(readers.value.filter((reader) => reader.followsConversations).map(({ id }) => id));
  }

  async histories(
    signal: AbortSignal,
    earlier: readonly ChatTurn[],
    prompt: string,
  ): Promise<Outcome<Readonly<Record<string, MemberHistory>>>> {
    const path = saidBefore(earlier);
    if (path === null) return err(failure('usage', { reason: 'turns-alternate' }));
    const readers = await this.#ports.readers(signal);
    return readers.ok ? ok(historiesFor(readers.value, 'council', path, prompt)) : readers;
  }

  async setView(id: string, view: HistoryView): Promise<Outcome<Conversation>> {
    const found = await this.get(id);
    return found.ok ? this.#keep(viewedAs(found.value, view, this.#ports.clock.epochMs())) : found;
  }

  ask(
    signal: AbortSignal,
    conversation: Conversation,
    prompt: string,
    options: AskOptions = {},
  ): Promise<Outcome<AskedTurn>> {
    return this.#ask(signal, conversation, followUp(conversation, prompt), options);
  }

  async edit(
    signal: AbortSignal,
    conversation: Conversation,
    turnId: string,
    prompt: string,
    options: AskOptions = {},
  ): Promise<Outcome<AskedTurn>> {
    const next = edited(conversation, turnId, prompt);
    return next.ok ? this.#ask(signal, conversation, next.value, options) : next;
  }

  async retry(
    signal: AbortSignal,
    conversation: Conversation,
    turnId: string,
    options: AskOptions = {},
  ): Promise<Outcome<AskedTurn>> {
    const next = retried(conversation, turnId);
    // With the seed of the first try members that sample would only say the same again.
    const seed = 1 + branchesOf(conversation, turnId).length;
    return next.ok ? this.#ask(signal, conversation, next.value, { fresh: true, seed, ...options }) : next;
  }

  async turnTo(conversation: Conversation, turnId: string): Promise<Outcome<Conversation>> {
    const turned = turnedTo(conversation, turnId, this.#ports.clock.epochMs());
    return turned.ok ? this.#keep(turned.value) : turned;
  }

  async remove(id: string): Promise<Outcome<null>> {
    const removed = await this.#stored(({ conversations }) => conversations.remove(id));
    this.#ports.channel.announce();
    return removed;
  }

  search(signal: AbortSignal, query: string, limit: number): Promise<Outcome<FoundRecords>> {
    return this.#stored(({ deliberations }) => {
      this.#search ??= new HistorySearch(this.#ports.clock, deliberations);
      return this.#search.search(signal, query, limit);
    });
  }

  exportJson(signal: AbortSignal, ids?: readonly string[]): Promise<Outcome<Blob>> {
    return this.#stored(async ({ deliberations, conversations }) => {
      const records = await everything(signal, deliberations, ids);
      if (!records.ok) return records;
      const threads = await everything(signal, conversations);
      if (!threads.ok) return threads;
      const exported = new Set(records.value.map(({ id }) => id));
      const archive = {
        schema: ARCHIVE_SCHEMA,
        version: ARCHIVE_VERSION,
        exportedAt: this.#ports.clock.epochMs(),
        appVersion: this.#ports.appVersion,
        deliberations: records.value,
        conversations: threads.value.filter(
          ({ turns }) => ids === undefined || turns.some((turn) => exported.has(turn.deliberationId)),
        ),
      } as const;
      return ok(new Blob([archiveText(archive)], { type: 'application/json' }));
    });
  }

  exportMarkdown(id: string): Promise<Outcome<string>> {
    return this.#stored(async ({ deliberations, conversations }) => {
      const conversation = await conversations.get(id);
      if (!conversation.ok) {
        const record = await deliberations.get(id);
        return record.ok ? ok(deliberationMarkdown(record.value)) : record;
      }
      const path = pathTo(conversation.value, conversation.value.headId);
      const records = await deliberations.getMany(path.map((turn) => turn.deliberationId));
      if (!records.ok) return records;
      return ok(
        conversationMarkdown(
          conversation.value,
          records.value.filter((record) => record !== null),
        ),
      );
    });
  }

  importJson(signal: AbortSignal, file: Blob): Promise<Outcome<ImportReport>> {
    return this.#stored(async ({ deliberations, conversations }) => {
      const read = await readArchive(file);
      if (!read.ok) return read;
      if (signal.aborted) return err(failure('cancelled'));
      const records = await deliberations.absorb(read.value.deliberations, joinDeliberations);
      if (!records.ok) return records;
      this.#ports.historyChanged();
      const threads = await conversations.absorb(read.value.conversations, mergeConversations);
      if (!threads.ok) return threads;
      this.#ports.channel.announce();
      const { refused, trimmed } = read.value;
      return ok({ ...reportOf([records.value, threads.value]), refused, trimmed });
    });
  }

  replay(record: Deliberation): Outcome<ReplayReport> {
    const replayed = replay(record);
    if (!replayed.ok) return replayed;
    const { differences } = replayed.value;
    return ok({ same: differences.length === 0, differences });
  }

  subscribe(listener: () => void): Unsubscribe {
    return this.#ports.channel.subscribe(listener);
  }

  async #ask(
    signal: AbortSignal,
    conversation: Conversation,
    next: NextTurn,
    options: AskOptions,
  ): Promise<Outcome<AskedTurn>> {
    if (conversation.turns.length >= MOST_TURNS) {
      // Before the question, not after the answer.
      return err(failure('record-invalid', { reason: 'full', limit: MOST_TURNS }));
    }
    const path = pathTo(conversation, next.parentId);
    const readers = path.length === 0 ? ok([]) : await this.#ports.readers(signal);
    if (!readers.ok) return readers;
    const history = historiesFor(readers.value, conversation.view, path, next.prompt);
    const asked = await this.#ports.ask(signal, next.prompt, {
      ...options,
      threadId: conversation.id,
      ...(path.length === 0 ? {} : { history }),
    });
    if (!asked.ok) return asked;
    const turnId = this.#ports.newId();
    const grown = withTurn(conversation, turnId, next, asked.value);
    if (!grown.ok) return grown;
    const kept = await this.#keep(grown.value);
    const [first] = conversation.turns;
    if (kept.ok && first !== undefined && conversation.turns.length === 1) {
      await this.#claim(first.deliberationId, conversation.id);
    }
    // That it could not be kept takes the answer from nobody: it goes on in memory.
    return ok({ conversation: kept.ok ? kept.value : grown.value, turnId, record: asked.value });
  }

  /** A round that was asked by itself is a turn from now on; where that cannot be written it only opens alone. */
  async #claim(deliberationId: string, threadId: string): Promise<void> {
    await this.#stored(async ({ deliberations }) => {
      const found = await deliberations.get(deliberationId);
      if (!found.ok || found.value.threadId === threadId) return ok(null);
      const put = await deliberations.put({ ...found.value, threadId });
      this.#ports.historyChanged();
      return put;
    });
  }

  /** With what another tab added meanwhile, in one transaction. */
  async #keep(conversation: Conversation): Promise<Outcome<Conversation>> {
    const kept = await this.#stored(async ({ conversations }) => {
      const absorbed = await conversations.absorb([conversation], mergeConversations);
      if (absorbed.ok) return conversations.get(conversation.id);
      await conversations.put(conversation); // holds it in this tab at least
      return absorbed;
    });
    this.#ports.channel.announce();
    return kept;
  }

  async #stored<T>(
    use: (stores: {
      readonly deliberations: DeliberationStore;
      readonly conversations: ConversationStore;
    }) => Promise<Outcome<T>>,
  ): Promise<Outcome<T>> {
    let stores: Parameters<typeof use>[0];
    try {
      const [deliberations, conversations] = await Promise.all([
        this.#ports.deliberations(),
        this.#ports.conversations(),
      ]);
      stores = { deliberations, conversations };
    } catch (thrown) {
      return err(failure('storage-unavailable', { reason: 'code-not-fetched' }, thrown));
    }
    return use(stores);
  }
}

type Said = Pick<Turn, 'prompt' | 'answer' | 'answers'>;

function historiesFor(
  readers: readonly HistoryReader[],
  view: HistoryView,
  path: readonly Said[],
  prompt: string,
): Readonly<Record<string, MemberHistory>> {
  const { length } = normalQuestion(prompt);
  return Object.fromEntries(
    readers.map(({ id, promptLimit, followsConversations }) => {
      const characters = followsConversations ? promptLimit - length : 0;
      return [id, memberHistory(path, id, { view, characters })];
    }),
  );
}

/** Turns as question and answer; null where one does not follow the other. */
function saidBefore(earlier: readonly ChatTurn[]): readonly Said[] | null {
  const alternate = earlier.every(({ role }, at) => role === (at % 2 === 0 ? 'user' : 'assistant'));
  if (!alternate || earlier.length % 2 !== 0) return null;
  return earlier.flatMap(({ content }, at) =>
    at % 2 === 0 ? [{ prompt: content, answer: earlier[at + 1]?.content ?? null, answers: [] }] : [],
  );
}

/** All that parses, newest first, or what is asked for. */
async function everything<T>(
  signal: AbortSignal,
  store: {
    ids(): Promise<Outcome<readonly string[]>>;
    getMany(ids: readonly string[]): Promise<Outcome<readonly (T | null)[]>>;
  },
  wanted?: readonly string[],
): Promise<Outcome<readonly T[]>> {
  const ids = wanted === undefined ? await store.ids() : ok(wanted);
  if (!ids.ok) return ids;
  const all: T[] = [];
  for (let first = 0; first < ids.value.length; first += EXPORT_BATCH) {
    if (signal.aborted) return err(failure('cancelled'));
    const records = await store.getMany(ids.value.slice(first, first + EXPORT_BATCH));
    if (!records.ok) return records;
    all.push(...records.value.filter((record) => record !== null));
  }
  return ok(all);
}

function reportOf(absorbed: readonly Absorbed[]): Omit<ImportReport, 'refused' | 'trimmed'> {
  const ids = (kind: keyof Absorbed): readonly string[] => absorbed.flatMap((each) => each[kind]);
  return {
    added: ids('added').length,
    unchanged: ids('unchanged').length,
    merged: ids('merged').length,
    conflicts: [...ids('conflict'), ...ids('foreign')],
  };
}
