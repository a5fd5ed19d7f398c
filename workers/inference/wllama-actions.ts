import type { WitanFailure } from '#contracts/errors';
import type { WllamaProxy } from './wllama-inner-worker.ts';

/** Thrown by every action of an engine that is lost. */
export class EngineLost extends Error {
  readonly problem: WitanFailure;

  constructor(problem: WitanFailure) {
    super(problem.code);
    this.problem = problem;
  }
}

interface Turn {
  readonly run: () => Promise<void>;
  readonly drop: () => void;
}

/**
 * The actions of one wllama instance, one at a time. wllama itself sends them all to its worker at once; when one of them
 * then throws in C++ (a token that is half a character, a schema it cannot read) it rejects every other one too, so a
 * fault of one answer would end its neighbours. One at a time only the culprit hears of it. And a cancel does not queue
 * behind the steps of the others: it waits for the one step that runs.
 *
 * A step (`get_result`) decodes one token for every running request, or one batch of a prompt, and returns one result of
 * the request that it names.
 */
export class WllamaActions {
  readonly #proxy: WllamaProxy;
  readonly #pace: () => Promise<void>;
  readonly #urgent: Turn[] = [];
  readonly #steps: Turn[] = [];
  #running = false;
  #lost: EngineLost | null = null;
  #onLost: (lost: EngineLost) => void = () => undefined;
  #wake: () => void = () => undefined;

  /** @param pace awaited before each step */
  constructor(proxy: WllamaProxy, pace: () => Promise<void>) {
    this.#proxy = proxy;
    this.#pace = pace;
  }

  /** Runs an action before any step that waits. @throws EngineLost, or what wllama throws */
  now(name: string, body: object): Promise<unknown> {
    return this.#enqueue(this.#urgent, null, name, body);
  }

  /**
   * Runs a step when its turn has come and the pace allows it.
   * @returns null when `signal` aborted before it began
   * @throws EngineLost, or what wllama throws
   */
  step(signal: AbortSignal, name: string, body: object): Promise<unknown> {
    if (signal.aborted) return Promise.resolve(null);
    return this.#enqueue(this.#steps, signal, name, body);
  }

  /** Fails what runs and what waits, and everything that comes after. */
  lose(problem: WitanFailure): void {
    if (this.#lost !== null) return;
    this.#lost = new EngineLost(problem);
    this.#onLost(this.#lost);
    for (const turn of [...this.#urgent.splice(0), ...this.#steps.splice(0)]) turn.drop();
    this.#wake();
  }

  #enqueue(queue: Turn[], signal: AbortSignal | null, name: string, body: object): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const forget = (): void => {
        signal?.removeEventListener('abort', onAbort);
      };
      const onAbort = (): void => {
        const index = queue.indexOf(turn);
        if (index < 0) return; // it runs already
        queue.splice(index, 1);
        resolve(null);
      };
      const turn: Turn = {
        drop: () => {
          forget();
          reject(this.#lost ?? new Error('dropped'));
        },
        run: () => {
          forget();
          return this.#act(name, body).then(resolve, reject);
        },
      };
      if (this.#lost !== null) {
        reject(this.#lost);
        return;
      }
      signal?.addEventListener('abort', onAbort, { once: true });
      queue.push(turn);
      if (queue === this.#urgent) this.#wake();
      void this.#drain();
    });
  }

  /** What waits for a lost worker waits for ever. */
  #act(name: string, body: object): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.#onLost = reject;
      this.#proxy.wllamaAction(name, body).then(resolve, reject);
    });
  }

  async #drain(): Promise<void> {
    if (this.#running) return;
    this.#running = true;
    for (;;) {
      const urgent = this.#urgent.shift();
      if (urgent !== undefined) {
        await urgent.run();
        continue;
      }
      if (this.#steps.length === 0) break;
      const urgentCame = new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      await Promise.race([this.#pace(), urgentCame]);
      if (this.#urgent.length === 0) await this.#steps.shift()?.run();
    }
    this.#running = false;
  }
}
