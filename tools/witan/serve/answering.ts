import { err, ok, type Result } from '../../../src/kernel/result.ts';
import type { Deliberation } from '../../../src/contracts/deliberation.ts';
import { apiError, ofFailure, type ApiError } from './api-error.ts';
import type { CouncilAsking, MemberAsking } from './asking.ts';
import type { Backend } from './backend.ts';
import {
  declinedWords,
  usageOfMember,
  usageOfRound,
  witanOfMember,
  witanOfRound,
  type Completion,
} from './completion.ts';
import { RoundEar, withinTokens } from './round-answer.ts';
import { StopSequence } from './stop-sequence.ts';

/** Where an answer goes while it comes. */
export interface Listener {
  readonly text: (piece: string) => void;
  /** How far it is, in words. */
  readonly working: (words: string) => void;
}

type Answer = Promise<Result<Completion, ApiError>>;

/** Asks whom the request names. On abort the answer is of no interest: nobody is there to take it. */
export function answer(
  signal: AbortSignal,
  backend: Backend,
  asking: CouncilAsking | MemberAsking,
  listener: Listener,
): Answer {
  return asking.type === 'council'
    ? answerOfCouncil(signal, backend, asking, listener)
    : answerOfMember(signal, backend, asking, listener);
}

/** The council has no words before it has decided; then it has them all at once. */
async function answerOfCouncil(
  signal: AbortSignal,
  backend: Backend,
  { prompt, history, seed, maxTokens, stop, leftOut, leaveOutHistory }: CouncilAsking,
  listener: Listener,
): Answer {
  const ear = new RoundEar();
  const cut = (text: string): string => {
    const sequence = new StopSequence(stop);
    return sequence.take(text) + sequence.rest();
  };
  let said: string | null = null;
  const asked = await backend.ask(signal, { prompt, history, leaveOutHistory, seed }, (news) => {
    ear.hear(news);
    listener.working(ear.words);
    // With a limit it is not known yet how many tokens the words are.
    if (news.type !== 'decided' || maxTokens !== null) return;
    said = cut(news.answer);
    listener.text(said);
  });
  if (!asked.ok) return err(ofFailure(asked.error));
  const record = asked.value;
  const words = wordsOf(record);
  if (!words.ok) return words;
  const limited = withinTokens(record, words.value, ear, maxTokens);
  const text: string = said ?? cut(limited.text);
  if (said === null) listener.text(text);
  return ok({
    text,
    finish: text.length < limited.text.length ? 'stop' : limited.finish,
    usage: usageOfRound(record),
    witan: witanOfRound(record, leftOut),
  });
}

function wordsOf(record: Deliberation): Result<string, ApiError> {
  if (record.answer !== null) return ok(record.answer);
  if (record.outcome === 'abstained') return ok(declinedWords(record));
  const faults = record.members.map(({ id, status, error }) => `${id}: ${error ?? status}`).join(', ');
  return record.outcome === 'stopped'
    ? err(apiError(503, 'stopped', 'The round was stopped before there was an answer.'))
    : err(apiError(503, 'council_failed', `No member of the council could answer (${faults}).`));
}

async function answerOfMember(
  signal: AbortSignal,
  backend: Backend,
  { memberId, request, stop, leaveOut }: MemberAsking,
  listener: Listener,
): Answer {
  const sequence = new StopSequence(stop);
  const enough = new AbortController();
  let heard = '';
  let text = '';
  const say = (piece: string): void => {
    text += piece;
    listener.text(piece);
  };
  const take = (piece: string): void => {
    heard += piece;
    say(sequence.take(piece));
    if (sequence.stopped) enough.abort();
  };
  const both = AbortSignal.any([signal, enough.signal]);
  const answered = await backend.generate(both, { memberId, request, leaveOut }, take);
  if (!answered.ok) return err(ofFailure(answered.error));
  const { generation } = answered.value;
  if (!sequence.stopped && !generation.text.startsWith(heard)) {
    // Its engine was lost, and the second one says something else: what was streamed cannot be taken back.
    return err(apiError(503, 'member_lost', 'The answer was begun anew and came out otherwise.'));
  }
  // The result may be here before the last piece of the stream.
  take(generation.text.slice(heard.length));
  say(sequence.rest());
  if (generation.finish === 'cancelled' && !sequence.stopped) {
    return err(apiError(503, 'stopped', 'The answer was stopped before its end.'));
  }
  return ok({
    text,
    finish: generation.finish === 'length' && !sequence.stopped ? 'length' : 'stop',
    usage: usageOfMember(generation),
    witan: witanOfMember(memberId, answered.value),
  });
}
