import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ChatEventReader, type ChatEvent } from '../../../../src/engines/remote/chat-events.ts';
import { delta, sse } from '../../../fakes/chat-wire.ts';

const encoder = new TextEncoder();

function read(...pieces: readonly (string | Uint8Array)[]): ChatEvent[] {
  const reader = new ChatEventReader();
  const events = pieces.flatMap((piece) =>
    reader.feed(typeof piece === 'string' ? encoder.encode(piece) : piece),
  );
  return [...events, ...reader.end()];
}

function textOf(events: readonly ChatEvent[]): string {
  return events.map((event) => (event.type === 'delta' ? event.delta.text : '')).join('');
}

it('gives the same events however the network cuts the bytes', () => {
  const tokens = fc.array(fc.string({ unit: 'grapheme', maxLength: 6 }), { maxLength: 12 });
  fc.assert(
    fc.property(tokens, fc.array(fc.nat(4_000)), fc.constantFrom('\n', '\r\n'), (said, cuts, lineEnd) => {
      const wire = [...said.map((token) => delta(token)), sse('[DONE]')].join('').replaceAll('\n', lineEnd);
      const bytes = encoder.encode(wire);
      const borders = [...new Set([0, ...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length])];
      borders.sort((x, y) => x - y);
      const pieces = borders.slice(1).map((to, index) => bytes.slice(borders[index] ?? 0, to));
      const events = read(...pieces);
      expect(textOf(events)).toBe(said.join(''));
      expect(events.at(-1)).toEqual({ type: 'done' });
      expect(events).toHaveLength(said.length + 1);
    }),
  );
});

it('reads text, end, usage and timings', () => {
  const events = read(
    sse({
      choices: [{ index: 0, delta: { content: 'a' }, logprobs: { content: [{ token: 'a', logprob: -1 }] } }],
    }),
    sse({
      choices: [{ delta: {}, finish_reason: 'length' }],
      timings: { prompt_per_second: 321.5, predicted_per_second: 40 },
    }),
    sse({ choices: [], usage: { prompt_tokens: 3, completion_tokens: 1, total_tokens: 4 } }),
  );
  expect(events).toEqual([
    {
      type: 'delta',
      delta: {
        text: 'a',
        tokens: true,
        finish: null,
        logprobs: [{ token: 'a', logprob: -1 }],
        promptTokens: null,
        completionTokens: null,
        prefillTokensPerSecond: null,
        decodeTokensPerSecond: null,
      },
    },
    expect.objectContaining({
      delta: expect.objectContaining({
        tokens: false,
        finish: 'length',
        prefillTokensPerSecond: 321.5,
        decodeTokensPerSecond: 40,
      }) as unknown,
    }),
    expect.objectContaining({
      delta: expect.objectContaining({ promptTokens: 3, completionTokens: 1 }) as unknown,
    }),
  ]);
});

it.each(['reasoning_content', 'reasoning'])('counts %s as tokens, not as text', (field) => {
  expect(read(sse({ choices: [{ delta: { [field]: 'hm' } }] }))).toMatchObject([
    { type: 'delta', delta: { text: '', tokens: true } },
  ]);
});

it('skips comments, other fields and a mark of byte order', () => {
  expect(textOf(read('\uFEFF: ping\n\nid: 3\nretry: 10\nfoo: bar\n', delta('a')))).toBe('a');
});

it('reads the last event when the server left out its empty line', () => {
  expect(read('data: [DONE]')).toEqual([{ type: 'done' }]);
  expect(read('data: {"choices":[{"del')).toEqual([]); // half an event is none
});

describe('errors in the stream', () => {
  it.each([
    ['as data', sse({ error: { message: 'm' } }), { error: { message: 'm' } }],
    ['as an event of their own', `event: error\n${sse({ message: 'm' })}`, { message: 'm' }],
    ['as an event with plain text', 'event: error\ndata: it broke\n\n', { error: 'it broke' }],
    [
      'as a field of their own',
      'error: {"code":500,"message":"m"}\n\n',
      { error: { code: 500, message: 'm' } },
    ],
    ['as an object that says so', sse({ object: 'error', message: 'm' }), { object: 'error', message: 'm' }],
  ])('%s', (_how, wire, body) => {
    expect(read(wire)).toEqual([{ type: 'error', body }]);
  });

  it('a null error is none', () => {
    expect(read(sse({ error: null, choices: [{ delta: { content: 'a' } }] }))).toMatchObject([
      { type: 'delta' },
    ]);
  });
});

it.each([
  ['not-json', 'data: {oops}\n\n'],
  ['not-a-chunk', sse('5')],
  ['not-a-chunk', sse({ choices: [{ delta: { content: 5 } }] })],
])('names what cannot be read: %s', (reason, wire) => {
  expect(read(wire)).toEqual([{ type: 'unreadable', reason }]);
});

it('gives up an event that does not end, and holds no more of it', () => {
  const reader = new ChatEventReader();
  const megabyte = encoder.encode('x'.repeat(1_048_576));
  expect(reader.feed(encoder.encode('data: '))).toEqual([]);
  expect(reader.feed(megabyte)).toEqual([{ type: 'unreadable', reason: 'endless-event' }]);
  expect(reader.feed(megabyte)).toEqual([]);
  expect(reader.end()).toEqual([]);
});

it('survives any bytes at all', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 80 }), { maxLength: 8 }), (pieces) => {
      for (const event of read(...pieces)) expect(event.type).toMatch(/^(delta|error|done|unreadable)$/);
    }),
  );
});
