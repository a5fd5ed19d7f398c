import { err, ok } from '#kernel/result';
import { untilAborted } from '#kernel/until-aborted';
import type { GenerateRequest, Generation } from '#contracts/engine';
import { failure, type Outcome } from '#contracts/errors';
import type { AnswerCollector } from './answer-collector.ts';
import type { LanguageModelSession, PromptOptions } from './language-model.ts';

export interface SessionQuestion {
  readonly session: LanguageModelSession;
  readonly request: GenerateRequest;
  readonly constraint: Pick<PromptOptions, 'responseConstraint'>;
  readonly collector: AnswerCollector;
  /** Name of the model, for errors. */
  readonly model: string;
  /** Called with each piece: a sign of life. */
  readonly onPiece: () => void;
}

/**
 * Puts one question to a session of its own and reads the answer to its end or to `maxTokens` pieces.
 * Errors: context-exceeded. Rejects with whatever the browser throws.
 * @returns null as soon as `signal` aborts
 */
export async function sessionAnswer(
  signal: AbortSignal,
  question: SessionQuestion,
): Promise<Outcome<Generation> | null> {
  const { session, request, constraint, collector, model } = question;
  const options = { signal, ...constraint };
  // Where it cannot be measured the browser will tell when the question is too long.
  const measuring = session.measureContextUsage(request.prompt, options).catch(() => 0);
  const measured = await untilAborted(measuring, signal);
  if (measured === null) return null;
  const needed = session.contextUsage + measured;
  collector.promptTokens = needed;
  if (needed > session.contextWindow)
    return err(failure('context-exceeded', { model, needed, available: session.contextWindow }));
  const reader = session.promptStreaming(request.prompt, options).getReader();
  while (collector.pieces < request.maxTokens) {
    const piece = await untilAborted(reader.read(), signal);
    if (piece === null) return null;
    if (piece.done) return ok(collector.end('stop'));
    question.onPiece();
    collector.take(piece.value);
  }
  return ok(collector.end('length'));
}
