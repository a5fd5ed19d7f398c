import { err, ok } from '#kernel/result';
import { Semaphore } from '#kernel/semaphore';
import { untilAborted } from '#kernel/until-aborted';
import { failure, type Outcome } from '#contracts/errors';
import type { LanguageModelSession } from './language-model.ts';
import { promptApiFailure } from './prompt-api-errors.ts';
import { destroyQuietly, type OpenSession } from './session-opening.ts';
import { sessionKey, type SessionOptions } from './session-options.ts';

type Open = (signal: AbortSignal, options: SessionOptions) => Promise<Outcome<OpenSession>>;

/**
 * The sessions that questions are cloned from: the one that was made at loading, which keeps the model in memory, and
 * that of the conversation asked last (its system prompt and turns are read once, not once a question).
 */
export class SessionPool {
  readonly #open: Open;
  readonly #model: string;
  readonly #rootKey: string;
  readonly #root: OpenSession;
  /** One at a time: a conversation's session must not be replaced while somebody is cloning it. */
  readonly #turns = new Semaphore(1);
  #recent: { readonly key: string; readonly opened: OpenSession } | null = null;
  #closed = false;

  /** @param model the name to show */
  constructor(model: string, options: SessionOptions, root: OpenSession, open: Open) {
    this.#open = open;
    this.#model = model;
    this.#rootKey = sessionKey(options);
    this.#root = root;
  }

  /**
   * A fresh session for one question, which whoever asked for it destroys.
   * Errors: those of opening a session and of the phase `prompt`, cancelled.
   */
  async clone(signal: AbortSignal, options: SessionOptions): Promise<Outcome<LanguageModelSession>> {
    const leave = await this.#turns.acquire(signal);
    if (leave === null) return err(failure('cancelled', { model: this.#model }));
    try {
      const base = await this.#baseFor(signal, options);
      if (!base.ok) return base;
      const cloning = base.value.clone({ signal });
      const clone = await untilAborted(cloning, signal);
      if (clone !== null) return ok(clone);
      cloning.then(destroyQuietly, () => undefined); // too late: nobody else would ever destroy it
      return err(failure('cancelled', { model: this.#model }));
    } catch (thrown) {
      return err(promptApiFailure(thrown, 'prompt', this.#model));
    } finally {
      leave();
    }
  }

  close(): void {
    this.#closed = true;
    this.#recent?.opened.close();
    this.#recent = null;
    this.#root.close();
  }

  async #baseFor(signal: AbortSignal, options: SessionOptions): Promise<Outcome<LanguageModelSession>> {
    const key = sessionKey(options);
    if (key === this.#rootKey) return ok(this.#root.session);
    if (this.#recent?.key === key) return ok(this.#recent.opened.session);
    const opened = await this.#open(signal, options);
    if (!opened.ok) return opened;
    if (this.#closed) {
      opened.value.close();
      return err(failure('cancelled', { model: this.#model }));
    }
    this.#recent?.opened.close(); // its clones live on by themselves
    this.#recent = { key, opened: opened.value };
    return ok(opened.value.session);
  }
}
