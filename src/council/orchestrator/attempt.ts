import type { Passage } from '#kernel/circuit-breaker';
import type { Clock } from '#kernel/clock';
import { err } from '#kernel/result';
import { SilenceWatch } from '#kernel/silence-watch';
import type { Engine, Generation, TokenChunk } from '#contracts/engine';
import { failure, failureOf, type ErrorCode, type Outcome } from '#contracts/errors';
import type { Ticket } from './ticket.ts';

/** How long silence is borne, ms. */
export interface Patience {
  readonly firstTokenMs: number;
  readonly tokenGapMs: number;
  /** From a stop to its end. */
  readonly stopMs: number;
}

/**
 * Wider than the engine's own watch, which knows of batches of a long prompt and can end its worker: this one is for engines
 * without, and for a watch that fails.
 */
export const PATIENCE: Patience = { firstTokenMs: 120_000, tokenGapMs: 20_000, stopMs: 10_000 };

/** The request's own fault, or nobody's: it says nothing of the engine. */
const INNOCENT: ReadonlySet<ErrorCode> = new Set([
  'cancelled',
  'context-exceeded',
  'request-unsupported',
  'consent-required',
  'slots-exhausted',
  'prompt-empty',
  'prompt-too-long',
]);

/** It would fail everywhere. */
const HOPELESS: ReadonlySet<ErrorCode> = new Set([
  'context-exceeded',
  'request-unsupported',
  'consent-required',
  'prompt-empty',
  'prompt-too-long',
]);

export function isReplicaFault(code: ErrorCode): boolean {
  return !INNOCENT.has(code);
}

/** Another replica may well answer what failed here. `cancelled`: this one was taken down on purpose. */
export function mayAskElsewhere(code: ErrorCode): boolean {
  return !HOPELESS.has(code);
}

export interface AttemptListeners {
  /** Once, unless the ticket has settled by itself. @param begun tokens had come: what follows could only repeat them */
  readonly onEnd: (outcome: Outcome<Generation>, begun: boolean) => void;
  /** It was stopped and does not end: its slot is lost until it does. */
  readonly onStuck: () => void;
  /** Once: the engine is done with it, and the slot is free. Comes before `onEnd` when both come together. */
  readonly onFree: (outcome: Outcome<Generation>) => void;
}

/** Asks one engine for a ticket's answer, gives it up when it goes silent, and tells the breaker how it was. */
export function attempt(
  clock: Clock,
  engine: Engine,
  passage: Passage,
  ticket: Ticket,
  patience: Patience,
  { onEnd, onStuck, onFree }: AttemptListeners,
): void {
  const watch = new SilenceWatch(clock, ticket.signal);
  let begun = false;
  let over = false;
  let done = false;
  let endGrace = (): void => undefined;
  const end = (outcome: Outcome<Generation>): void => {
    if (over) return;
    over = true;
    onEnd(outcome, begun);
  };
  watch.signal.addEventListener('abort', () => {
    if (done) return;
    endGrace = clock.after(patience.stopMs, () => {
      passage.failed();
      onStuck();
    });
    const { silence } = watch;
    if (silence === null) {
      over = true; // the ticket has its outcome
      return;
    }
    passage.failed();
    end(err(failure('worker-silent', { member: ticket.modelId, ...silence })));
  });
  const onChunk = (chunk: TokenChunk): void => {
    if (over) return;
    if (!begun) passage.alive();
    begun = true;
    watch.allow(patience.tokenGapMs, 'token-gap');
    ticket.take(chunk);
  };
  watch.allow(patience.firstTokenMs, 'first-token');
  void answerOf(() => engine.generate(watch.signal, ticket.request, onChunk)).then((outcome) => {
    done = true;
    endGrace();
    watch.end();
    if (over || (outcome.ok ? outcome.value.finish === 'cancelled' : !isReplicaFault(outcome.error.code)))
      passage.abandoned();
    else if (outcome.ok) passage.succeeded();
    else passage.failed();
    onFree(outcome);
    end(outcome);
  });
}

async function answerOf(ask: () => Promise<Outcome<Generation>>): Promise<Outcome<Generation>> {
  try {
    return await ask();
  } catch (thrown) {
    return err(failureOf(thrown));
  }
}
