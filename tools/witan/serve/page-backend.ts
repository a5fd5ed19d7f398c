import type { Page } from '@playwright/test';
import { err, ok } from '../../../src/kernel/result.ts';
import type { MemberView } from '../../../src/contracts/council.ts';
import type { Deliberation } from '../../../src/contracts/deliberation.ts';
import { failure, type Outcome } from '../../../src/contracts/errors.ts';
import type { MemberAnswer } from '../../../src/contracts/ports.ts';
import { driverFailureOf, valueOf } from '../failures.ts';
import type { Session } from '../session.ts';
import type { CouncilQuestion, MemberQuestion, RoundNews } from './backend.ts';

/** What the page calls to tell us something, and where it keeps what can be stopped. */
const TELL = 'witanServeTell';
const RUNNING = 'witanServeRunning';

/** The part of a session that is used. */
export type PageSession = Pick<Session, 'run' | 'limitMs'> & {
  readonly page: Pick<Page, 'exposeFunction' | 'evaluate'>;
};

interface Work<A> {
  readonly id: number;
  readonly tell: string;
  readonly running: string;
  readonly argument: A;
}

type News = RoundNews | { readonly type: 'text'; readonly text: string };

/** One open page of the app: its council, asked from outside. */
export class PageBackend {
  readonly #session: PageSession;
  readonly #allowRemote: boolean;
  readonly #listeners = new Map<number, (news: News) => void>();
  #members: readonly MemberView[] = [];
  #lastId = 0;

  private constructor(session: PageSession, allowRemote: boolean) {
    this.#session = session;
    this.#allowRemote = allowRemote;
  }

  /**
   * Loads the council in an opened session.
   * @param allowRemote the operator's yes to members on servers, for every question
   * @throws DriverFailure with the code of the app
   */
  static async open(session: PageSession, allowRemote: boolean): Promise<PageBackend> {
    const backend = new PageBackend(session, allowRemote);
    await session.page.exposeFunction(TELL, (id: number, news: News | readonly MemberView[]) => {
      if ('type' in news) backend.#listeners.get(id)?.(news);
      else backend.#members = news;
    });
    const prepared = await session.run(TELL, ({ ports, signal }, tell) => {
      ports.council.subscribe((event) => {
        const say = Reflect.get(globalThis, tell) as (id: number, members: unknown) => Promise<void>;
        if (event.type === 'members-changed') void say(0, event.members);
      });
      return ports.council.prepare(signal);
    });
    backend.#members = valueOf(prepared);
    return backend;
  }

  members(): readonly MemberView[] {
    return this.#members.filter(({ backend }) => backend !== 'remote' || this.#allowRemote);
  }

