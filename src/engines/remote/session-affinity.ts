import { crc32 } from '#kernel/crc32';
import type { GenerateRequest } from '#contracts/engine';

/** Conversations remembered; the oldest is forgotten first. A tab has a few dozen at most. */
const REMEMBERED = 128;

/**
 * What stays the same over all turns of a conversation: its instruction and its first question. Servers cache prompts
 * by their beginning, so two conversations that begin alike share an endpoint, which is what the cache wants too.
 */
export function conversationKey(request: GenerateRequest): string {
  const first = request.history?.[0]?.content ?? request.prompt;
  const text = `${request.system ?? ''}\u0000${first}`;
  return `${String(text.length)}:${String(crc32(new TextEncoder().encode(text)))}`;
}

/** Which endpoint answered a conversation last. Least recently used conversations are forgotten. */
export class SessionAffinity {
  readonly #endpoints = new Map<string, string>();

  endpointOf(conversation: string): string | null {
    return this.#endpoints.get(conversation) ?? null;
  }

  bind(conversation: string, endpointId: string): void {
    this.#endpoints.delete(conversation); // so that it becomes the newest
    this.#endpoints.set(conversation, endpointId);
    const oldest = this.#endpoints.keys().next();
    if (this.#endpoints.size > REMEMBERED && oldest.done !== true) this.#endpoints.delete(oldest.value);
  }
}
