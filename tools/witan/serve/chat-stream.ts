import type { ServerResponse } from 'node:http';
import type { Clock } from '../../../src/kernel/clock.ts';
import { errorBody, type ApiError } from './api-error.ts';
import { chunkBody, type Completion, type CompletionHead } from './completion.ts';

/**
 * Proxies and clients give a silent line up after some 30 s; a comment well within that keeps it. Errors that come before
 * the first comment still have a status of their own.
 */
const KEEP_ALIVE_MS = 10_000;

export type StreamTarget = Pick<ServerResponse, 'writeHead' | 'write' | 'end' | 'headersSent' | 'destroyed'>;

/** An event of a stream, as it stands on the wire. JSON has no line breaks, so one line carries it. */
export function eventText(data: object | '[DONE]'): string {
  return `data: ${typeof data === 'string' ? data : JSON.stringify(data)}\n\n`;
}

/** A line that clients skip. */
export function commentText(words: string): string {
  return `: ${words.replace(/[\r\n]+/g, ' ')}\n\n`;
}

/** One answer as server-sent events: role, content as it comes, the reason of the end, usage, [DONE]. */
export class ChatStream {
  readonly #target: StreamTarget;
  readonly #clock: Clock;
  readonly #head: CompletionHead;
  readonly #includeUsage: boolean;
  #words = 'waiting';
  #began = false;
  #cancelKeepAlive: () => void = () => undefined;

  constructor(target: StreamTarget, clock: Clock, head: CompletionHead, includeUsage: boolean) {
    this.#target = target;
    this.#clock = clock;
    this.#head = head;
    this.#includeUsage = includeUsage;
    this.#rearm();
  }

  /** True once something was sent: an error can only be an event then. */
  get open(): boolean {
    return this.#target.headersSent;
  }

  /** What the next comment will say. */
  working(words: string): void {
    this.#words = words;
  }

  text(piece: string): void {
    if (piece === '') return;
    this.#role();
    this.#send(this.#with(chunkBody(this.#head, { content: piece }, null)));
  }

  end({ finish, usage, witan }: Completion): void {
    this.#role();
    this.#send({ ...this.#with(chunkBody(this.#head, {}, finish)), witan });
    if (this.#includeUsage) this.#send({ ...chunkBody(this.#head, {}, null), choices: [], usage });
    this.#write(eventText('[DONE]'));
    this.close();
  }

  /** An error in the middle: without [DONE], so that nobody takes the half for the whole. */
  fail(problem: ApiError): void {
    this.#send(errorBody(problem));
    this.close();
  }

  /** Ends the line as it is. */
  close(): void {
    this.#cancelKeepAlive();
    if (this.open && !this.#target.destroyed) this.#target.end();
  }

  #role(): void {
    if (this.#began) return;
    this.#began = true;
    this.#send(this.#with(chunkBody(this.#head, { role: 'assistant', content: '' }, null)));
  }

  /** Where usage was asked for, every other chunk says that it has none (OpenAI's reference, `stream_options`). */
  #with(chunk: object): object {
    return this.#includeUsage ? { ...chunk, usage: null } : chunk;
  }

  #send(data: object): void {
    this.#write(eventText(data));
  }

  #write(text: string): void {
    if (this.#target.destroyed) return;
    this.#rearm();
    if (!this.#target.headersSent) {
      this.#target.writeHead(200, {
        'content-type': 'text/event-stream; charset=utf-8',
        // nginx and its kin hold an answer back until it is whole unless told not to.
        'x-accel-buffering': 'no',
      });
    }
    this.#target.write(text);
  }

  #rearm(): void {
    this.#cancelKeepAlive();
    this.#cancelKeepAlive = this.#clock.after(KEEP_ALIVE_MS, () => {
      this.#write(commentText(this.#words));
    });
  }
}
