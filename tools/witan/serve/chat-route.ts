import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock } from '../../../src/kernel/clock.ts';
import { err, type Result } from '../../../src/kernel/result.ts';
import { answer } from './answering.ts';
import { apiError, type ApiError } from './api-error.ts';
import { askingOf, COUNCIL_MODEL, type AskingRules } from './asking.ts';
import type { Backend } from './backend.ts';
import { readChat } from './chat-request.ts';
import { ChatStream } from './chat-stream.ts';
import { completionBody, type Completion, type CompletionHead } from './completion.ts';
import { readJson } from './read-body.ts';
import { sendError, sendJson } from './send.ts';
import type { TurnQueue } from './turn-queue.ts';

export interface ChatContext {
  readonly backend: Backend;
  readonly queue: TurnQueue;
  readonly clock: Clock;
  readonly rules: AskingRules;
  readonly newId: () => string;
}

/** What the access log says of a chat: figures, never words of it. */
export interface ChatNote {
  readonly model: string;
  readonly note: string;
}

/** A page that is started again is there within about this time. */
const RESTART_RETRY_S = 5;
const UNREAD: ChatNote = { model: '-', note: '' };

/**
 * `POST /v1/chat/completions`, to its end.
 * @param signal aborts when the client has gone, or the server must not wait any longer
 */
export async function chat(
  signal: AbortSignal,
  request: IncomingMessage,
  response: ServerResponse,
  context: ChatContext,
): Promise<ChatNote> {
  const body = await readJson(request);
  if (body === null) return UNREAD;
  const read = body.ok ? readChat(body.value) : body;
  if (!read.ok) return refused(response, read.error, UNREAD.model);
  const { model, stream, includeUsage } = read.value;
  const unknown = refusalOf(context.backend, model);
  // A name that nobody has may be anything, words of the prompt included: it is not logged.
  if (unknown !== null) return refused(response, unknown, UNREAD.model);
  const asking = askingOf(read.value, context.rules);
  if (!asking.ok) return refused(response, asking.error, model);
  const head: CompletionHead = {
    id: `chatcmpl-${context.newId()}`,
    created: Math.floor(context.clock.epochMs() / 1000),
    model,
  };
  const events = stream ? new ChatStream(response, context.clock, head, includeUsage) : null;
  const answered = await inTurn(signal, context.queue, () =>
    answer(signal, context.backend, asking.value, {
      text: (piece) => {
        if (!signal.aborted) events?.text(piece);
      },
      working: (words) => {
        events?.working(words);
      },
    }),
  );
  if (signal.aborted && (answered === null || response.destroyed)) {
    events?.close();
    return { model, note: 'gone' };
  }
  if (answered === null || !answered.ok) {
    const problem = answered?.error ?? stopping();
    if (events?.open !== true) {
      events?.close();
      return refused(response, problem, model);
    }
    events.fail(problem);
    return { model, note: problem.code };
  }
  if (events === null) sendJson(response, 200, completionBody(head, answered.value));
  else events.end(answered.value);
  const { prompt_tokens: asked, completion_tokens: written } = answered.value.usage;
  return { model, note: `${asked}+${written} tokens${stream ? ' streamed' : ''}` };
}

/** Why nobody can be asked under this name; null when somebody can. */
function refusalOf(backend: Backend, model: string): ApiError | null {
  if (backend.state !== 'ready') return notReady(backend);
  if (model === COUNCIL_MODEL || backend.members().some(({ id }) => id === model)) return null;
  const named = JSON.stringify(model.slice(0, 80));
  return apiError(404, 'model_not_found', `The model ${named} does not exist; GET /v1/models lists all.`, {
    param: 'model',
  });
}

export function notReady({ state }: Pick<Backend, 'state'>): ApiError {
  return state === 'starting'
    ? apiError(503, 'starting', 'The council is being started again.', { retryAfterS: RESTART_RETRY_S })
    : stopping();
}

export function stopping(): ApiError {
  return apiError(503, 'stopping', 'The server is being stopped.');
}

/** Null: the signal aborted before its turn came. */
async function inTurn(
  signal: AbortSignal,
  queue: TurnQueue,
  task: () => Promise<Result<Completion, ApiError>>,
): Promise<Result<Completion, ApiError> | null> {
  const turn = await queue.enter(signal);
  if (turn.type === 'gone') return null;
  if (turn.type === 'refused') {
    const { retryAfterS } = turn;
    return err(apiError(429, 'queue_full', 'Too many questions are waiting.', { retryAfterS }));
  }
  try {
    return await task();
  } finally {
    turn.end();
  }
}

function refused(response: ServerResponse, problem: ApiError, model: string): ChatNote {
  sendError(response, problem);
  return { model, note: problem.code };
}
