import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { TokenChunk } from '#contracts/engine';
import { AnswerCollector } from '../../../../src/engines/remote/answer-collector.ts';
import type { ChatDelta } from '../../../../src/engines/remote/chat-events.ts';
import { VirtualClock } from '../../../fakes/virtual-clock.ts';

function said(text: string, more: Partial<ChatDelta> = {}): ChatDelta {
  return {
    text,
    tokens: text !== '',
    finish: null,
    logprobs: [],
    promptTokens: null,
    completionTokens: null,
    prefillTokensPerSecond: null,
    decodeTokensPerSecond: null,
    ...more,
  };
}

function collectorOf(flushIntervalMs: number) {
  const clock = new VirtualClock();
  const chunks: TokenChunk[] = [];
  const pacing = { flushIntervalMs, decodeDelayMs: 0 };
  return {
    clock,
    chunks,
    collector: new AnswerCollector(
      clock,
      () => pacing,
      (chunk) => chunks.push(chunk),
    ),
  };
}

it('measures as the contract says', () => {
  const { clock, collector } = collectorOf(0);
  clock.advance(100);
  collector.add(said('a'));
  clock.advance(50);
  collector.add(said('b'));
  clock.advance(50);
  collector.add(said('c'));
  clock.advance(10);
  expect(collector.generation('stop')).toEqual({
    text: 'abc',
    finish: 'stop',
    promptTokens: 0,
    completionTokens: 3,
    timeToFirstTokenMs: 100,
    prefillTokensPerSecond: null,
    decodeTokensPerSecond: 20, // two tokens in 100 ms
    durationMs: 210,
  });
});

it("takes the server's count of tokens where there is one: an event may bring several", () => {
  const { clock, collector } = collectorOf(0);
  collector.add(said('many words'));
  clock.advance(100);
  collector.add(said(' more'));
  collector.add(said('', { promptTokens: 5, completionTokens: 11, prefillTokensPerSecond: 40 }));
  expect(collector.generation('stop')).toMatchObject({
    promptTokens: 5,
    completionTokens: 11,
    prefillTokensPerSecond: 40,
    decodeTokensPerSecond: 100,
  });
});

it.each([
  ['slower than the server', 100, 50, 10],
  ['faster than the server, because tokens came together', 1, 50, 50],
  ['at once', 0, 50, 50],
  ['at once, and the server does not tell', 0, null, null],
])('knows the rate of tokens that came %s', (_how, gapMs, own, expected) => {
  const { clock, collector } = collectorOf(0);
  collector.add(said('one'));
  clock.advance(gapMs);
  collector.add(said(' two', { decodeTokensPerSecond: own }));
  expect(collector.generation('stop').decodeTokensPerSecond).toBe(expected);
});

it('has no rate below two tokens, and none for an empty answer', () => {
  const { collector } = collectorOf(0);
  expect(collector.generation('cancelled')).toMatchObject({
    text: '',
    completionTokens: 0,
    timeToFirstTokenMs: null,
    decodeTokensPerSecond: null,
  });
  collector.add(said('one'));
  expect(collector.generation('stop').decodeTokensPerSecond).toBeNull();
});

it('hands on nothing after it was closed, and leaves no timer', () => {
  const { clock, chunks, collector } = collectorOf(50);
  collector.add(said('a'));
  collector.add(said('b'));
  expect(clock.pending).toBe(1);
  collector.close();
  clock.advance(1_000);
  expect(chunks.map(({ text }) => text)).toEqual(['a']);
  expect(clock.pending).toBe(0);
});

it('loses no character, and flushes no oftener than it was told', () => {
  const step = fc.record({ text: fc.string({ maxLength: 3 }), afterMs: fc.nat(40) });
  fc.assert(
    fc.property(
      fc.array(step, { maxLength: 40 }),
      fc.integer({ min: 1, max: 100 }),
      (steps, flushIntervalMs) => {
        const { clock, chunks, collector } = collectorOf(flushIntervalMs);
        for (const { text, afterMs } of steps) {
          clock.advance(afterMs);
          collector.add(said(text));
        }
        const streamed = chunks.length;
        collector.flush(); // the end of the answer may come early
        const all = steps.map(({ text }) => text).join('');
        expect(chunks.map(({ text }) => text).join('')).toBe(all);
        expect(collector.generation('stop').text).toBe(all);
        chunks.slice(1, streamed).forEach((chunk, index) => {
          expect(chunk.elapsedMs - (chunks[index]?.elapsedMs ?? 0)).toBeGreaterThanOrEqual(flushIntervalMs);
        });
        expect(clock.pending).toBe(0);
      },
    ),
  );
});
