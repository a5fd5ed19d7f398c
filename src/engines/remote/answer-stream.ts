import type { Clock } from '#kernel/clock';
import { pause } from '#kernel/pause';
import { err, ok } from '#kernel/result';
import type { SilenceWatch } from '#kernel/silence-watch';
import { untilAborted } from '#kernel/until-aborted';
import type { Generation, Pacing } from '#contracts/engine';
import { failure, type Outcome } from '#contracts/errors';
import type { AnswerCollector } from './answer-collector.ts';
import { ChatEventReader, type ChatEvent } from './chat-events.ts';
import { endedBy, hangUp } from './http-exchange.ts';
import { failureOfEvent, failureOfThrown, unreadable, type About } from './remote-errors.ts';

/** No answer is this long; a server that never ends is. */
const ANSWER_LIMIT_BYTES = 33_554_432;
/** How long a server may take to close its stream after the last word, so that the connection can serve again. */
const CLOSING_MS = 250;
/** How long the usage, which comes after the last token, is waited for. */
const TRAILER_MS = 2_000;

/**
 * Holds the reading back while whoever takes the chunks does not keep up: a stream that is not read fills the buffers
 * between, and then the server waits.
 */
export type Hold = () => Promise<void>;
export const NO_HOLD: Hold = () => Promise.resolve();

export interface Reading {
  readonly clock: Clock;
  readonly watch: SilenceWatch;
  readonly collector: AnswerCollector;
  readonly pacing: () => Pacing;
  readonly hold: Hold;
  readonly tokenGapMs: number;
  readonly about: About;
  /** Called with the first token. */
  readonly onBegun: () => void;
}

type Ending = Exclude<Generation['finish'], 'cancelled'>;
type Reader = ReadableStreamDefaultReader<Uint8Array>;

/**
 * Reads an answer to its end. After a success the watch ends by itself; after a failure the caller has to end it.
 * With a decode delay the stream is read more slowly; the server notices only when the buffers between are full, so
 * this spares the page, not the server.
 *
 * Errors: remote-silent (nothing came for `tokenGapMs`, or the line was cut), remote-failed (unreadable),
 * remote-unreachable (cut before the first token), what the server says inside the stream, cancelled.
 */
export async function readAnswer(reader: Reader, reading: Reading): Promise<Outcome<Ending>> {
  let whole = false;
  try {
    const ended = await readEvents(reader, reading);
    whole = ended.ok;
    return ended;
  } finally {
    if (!whole) hangUp(reader);
  }
}

async function readEvents(reader: Reader, reading: Reading): Promise<Outcome<Ending>> {
  const { watch, collector, about } = reading;
  const events = new ChatEventReader();
  let finish: string | null = null;
  let bytes = 0;
  for (;;) {
    const piece = await nextPiece(reader, reading);
    if (!piece.ok) {
      // The answer was whole already: a server that neither says [DONE] nor hangs up takes nothing from it.
      return finish === null || piece.error.code === 'cancelled' ? piece : closed(reader, reading, finish);
    }
    bytes += piece.value.value?.byteLength ?? 0;
    const batch = piece.value.done ? events.end() : events.feed(piece.value.value);
    for (const event of batch) {
      if (event.type === 'done') return closed(reader, reading, finish);
      if (event.type !== 'delta') return err(failureOf(event, about));
      finish = event.delta.finish ?? finish;
      await take(event.delta, reading);
      if (watch.signal.aborted) return err(endedBy(watch, about));
    }
    if (piece.value.done && finish === null) return err(endedEarly(collector, about));
    if (piece.value.done) return closed(reader, reading, finish);
    if (bytes > ANSWER_LIMIT_BYTES) return err(unreadable('endless-answer', about));
  }
}

async function nextPiece(
  reader: Reader,
  { watch, collector, about }: Reading,
): Promise<Outcome<ReadableStreamReadResult<Uint8Array>>> {
  try {
    const piece = watch.signal.aborted ? null : await untilAborted(reader.read(), watch.signal);
    return piece === null ? err(endedBy(watch, about)) : ok(piece);
  } catch (thrown) {
    return err(
      watch.signal.aborted ? endedBy(watch, about) : failureOfThrown(thrown, about, collector.begun),
    );
  }
}

async function take(delta: Parameters<AnswerCollector['add']>[0], reading: Reading): Promise<void> {
  const { collector, watch, clock } = reading;
  const first = delta.tokens && !collector.begun;
  collector.add(delta);
  if (first) reading.onBegun();
  const { decodeDelayMs } = reading.pacing();
  if (delta.tokens) {
    watch.rest(); // it is not the server's turn
    if (decodeDelayMs > 0) await pause(clock, watch.signal, decodeDelayMs);
    await untilAborted(reading.hold(), watch.signal);
  }
  // An event without tokens is no sign of life: it must not keep a stalled answer alive.
  if (delta.finish !== null) watch.allow(TRAILER_MS, 'trailer');
  else if (delta.tokens) watch.allow(reading.tokenGapMs, 'token-gap');
}

/** After the last word: the rest is read on the side, for a short while, so that the connection is not torn down. */
function closed(reader: Reader, { watch, about }: Reading, finish: string | null): Outcome<Ending> {
  watch.allow(CLOSING_MS, 'closing');
  const drain = async (): Promise<void> => {
    try {
      while (!watch.signal.aborted) {
        const piece = await untilAborted(reader.read(), watch.signal);
        if (piece === null || piece.done) break;
      }
    } catch {
      // The answer is whole; how the line ends is of no interest.
    }
    hangUp(reader);
    watch.end();
  };
  void drain();
  return ending(finish ?? 'stop', about);
}

function ending(finish: string, about: About): Outcome<Ending> {
  // vLLM and SGLang end so when the request was given up on their side.
  if (finish === 'abort' || finish === 'error') return err(unreadable(`finish-${finish}`, about));
  return ok(finish === 'length' ? 'length' : 'stop');
}

function endedEarly(collector: AnswerCollector, about: About): ReturnType<typeof failure> {
  return collector.begun
    ? failure('remote-silent', { ...about, phase: 'ended-early' })
    : unreadable('empty-stream', about);
}

function failureOf(
  event: Exclude<ChatEvent, { type: 'delta' | 'done' }>,
  about: About,
): ReturnType<typeof failure> {
  if (event.type === 'unreadable') return unreadable(event.reason, about);
  return failureOfEvent(event.body, about) ?? unreadable('error-event', about);
}
