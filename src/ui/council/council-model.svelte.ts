import type { CouncilEvent, MemberView } from '#contracts/council';
import type { AskOptions, Deliberation } from '#contracts/deliberation';
import { failureOf, type Outcome, type WitanFailure } from '#contracts/errors';
import type { Evidence } from '#contracts/evidence';
import type { WitanPorts } from '#contracts/ports';
import type { StarterCouncil } from '#contracts/starter';
import { RoundView } from './round-view.svelte.ts';
import type { AskManner, TalkModel } from './talk-model.svelte.ts';
import { spokenResult } from './verdict-words.ts';

/** How the user wants answers decided. Its code is fetched when somebody looks at it. */
export interface Deciding {
  /** Members are to read what others said. */
  readonly sharesAnswers: boolean;
  optionsFor(memberIds: readonly string[]): AskOptions;
}

/** State of the council page. It lives as long as the app, so a round goes on while another page is open. */
export class CouncilModel {
  /** The question box. */
  draft = $state('');
  members = $state.raw<readonly MemberView[]>([]);
  /** The user's yes to sending the next question to members on servers; asked again for every question. */
  sendAway = $state(false);
  /** How the next answer is decided; null: as suits the question. */
  deciding = $state.raw<Deciding | null>(null);
  about = $state.raw<StarterCouncil | null>(null);
  round = $state.raw<RoundView | null>(null);
  /** A question was asked and its round has not begun: members are loading or another round runs. */
  waitingFor = $state<string | null>(null);
  /** A record of the history that is shown instead of the round. */
  record = $state.raw<Deliberation | null>(null);
  problem = $state.raw<WitanFailure | null>(null);
  /** Read out by screen readers: the answer, once. */
  announcement = $state('');
  /** The record that is to go out as a file, or be checked. */
  exporting = $state.raw<Deliberation | null>(null);
  /** The conversation that the page is in; null until somebody goes on with an answer. */
  talk = $state.raw<TalkModel | null>(null);

  /** Members that are asked only with the user's yes. */
  readonly remote = $derived(this.members.filter((member) => member.backend === 'remote'));
  /** Under some rules whoever is asked reads what the others said. */
  readonly sharesAnswers = $derived(this.deciding?.sharesAnswers ?? false);
  readonly running = $derived(
    this.waitingFor !== null || (this.round?.running ?? false) || (this.talk?.asking ?? false),
  );
  readonly shown = $derived(this.record ?? this.round?.deliberation ?? null);
  /** The next question goes on with what is on screen. */
  readonly following = $derived(this.talk?.conversation != null || this.shown?.answer != null);
  /** The question whose answer is on screen. */
  readonly question = $derived(this.record?.prompt ?? this.waitingFor ?? this.round?.prompt ?? null);

  readonly #ports: WitanPorts;
  #ask: AbortController | null = null;
  #prepared = false;
  #talk: Promise<TalkModel> | null = null;

  constructor(ports: WitanPorts) {
    this.#ports = ports;
    this.members = ports.council.members();
  }

