import { createParser } from 'eventsource-parser';
import * as v from 'valibot';
import { jsonOf } from './error-body.ts';

/** One event of a chat stream, read. `error` holds what the server sent in the place of an answer. */
export type ChatEvent =
  | { readonly type: 'delta'; readonly delta: ChatDelta }
  | { readonly type: 'error'; readonly body: unknown }
  | { readonly type: 'done' }
  | { readonly type: 'unreadable'; readonly reason: 'not-json' | 'not-a-chunk' | 'endless-event' };

export interface ChatDelta {
  /** Text of the answer in this event; empty when there is none. */
  readonly text: string;
  /** True when the event brought tokens, those of a model's thinking included, which are no part of the answer. */
  readonly tokens: boolean;
  readonly finish: string | null;
  readonly logprobs: readonly { readonly token: string; readonly logprob: number }[];
  readonly promptTokens: number | null;
  readonly completionTokens: number | null;
  /** llama.cpp's own prefill figure, tokens per second. */
  readonly prefillTokensPerSecond: number | null;
  /** llama.cpp's own decode figure. */
  readonly decodeTokensPerSecond: number | null;
}

/** Longest event that is held, in characters: far above any chunk, far below what hurts. */
const EVENT_LIMIT = 1_048_576;

const figure = v.nullish(v.number());
const words = v.nullish(v.string());
const ChunkSchema = v.object({
  choices: v.nullish(
    v.array(
      v.object({
        delta: v.nullish(v.object({ content: words, reasoning: words, reasoning_content: words })),
        finish_reason: words,
        logprobs: v.nullish(
          v.object({ content: v.nullish(v.array(v.object({ token: v.string(), logprob: v.number() }))) }),
        ),
      }),
    ),
  ),
  usage: v.nullish(v.object({ prompt_tokens: figure, completion_tokens: figure })),
  timings: v.nullish(v.object({ prompt_per_second: figure, predicted_per_second: figure })),
});

/**
 * Turns the bytes of a stream into chat events. Characters cut in two by the network are put together again; an event
 * that does not end is given up at 1 MiB.
 */
export class ChatEventReader {
  readonly #decoder = new TextDecoder();
  #events: ChatEvent[] = [];
  #broken = false;
  readonly #parser = createParser({
    maxBufferSize: EVENT_LIMIT,
    onEvent: ({ event, data }) => {
      this.#events.push(readEvent(event, data));
    },
    onError: (problem) => {
      if (problem.type === 'max-buffer-size-exceeded') {
        this.#broken = true;
        this.#events.push({ type: 'unreadable', reason: 'endless-event' });
      } else if (problem.field === 'error') {
        // llama.cpp before 2025-10 wrote `error: {…}`, a field that the format does not have.
        this.#events.push({ type: 'error', body: { error: jsonOf(problem.value ?? '') ?? problem.value } });
      }
      // Other unknown fields are skipped, as the format demands.
    },
  });

  /** @returns the events that these bytes completed, in order */
  feed(bytes: Uint8Array): readonly ChatEvent[] {
    return this.#take(this.#decoder.decode(bytes, { stream: true }));
  }

  /** The stream has ended. @returns an event whose empty line the server left out; half an event is none */
  end(): readonly ChatEvent[] {
    return this.#take(`${this.#decoder.decode()}\n\n`).filter(({ type }) => type !== 'unreadable');
  }

  #take(text: string): readonly ChatEvent[] {
    if (!this.#broken) this.#parser.feed(text);
    const events = this.#events;
    this.#events = [];
    return events;
  }
}

function readEvent(name: string | undefined, data: string): ChatEvent {
  if (data.trim() === '[DONE]') return { type: 'done' };
  const body = jsonOf(data);
  if (name === 'error') return { type: 'error', body: body ?? { error: data } };
  if (body === undefined) return { type: 'unreadable', reason: 'not-json' };
  if (typeof body === 'object' && body !== null && isError(body)) return { type: 'error', body };
  const chunk = v.safeParse(ChunkSchema, body);
  return chunk.success
    ? { type: 'delta', delta: readChunk(chunk.output) }
    : { type: 'unreadable', reason: 'not-a-chunk' };
}

function isError(body: object): boolean {
  const error: unknown = Reflect.get(body, 'error');
  return (error !== undefined && error !== null) || Reflect.get(body, 'object') === 'error';
}

function readChunk({ choices, usage, timings }: v.InferOutput<typeof ChunkSchema>): ChatDelta {
  const choice = choices?.[0];
  const text = choice?.delta?.content ?? '';
  const thinking = choice?.delta?.reasoning_content ?? choice?.delta?.reasoning ?? '';
  return {
    text,
    tokens: text !== '' || thinking !== '',
    finish: choice?.finish_reason ?? null,
    logprobs: (choice?.logprobs?.content ?? []).map(({ token, logprob }) => ({ token, logprob })),
    promptTokens: usage?.prompt_tokens ?? null,
    completionTokens: usage?.completion_tokens ?? null,
    prefillTokensPerSecond: timings?.prompt_per_second ?? null,
    decodeTokensPerSecond: timings?.predicted_per_second ?? null,
  };
}
