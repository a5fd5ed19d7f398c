import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { seededRandom, type Random } from '#kernel/random';
import { delta, modelList, sse } from '../../../fakes/chat-wire.ts';
import { ScriptedServer, type Act } from '../../../fakes/scripted-server.ts';
import { turn } from '../../../fakes/turn.ts';
import { endpoint, RemoteRig, until } from './remote-rig.ts';

/** Seeds per fault: each strikes at another moment, another byte, with one server or two. */
const MOMENTS = 20;
/** Two servers silent in turn, a stall, three rests, and a second. */
const LONGEST_MS = 2 * 60_000 + 20_000 + 3 * 20_000 + 1_000;
const CODES = /^(remote-(unreachable|refused|busy|failed|silent)|context-exceeded)$/;

const pick = (random: Random, below: number): number => Math.floor(random() * below);

/** A whole answer on the wire, cut at a random byte, in packets of random size. */
function begun(random: Random): Uint8Array[] {
  const tokens = Array.from({ length: 1 + pick(random, 8) }, (_, index) => `wört${String(index)} 🦉`);
  const wire = [...tokens.map((token) => delta(token)), delta('', 'stop'), sse('[DONE]')].join('');
  const bytes = new TextEncoder().encode(wire);
  const end = pick(random, bytes.length + 1);
  const middle = pick(random, end + 1);
  return [bytes.slice(0, middle), bytes.slice(middle, end)].filter((piece) => piece.length > 0);
}

const GARBAGE = 'data: {"choices":[{"del\n\ndata: \u0000\u0001\n\n<html>\n\n';

const FAULTS: Readonly<Record<string, (random: Random) => Act>> = {
  'hangs up': () => ({ act: 'hang-up' }),
  'takes the question and is silent': () => ({ act: 'silent' }),
  'cuts the line': (random) => ({ act: 'raw', pieces: begun(random), then: 'cut' }),
  stalls: (random) => ({ act: 'raw', pieces: begun(random), then: 'open' }),
  'ends too early': (random) => ({ act: 'raw', pieces: begun(random), then: 'close' }),
  'turns to garbage': (random) => ({ act: 'raw', pieces: [...begun(random), GARBAGE], then: 'close' }),
  'breaks off with an error': (random) => ({
    act: 'raw',
    pieces: [...begun(random), `\n\n${sse({ error: { message: 'broken', code: 500 } })}`],
    then: 'open',
  }),
  'never ends a line': () => ({ act: 'endless' }),
  'sends a page': () => ({ act: 'status', status: 200, body: '<html>Sign in</html>' }),
  'is busy': (random) => ({
    act: 'status',
    status: 429,
    body: { error: 'busy' },
    headers: random() < 0.5 ? {} : { 'retry-after': String(pick(random, 40)) },
  }),
  fails: (random) => ({ act: 'status', status: [500, 502, 503, 504][pick(random, 4)] ?? 500, body: {} }),
  refuses: (random) => ({ act: 'status', status: [400, 401, 403, 404][pick(random, 4)] ?? 400, body: {} }),
  redirects: () => ({ act: 'status', status: 302, body: '', headers: { location: 'http://127.0.0.1:1/' } }),
};

let servers: readonly ScriptedServer[];

beforeAll(async () => {
  servers = await Promise.all([ScriptedServer.start(), ScriptedServer.start()]);
});

afterAll(async () => {
  await Promise.all(servers.map((server) => server.stop()));
});

async function prepared(random: Random): Promise<RemoteRig> {
  for (const server of servers) server.models({ act: 'status', status: 200, body: modelList('tiny') });
  const used = servers.slice(0, 1 + pick(random, 2));
  const rig = new RemoteRig(
    used.map((server, index) => endpoint(index === 0 ? 'a' : 'b', server.baseUrl)),
    { random },
  );
  rig.engine.setPacing({ flushIntervalMs: pick(random, 3) * 20, decodeDelayMs: pick(random, 3) * 10 });
  expect(await rig.load()).toMatchObject({ ok: true });
  return rig;
}

const ended = { answers: 0, failures: 0 };

/** Asks, and checks what has to hold whatever happened. */
async function survives(rig: RemoteRig): Promise<void> {
  const startedMs = rig.clock.nowMs();
  const asked = rig.ask();
  const outcome = await rig.drive(asked.outcome, 2_000);
  expect(rig.clock.nowMs() - startedMs).toBeLessThanOrEqual(LONGEST_MS);
  const streamed = asked.chunks.map(({ text }) => text).join('');
  if (outcome.ok) expect(streamed).toBe(outcome.value.text);
  else expect(outcome.error.code).toMatch(CODES);
  ended[outcome.ok ? 'answers' : 'failures'] += 1;
  await nothingIsLeft(rig);
}

/** No timer, no open request, no server counted as busy. */
async function nothingIsLeft(rig: RemoteRig): Promise<void> {
  await until(() => {
    if (rig.clock.pending > 0) rig.clock.advance(250); // the line of a whole answer is closed on the side
    return rig.clock.pending === 0 && servers.every((server) => server.open === 0);
  });
  for (const state of rig.states) expect(state.health().inFlight).toBe(0);
}

describe.each(Object.entries(FAULTS))('a server that %s', (_name, fault) => {
  it.each(Array.from({ length: MOMENTS }, (_, seed) => seed))('settles, seed %i', async (seed) => {
    const random = seededRandom(seed + 1);
    const rig = await prepared(random);
    servers[0]?.chat(...Array.from({ length: 1 + pick(random, 4) }, () => fault(random)));
    servers[1]?.chat(random() < 0.5 ? fault(random) : { act: 'answer', tokens: ['from', ' the other'] });
    await survives(rig);
  });
});

describe.each(['stop', 'unload'] as const)('a %s at any moment', (what) => {
  it.each(Array.from({ length: 2 * MOMENTS }, (_, seed) => seed))('settles, seed %i', async (seed) => {
    const random = seededRandom(seed + 1_000);
    const rig = await prepared(random);
    const faults = Object.values(FAULTS);
    const fault = faults[pick(random, faults.length)];
    const whole: Act = { act: 'answer', tokens: Array.from({ length: 30 }, () => 'ja ') };
    servers[0]?.chat(random() < 0.5 || fault === undefined ? whole : fault(random));
    servers[1]?.chat(whole);
    const controller = new AbortController();
    const asked = rig.engine.generate(
      controller.signal,
      { prompt: 'Go on', maxTokens: 99, temperature: 0, seed },
      () => undefined,
    );
    for (let turns = pick(random, 40); turns > 0; turns -= 1) await turn();
    const beforeMs = rig.clock.nowMs();
    if (what === 'stop') controller.abort();
    else await rig.engine.unload();
    await asked; // at once: no time passes
    expect(rig.clock.nowMs()).toBe(beforeMs);
    await nothingIsLeft(rig);
  });
});

it('saw answers and failures: neither is the rule', () => {
  expect(ended.answers).toBeGreaterThan(MOMENTS);
  expect(ended.failures).toBeGreaterThan(MOMENTS);
});
