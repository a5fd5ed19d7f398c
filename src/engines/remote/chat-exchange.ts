import { err, ok } from '#kernel/result';
import { SilenceWatch } from '#kernel/silence-watch';
import type { GenerateRequest, Generation, Pacing } from '#contracts/engine';
import type { Outcome } from '#contracts/errors';
import type { RemoteTimes } from '#contracts/remote';
import type { AnswerCollector } from './answer-collector.ts';
import { readAnswer, type Hold } from './answer-stream.ts';
import { chatBody } from './chat-request.ts';
import type { EndpointState } from './endpoint-state.ts';
import { jsonOf } from './error-body.ts';
import type { Attempt } from './failover.ts';
import { endedBy, readText, send, type Exchange } from './http-exchange.ts';
import { failureOfEvent, unreadable, type About } from './remote-errors.ts';

/** A page or a JSON in the place of a stream is read this far, to say what it was. */
const OTHER_BODY_LIMIT = 65_536;

export interface Chat {
  /** The member's name, for messages. */
  readonly name: string;
  /** The name under which the servers know the model. */
  readonly model: string;
  readonly request: GenerateRequest;
  readonly collector: AnswerCollector;
  readonly pacing: () => Pacing;
  readonly hold: Hold;
  readonly times: RemoteTimes;
}

/** Asks one server once, and lets its state know how that went. Every path ends the exchange and settles. */
export async function askOnce(
  stop: AbortSignal,
  state: EndpointState,
  exchange: Exchange,
  chat: Chat,
): Promise<Attempt<Generation>> {
  const { collector } = chat;
  const about: About = { model: chat.name, endpoint: state.endpoint.label };
  const body = chatBody(chat.request, chat.model, about, state.server);
  if (!body.ok) return { outcome: body, begun: false };
  const { clock } = exchange;
  const visit = state.enter();
  const watch = new SilenceWatch(clock, stop);
  const sentMs = clock.nowMs();
  watch.allow(chat.times.firstTokenMs, 'first-token');
  const answer = async (): Promise<Outcome<Generation['finish']>> => {
    const opened = await openStream(watch, state, exchange, body.value, about);
    if (!opened.ok) return opened;
    return readAnswer(opened.value, {
      clock,
      watch,
      collector,
      pacing: chat.pacing,
      hold: chat.hold,
      tokenGapMs: chat.times.tokenGapMs,
      about,
      onBegun: () => {
        visit.alive(clock.nowMs() - sentMs);
      },
    });
  };
  let ended: Outcome<Generation['finish']>;
  try {
    ended = await answer();
  } catch (thrown) {
    watch.end(); // a listener of the page threw: that says nothing of the server
    visit.abandoned();
    throw thrown;
  }
  if (ended.ok) {
    if (!collector.begun) visit.alive(clock.nowMs() - sentMs); // an empty answer is one
    visit.succeeded();
    return { outcome: ok(collector.generation(ended.value)), begun: collector.begun };
  }
  watch.end();
  const problem = exchange.keys.scrub(ended.error);
  if (problem.code === 'cancelled') visit.abandoned();
  else visit.failed(problem);
  return { outcome: err(problem), begun: collector.begun };
}

async function openStream(
  watch: SilenceWatch,
  { endpoint }: EndpointState,
  exchange: Exchange,
  body: object,
  about: About,
): Promise<Outcome<ReadableStreamDefaultReader<Uint8Array>>> {
  const sent = await send(watch, exchange, {
    endpoint,
    url: `${endpoint.baseUrl}/chat/completions`,
    body,
    accept: 'text/event-stream',
    about,
  });
  if (!sent.ok) return sent;
  const type = sent.value.headers.get('content-type') ?? '';
  // A page (captive portal, proxy) or a JSON error with status 200 is told from a stream by its type alone.
  if (/^(text\/html|application\/json)/i.test(type)) {
    const text = await readText(watch, sent.value, OTHER_BODY_LIMIT);
    if (text === null && watch.signal.aborted) return err(endedBy(watch, about));
    return err(failureOfEvent(jsonOf(text ?? ''), about) ?? unreadable('no-stream', about, text ?? ''));
  }
  const reader = sent.value.body?.getReader();
  return reader === undefined ? err(unreadable('no-body', about)) : ok(reader);
}
