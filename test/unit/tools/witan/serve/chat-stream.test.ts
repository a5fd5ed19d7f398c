import { createParser } from 'eventsource-parser';
import { expect, test } from 'vitest';
import { apiError } from '../../../../../tools/witan/serve/api-error.ts';
import { ChatStream, commentText, eventText } from '../../../../../tools/witan/serve/chat-stream.ts';
import type { Completion, CompletionHead } from '../../../../../tools/witan/serve/completion.ts';
import { VirtualClock } from '../../../../fakes/virtual-clock.ts';

const HEAD: CompletionHead = { id: 'chatcmpl-1', created: 1_700_000_000, model: 'witan-council' };
const COMPLETION: Completion = {
  text: '85',
  finish: 'stop',
  usage: { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 },
  witan: { agreement: 1 },
};

class Wire {
  headersSent = false;
  destroyed = false;
  ended = false;
  text = '';

  writeHead(): this {
    this.headersSent = true;
    return this;
  }

  write(text: string): boolean {
    if (this.ended || this.destroyed) throw new Error('written after the end');
    this.text += text;
    return true;
  }

  end(): this {
    this.ended = true;
    return this;
  }

  /** As a client reads it. */
  get events(): readonly unknown[] {
    const data: unknown[] = [];
    const parser = createParser({
      onEvent: (event) => {
        data.push(event.data === '[DONE]' ? event.data : JSON.parse(event.data));
      },
    });
    parser.feed(this.text);
    return data;
  }
}

function open(includeUsage = false) {
  const wire = new Wire();
  const clock = new VirtualClock();
  const stream = new ChatStream(
    wire as unknown as ConstructorParameters<typeof ChatStream>[0],
    clock,
    HEAD,
    includeUsage,
  );
  return { wire, clock, stream };
}

test('the role, the words as they come, the reason of the end, and [DONE]', () => {
  const { wire, stream } = open();
  stream.text('8');
  stream.text('');
  stream.text('5');
  stream.end(COMPLETION);
  const delta = (delta: object, finish: string | null = null) => ({
    ...HEAD,
    object: 'chat.completion.chunk',
    choices: [{ index: 0, delta, logprobs: null, finish_reason: finish }],
  });
  expect(wire.events).toEqual([
    delta({ role: 'assistant', content: '' }),
    delta({ content: '8' }),
    delta({ content: '5' }),
    { ...delta({}, 'stop'), witan: { agreement: 1 } },
    '[DONE]',
  ]);
  expect(wire.ended).toBe(true);
});

test('the usage in a chunk of its own where it was asked for', () => {
  const { wire, stream } = open(true);
  stream.text('85');
  stream.end(COMPLETION);
  const { events } = wire;
  expect(events.slice(0, 3).map((event) => Reflect.get(event as object, 'usage') as unknown)).toEqual([
    null,
    null,
    null,
  ]);
  expect(events.at(-2)).toMatchObject({ choices: [], usage: COMPLETION.usage });
  expect(events.at(-1)).toBe('[DONE]');
});

test('an empty answer is one', () => {
  const { wire, stream } = open();
  stream.end({ ...COMPLETION, text: '' });
  expect(wire.events).toHaveLength(3);
});

test('comments keep a silent line, say how far it is, and end with it', () => {
  const { wire, clock, stream } = open();
  expect(stream.open).toBe(false);
  clock.advance(9_999);
  expect(stream.open).toBe(false);
  clock.advance(1);
  expect(wire.text).toBe(': waiting\n\n');
  stream.working('1 of the council\r\nhas ended');
  clock.advance(10_000);
  expect(wire.text).toContain(': 1 of the council has ended\n\n');
  expect(wire.events).toEqual([]);
  stream.text('85');
  clock.advance(10_000);
  stream.end(COMPLETION);
  expect(clock.pending).toBe(0);
  expect(wire.events).toHaveLength(4);
});

test('an error in the middle is an event, without [DONE]', () => {
  const { wire, clock, stream } = open();
  stream.text('8');
  stream.fail(apiError(503, 'member_lost', 'Gone.'));
  expect(wire.events.at(-1)).toEqual({
    error: { message: 'Gone.', type: 'server_error', param: null, code: 'member_lost' },
  });
  expect(wire.ended).toBe(true);
  expect(clock.pending).toBe(0);
});

test('nothing is written to a client that has gone, nor kept for it', () => {
  const { wire, clock, stream } = open();
  stream.text('8');
  const sent = wire.text;
  wire.destroyed = true;
  stream.text('5');
  clock.advance(60_000);
  stream.end(COMPLETION);
  expect(wire.text).toBe(sent);
  expect(clock.pending).toBe(0);
});

test('one that never began is let go of without a word', () => {
  const { wire, clock, stream } = open();
  stream.close();
  expect([wire.headersSent, wire.ended, clock.pending]).toEqual([false, false, 0]);
});

test('an event is one line, whatever it carries', () => {
  expect(eventText({ a: 'b\r\nc\u2028d' })).toBe('data: {"a":"b\\r\\nc\u2028d"}\n\n');
  expect(commentText('a\n\ndata: b')).toBe(': a data: b\n\n');
});
