import type { WllamaProxy } from '../../../../workers/inference/wllama-inner-worker.ts';

/** An action that has reached wllama, settled by the test. */
export interface Action {
  readonly name: string;
  readonly body: Readonly<Record<string, unknown>>;
  readonly answer: (result: unknown) => void;
  readonly fail: (thrown: unknown) => void;
}

/** wllama's worker as its actions see it: each waits until the test settles it. */
export class ScriptedCore implements WllamaProxy {
  readonly actions: Action[] = [];

  wllamaAction(name: string, body: object): Promise<unknown> {
    return new Promise((answer, fail) => {
      this.actions.push({ name, body: body as Record<string, unknown>, answer, fail });
    });
  }

  /** Each action's name, with the request that it is for. */
  get names(): string[] {
    return this.actions.map(({ name, body }) => {
      const id = body['req_id'];
      return typeof id === 'number' ? `${name} ${id}` : name;
    });
  }

  /** The action at `index`, which must have come. */
  at(index: number): Action {
    const found = this.actions[index];
    if (found === undefined) throw new Error(`only ${String(this.actions.length)} actions came`);
    return found;
  }

  /** The latest action. */
  get last(): Action {
    return this.at(this.actions.length - 1);
  }
}

/** A result of `get_result`, as the server core of llama.cpp b11364 writes it. */
export function result(data: unknown, hasMore = true): object {
  const json = data === undefined ? '' : JSON.stringify(data);
  return { success: true, has_more: hasMore, is_error: false, data_json: json };
}

export function errorResult(message: string): object {
  const data_json = JSON.stringify({ code: 400, message, type: 'invalid_request_error' });
  return { success: true, has_more: false, is_error: true, data_json };
}

export function chunk(content: string | null, more: object = {}, ending: object = {}): object {
  return {
    object: 'chat.completion.chunk',
    choices: [{ finish_reason: null, index: 0, delta: { content }, ...more }],
    ...ending,
  };
}

export const TIMINGS = { cache_n: 2, prompt_n: 10, prompt_per_second: 100, predicted_n: 3, predicted_ms: 5 };

export const lastChunk = (finish: string): object =>
  chunk(null, { finish_reason: finish }, { timings: TIMINGS });
