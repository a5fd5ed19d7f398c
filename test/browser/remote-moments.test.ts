import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { seededRandom, type Random } from '#kernel/random';
import { delta, sse } from '../fakes/chat-wire.ts';
import { before, endpoint, NEVER, RemoteRig, TIMES } from './remote-rig.ts';
import { RemoteServer } from './remote-server.ts';

const SEEDS = Array.from({ length: 20 }, (_, index) => index + 1);
/** What may pass after a deadline until the page knows; a quiet machine needs some milliseconds (they are annotated). */
const GRACE_MS = 5_000;
/** How long the usage is waited for after the last token: `answer-stream.ts`. */
const TRAILER_MS = 2_000;

let server: RemoteServer;
let rig: RemoteRig;

beforeEach(async () => {
  server = await RemoteServer.start();
  rig = new RemoteRig([endpoint('a', server.baseUrl)]);
  expect(await rig.load({ times: TIMES })).toMatchObject({ ok: true });
});

afterEach(async () => {
  expect(rig.lost).toEqual([]);
  await rig.engine.unload();
  await server.stop();
});

const pick = (random: Random, below: number): number => Math.floor(random() * below);

/** An answer that is cut off at a random byte and then goes on for ever without a word. */
function stalled(random: Random) {
  const count = 1 + pick(random, 8);
  const tokens = Array.from({ length: count }, (_, index) => `w${String(index)} `);
  const wire = [...tokens.map((token) => delta(token)), delta('', 'stop')].join('') + sse('[DONE]');
  const begun = wire.slice(0, pick(random, wire.length - sse('[DONE]').length + 1));
  const events = begun.split('\n\n').length - 1;
  return { begun, whole: events > count, tokens: tokens.slice(0, events) };
}

/** How each of them ended, and by how many milliseconds the page knew of it after the deadline. */
const ends: { readonly how: string; readonly lateMs: number }[] = [];

describe('a stall at a random moment', () => {
  test.each(SEEDS)('settles soon after its deadline, seed %i', async (seed) => {
    const { begun, whole, tokens } = stalled(seededRandom(seed));
    await server.chat({ act: 'raw', pieces: begun === '' ? [] : [begun], then: 'open' });
    const limitMs = whole ? TRAILER_MS : tokens.length > 0 ? TIMES.tokenGapMs : TIMES.firstTokenMs;
    let heardMs = performance.now();
    const asking = rig.ask(NEVER, () => {
      heardMs = performance.now();
    });
    const answered = await before(limitMs + GRACE_MS, asking);
    if (answered === 'late') throw new Error(`not settled after ${JSON.stringify(begun)}`);
    const { outcome, text } = answered;
    const how = outcome.ok ? 'answer' : String(outcome.error.details['phase']);
    ends.push({ how, lateMs: performance.now() - heardMs - limitMs });
    expect(text).toBe(tokens.join(''));
    if (whole) expect(outcome).toMatchObject({ ok: true, value: { text } });
    else expect(outcome).toMatchObject({ error: { code: 'remote-silent' } });
    expect(await before(GRACE_MS, server.quiet())).not.toBe('late'); // nobody holds the line any more
  });

  test('has different ends', async ({ annotate }) => {
    await annotate(JSON.stringify(ends.map(({ how, lateMs }) => `${how} +${lateMs.toFixed(0)} ms`)));
    expect(new Set(ends.map(({ how }) => how)).size).toBeGreaterThan(1);
  });
});

describe('a stop at a random moment', () => {
  test.each(SEEDS)('ends the answer, and the line to the server, seed %i', async (seed) => {
    const random = seededRandom(seed);
    await server.chat({ act: 'drip', token: 'on ', everyMs: 5 });
    const stop = new AbortController();
    const after = 3 * pick(random, 30);
    const asking = rig.ask(stop.signal, (text) => {
      if (text.length >= after) stop.abort();
    });
    if (after === 0) stop.abort();
    const { outcome, text } = await asking;
    expect(await before(GRACE_MS, server.quiet())).not.toBe('late');
    expect(outcome).toMatchObject({ ok: true, value: { finish: 'cancelled', text } });
  });
});

test('an unload ends the line to the server', async () => {
  await server.chat({ act: 'drip', token: 'on ', everyMs: 5 });
  const asking = rig.ask(NEVER, () => void rig.engine.unload());
  expect((await asking).outcome).toMatchObject({ error: { code: 'cancelled' } });
  expect(await before(GRACE_MS, server.quiet())).not.toBe('late');
});