  async ask(
    signal: AbortSignal,
    question: CouncilQuestion,
    onNews: (news: RoundNews) => void,
  ): Promise<Outcome<Deliberation>> {
    const argument = { ...question, allowRemote: this.#allowRemote };
    const onAny = (news: News): void => {
      if (news.type !== 'text') onNews(news);
    };
    const asked = await this.#within(signal, argument, onAny, (work) =>
      this.#session.run(work, async ({ ports, signal }, { id, tell, running, argument }) => {
        const page = globalThis as unknown as Record<string, Map<number, AbortController> | undefined>;
        const stop = new AbortController();
        (page[running] ??= new Map()).set(id, stop);
        const say = Reflect.get(globalThis, tell) as (id: number, news: unknown) => Promise<void>;
        const told: Promise<void>[] = [];
        const leave = ports.council.subscribe((event) => {
          if (event.type === 'member-chunk') {
            const { memberId, text, tokens } = event;
            told.push(say(id, { type: 'chunk', memberId, characters: text.length, tokens }));
          } else if (event.type === 'member-ended') {
            told.push(say(id, { type: 'ended', memberId: event.member.id }));
          } else if (event.type === 'round-decided') {
            told.push(say(id, { type: 'decided', answer: event.answer }));
          }
        });
        const { prompt, history, leaveOutHistory, seed, allowRemote } = argument;
        const both = AbortSignal.any([signal, stop.signal]);
        // Asked afresh: who asks by a program measures, or wants the members' words as they come.
        const askWith = async () => {
          if (history.length === 0)
            return ports.council.ask(both, prompt, { seed, allowRemote, fresh: true });
          const shown = await (await ports.conversations()).histories(both, history, prompt);
          if (!shown.ok) return shown;
          const without = ports.council
            .members()
            .filter(
              ({ id, backend }) => (allowRemote || backend !== 'remote') && shown.value[id]?.leftOut !== 0,
            )
            .map(({ name }) => name);
          if (without.length > 0 && !leaveOutHistory) {
            const details = { model: without.join(', '), reason: 'no room for the earlier turns' };
            return { ok: false, error: { code: 'request-unsupported', details } } as const;
          }
          return ports.council.ask(both, prompt, {
            seed,
            allowRemote,
            history: shown.value,
            fresh: true,
          });
        };
        const asked = await askWith();
        leave();
        page[running].delete(id);
        // The result goes another way than the news, and must not overtake it.
        await Promise.all(told);
        return { asked, late: signal.aborted };
      }),
    );
    if (!asked.ok) return asked;
    const { asked: outcome, late } = asked.value;
    const unanswered = outcome.ok ? outcome.value.outcome === 'stopped' : outcome.error.code === 'cancelled';
    return late && unanswered ? this.#tooLate() : outcome;
  }

  async generate(
    signal: AbortSignal,
    question: MemberQuestion,
    onText: (text: string) => void,
  ): Promise<Outcome<MemberAnswer>> {
    const argument = { ...question, allowRemote: this.#allowRemote };
    const onAny = (news: News): void => {
      if (news.type === 'text') onText(news.text);
    };
    const answered = await this.#within(signal, argument, onAny, (work) =>
      this.#session.run(work, async ({ ports, signal }, { id, tell, running, argument }) => {
        const page = globalThis as unknown as Record<string, Map<number, AbortController> | undefined>;
        const stop = new AbortController();
        (page[running] ??= new Map()).set(id, stop);
        const say = Reflect.get(globalThis, tell) as (id: number, news: unknown) => Promise<void>;
        const told: Promise<void>[] = [];
        const { memberId, request, allowRemote, leaveOut } = argument;
        const answered = await ports.members.generate(
          AbortSignal.any([signal, stop.signal]),
          memberId,
          request,
          ({ text }) => {
            told.push(say(id, { type: 'text', text }));
          },
          { allowRemote, leaveOut },
        );
        page[running].delete(id);
        await Promise.all(told);
        return { answered, late: signal.aborted };
      }),
    );
    if (!answered.ok) return answered;
    const { answered: outcome, late } = answered.value;
    const unfinished = outcome.ok
      ? outcome.value.generation.finish === 'cancelled'
      : outcome.error.code === 'cancelled';
    return late && unfinished ? this.#tooLate() : outcome;
  }

  #tooLate(): Outcome<never> {
    return err(failure('deadline-exceeded', { limitMs: this.#session.limitMs }));
  }

  /** Runs work in the page, hears its news, and stops it there when `signal` aborts. Never throws. */
  async #within<A, T>(
    signal: AbortSignal,
    argument: A,
    onNews: (news: News) => void,
    run: (work: Work<A>) => Promise<T>,
  ): Promise<Outcome<T>> {
    if (signal.aborted) return err(failure('cancelled'));
    this.#lastId += 1;
    const id = this.#lastId;
    this.#listeners.set(id, onNews);
    const onAbort = (): void => {
      // A page that is gone has stopped too.
      this.#session.page.evaluate(`window.${RUNNING}?.get(${id})?.abort()`).catch(() => undefined);
    };
    try {
      const ran = run({ id, tell: TELL, running: RUNNING, argument });
      signal.addEventListener('abort', onAbort, { once: true });
      return ok(await ran);
    } catch (thrown) {
      const problem = driverFailureOf(thrown);
      if (problem.code === 'deadline-exceeded') return this.#tooLate();
      return err(failure('council-unavailable', { cause: 'page-lost' }, problem));
    } finally {
      signal.removeEventListener('abort', onAbort);
      this.#listeners.delete(id);
    }
  }
}