  /** Follows the council until the returned function is called. */
  connect(): () => void {
    const leave = this.#ports.council.subscribe((event) => {
      this.#take(event);
    });
    const abort = new AbortController();
    void this.#learn(abort.signal);
    return () => {
      leave();
      abort.abort();
    };
  }

  get promptLimit(): number | null {
    // Reading `members` and `about` first: the limit may change when they do.
    return this.members.length >= 0 && this.about !== undefined
      ? (this.#ports.council.promptLimit?.() ?? null)
      : null;
  }

  /** Loads the members when somebody begins to type, so that the first answer does not wait for them. */
  warmUp(): void {
    if (this.#prepared) return;
    this.#prepared = true;
    void this.#ports.council.prepare(new AbortController().signal);
  }

  /** The code of conversations comes with its first use. */
  loadTalk(): Promise<TalkModel> {
    const loading = (this.#talk ??= import('./talk-model.svelte.ts').then(
      ({ TalkModel }) => (this.talk = new TalkModel(this, this.#ports)),
    ));
    loading.catch(() => {
      this.#talk = null;
    });
    return loading;
  }

  /** The next question begins anew. */
  anew(): void {
    this.talk?.leave();
    this.record = this.round = this.problem = null;
    this.draft = '';
  }

  /** @param manner again: the members are asked even where the answer is known from before */
  async ask(prompt: string, manner: AskManner = 'ask'): Promise<void> {
    if (this.running) return;
    const { shown, record, round } = this;
    const talking = this.following ? this.loadTalk() : null;
    this.problem = null;
    this.record = null;
    this.announcement = '';
    this.#prepared = true;
    this.waitingFor = prompt.trim() === '' ? null : prompt.trim();
    const controller = new AbortController();
    this.#ask = controller;
    // Those that the box names, and nobody who takes a seat while the question waits.
    const options = {
      ...this.deciding?.optionsFor(this.members.map(({ id }) => id)),
      allowRemote: this.sendAway ? this.remote.map(({ id }) => id) : false,
      ...(manner === 'again' ? { fresh: true } : {}),
    };
    this.sendAway = false;
    try {
      const { signal } = controller;
      const asked =
        talking === null
          ? await this.#ports.council.ask(signal, prompt, options)
          : await (await talking).ask(signal, shown, prompt, options, manner);
      if (!asked.ok) this.problem = asked.error;
      else if (this.draft.trim() === prompt.trim()) this.draft = '';
    } catch (thrown) {
      this.problem = failureOf(thrown);
    }
    // What could not be asked leaves on screen what was there.
    if (this.problem !== null && this.round === round) this.record = record;
    this.waitingFor = null;
    this.#ask = null;
  }

  /** The question on screen once more: its answer is there already, so the members are asked. */
  askAgain(): Promise<void> {
    return this.question === null ? Promise.resolve() : this.ask(this.question, 'again');
  }

  /** What a record rests on. */
  async evidenceOf(record: Deliberation): Promise<Outcome<Evidence>> {
    return (await this.#ports.evidence()).of(record);
  }

  stopAll(): void {
    this.#ports.council.stop();
    this.#ask?.abort();
  }

  stopMember(memberId: string): void {
    this.#ports.council.stop(memberId);
  }

  async restart(memberId: string): Promise<void> {
    const restarted = await this.#ports.council.restart(memberId);
    if (!restarted.ok) this.problem = restarted.error;
  }

  /** Loads a member with the user's yes; what goes wrong is shown on its card. */
  async download(memberId: string): Promise<void> {
    await this.#ports.council.download(memberId);
  }

  async rate(rating: 'good' | 'bad'): Promise<void> {
    const rated = this.shown;
    if (rated === null) return;
    const changed = await this.#ports.history.rate(rated.id, rating);
    if (!changed.ok) {
      this.problem = changed.error;
    } else if (this.record?.id === rated.id) {
      this.record = changed.value;
    } else if (this.round?.id === rated.id) {
      this.round.deliberation = changed.value;
    }
  }

  /** Lets the conversation do something, once its code is there. */
  async within(act: (talk: TalkModel) => Promise<void>): Promise<void> {
    try {
      await act(await this.loadTalk());
    } catch (thrown) {
      this.problem = failureOf(thrown);
    }
  }

  /** Shows a record of the history, or a conversation; neither goes back to the round. */
  async open(recordId: string | null, conversationId?: string): Promise<void> {
    this.problem = null;
    if (conversationId !== undefined) return this.within((talk) => talk.open(conversationId));
    if (recordId === null) {
      this.record = null;
      return;
    }
    const found = await this.#ports.history.get(recordId);
    if (found.ok) this.record = found.value;
    else this.problem = found.error;
  }

  async #learn(signal: AbortSignal): Promise<void> {
    const about = await this.#ports.council.about(signal);
    if (signal.aborted) return;
    if (about.ok) this.about = about.value;
    else this.problem = about.error;
    this.members = this.#ports.council.members();
  }

  #take(event: CouncilEvent): void {
    if (event.type === 'members-changed') {
      this.members = event.members;
      return;
    }
    if (event.type === 'round-started') {
      this.round = new RoundView(event);
      this.waitingFor = null;
      this.problem = null;
      return;
    }
    this.round?.take(event);
    if (event.type === 'round-ended' && event.roundId === this.round?.id) {
      this.announcement = spokenResult(event.deliberation);
    }
  }
}
