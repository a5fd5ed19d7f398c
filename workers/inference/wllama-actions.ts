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
  /** Whose step it is; null for what is urgent. */
  readonly owner: AbortSignal | null;
  readonly run: () => Promise<void>;
  readonly drop: () => void;
}

/** Steps of one request that wllama may have at once: one that it works on, and one that it goes on with unasked. */
const STEPS_UNDER_WAY = 2;

/**
 * The actions of one wllama instance, one at a time. wllama itself sends them all to its worker at once; when one of them
 * then throws in C++ (a token that is half a character, a schema it cannot read) it rejects every other one too, so a
 * fault of one answer would end its neighbours. One at a time only the culprit hears of it. And a cancel does not queue
 * behind the steps of the others: it waits for the one step that runs.
 *
 * The exception is a request that asks for its next step ahead, before it has the result of the last: when nobody else
 * waits, both are sent, and wllama does not stand idle while the result of one step travels and the next is asked for.
 *
 * A step (`get_result`) decodes one token for every running request, or one batch of a prompt, and returns one result of
 * the request that it names; for a request that has ended it returns nothing, at once.
 */
export class WllamaActions {
  readonly #proxy: WllamaProxy;
  readonly #pace: () => Promise<void>;
  readonly #urgent: Turn[] = [];
  readonly #steps: Turn[] = [];
  readonly #underWay = new Set<Turn>();
  /** Fail the actions that wllama has. */
  readonly #failures = new Set<(lost: EngineLost) => void>();
  /** Whether the next step may go, is being asked for, or was not asked for yet. */
  #leave: 'given' | 'asked' | 'none' = 'none';
  #lost: EngineLost | null = null;

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
   * @param signal that of the request; steps with the same one may be under way together
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
    for (const fail of [...this.#failures]) fail(this.#lost);
    for (const turn of [...this.#urgent.splice(0), ...this.#steps.splice(0)]) turn.drop();
  }

  #enqueue(queue: Turn[], owner: AbortSignal | null, name: string, body: object): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const forget = (): void => {
        owner?.removeEventListener('abort', onAbort);
      };
      const onAbort = (): void => {
        const index = queue.indexOf(turn);
        if (index < 0) return; // it runs already
        queue.splice(index, 1);
        resolve(null);
        this.#advance();
      };
      const turn: Turn = {
        owner,
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
      owner?.addEventListener('abort', onAbort, { once: true });
      queue.push(turn);
      this.#advance();
    });
  }

  /** What waits for a lost worker waits for ever. */
  #act(name: string, body: object): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.#failures.add(reject);
      this.#proxy
        .wllamaAction(name, body)
        .then(resolve, reject)
        .finally(() => this.#failures.delete(reject));
    });
  }

  /** Sends whatever may be sent now. */
  #advance(): void {
    const [next] = this.#steps;
    // A leave that nobody is left to take is void: who comes later asks at its own time.
    if (next === undefined && this.#leave === 'given') this.#leave = 'none';
    if (this.#urgent.length > 0) {
      if (this.#underWay.size === 0) this.#send(this.#urgent);
      return;
    }
    if (next === undefined || !this.#mayFollow(next)) return;
    if (this.#leave === 'none') void this.#askLeave();
    if (this.#leave !== 'given') return;
    this.#leave = 'none';
    this.#send(this.#steps);
    this.#advance();
  }

  #mayFollow({ owner }: Turn): boolean {
    return this.#underWay.size < STEPS_UNDER_WAY && [...this.#underWay].every((turn) => turn.owner === owner);
  }

  async #askLeave(): Promise<void> {
    this.#leave = 'asked';
    await this.#pace();
    this.#leave = 'given';
    this.#advance();
  }

  #send(queue: Turn[]): void {
    const turn = queue.shift();
    if (turn === undefined) return;
    this.#underWay.add(turn);
    void turn.run().then(() => {
      this.#underWay.delete(turn);
      this.#advance();
    });
  }
}
