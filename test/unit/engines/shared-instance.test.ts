import { beforeEach, describe, expect, it } from 'vitest';
import type { Engine, Generation, LoadedModel, LoadOptions } from '#contracts/engine';
import { failure, type Outcome, type WitanFailure } from '#contracts/errors';
import { SharedInstance } from '../../../src/engines/shared-instance.ts';
import { ManualEngine } from '../../fakes/manual-engine.ts';
import { turn } from '../../fakes/turn.ts';

const MODEL = {
  format: 'gguf',
  id: 'alder',
  name: 'Alder',
  url: 'https://page/alder.gguf',
  sizeBytes: 10,
  sha256: '',
} as const;
const PLAN: LoadOptions = { model: MODEL, threads: 2, contextTokens: 1024, slots: 4 };
/** What a single member would ask for by itself. */
const OWN: LoadOptions = { model: MODEL, threads: 1, contextTokens: 256, slots: 1 };
const REQUEST = { prompt: 'Why?', maxTokens: 8, temperature: 0, seed: 1 };
const NEVER = new AbortController().signal;

let engines: ManualEngine[];
let lost: { member: number; reason: WitanFailure }[];
let shared: SharedInstance;

beforeEach(() => {
  engines = [];
  lost = [];
  shared = new SharedInstance(PLAN, (onLost) => {
    const engine = new ManualEngine('alder', onLost);
    engines.push(engine);
    return engine;
  });
});

const memberNumber = (member: number): Engine =>
  shared.member('wllama', (reason) => lost.push({ member, reason }));

function engine(index = 0): ManualEngine {
  const found = engines[index];
  if (found === undefined) throw new Error(`engine ${String(index)} was not launched`);
  return found;
}

async function seated(count: number): Promise<Engine[]> {
  const members = Array.from({ length: count }, (_, member) => memberNumber(member));
  const loads = members.map((member) => member.load(NEVER, OWN));
  engine().loaded();
  for (const load of await Promise.all(loads)) expect(load.ok).toBe(true);
  return members;
}

function ask(member: Engine | undefined, signal = NEVER): { outcome: Outcome<Generation> | null } {
  const asked: { outcome: Outcome<Generation> | null } = { outcome: null };
  void member
    ?.generate(signal, REQUEST, () => undefined)
    .then((outcome) => {
      asked.outcome = outcome;
    });
  return asked;
}

describe('loading', () => {
  it('brings the model into memory once, as planned for all', async () => {
    await seated(4);
    expect(engines).toHaveLength(1);
    expect(engine().loadOptions).toBe(PLAN);
  });

  it('refuses a member that wants another model', async () => {
    const other = { ...OWN, model: { ...MODEL, id: 'birch', name: 'Birch' } };
    expect(await memberNumber(0).load(NEVER, other)).toEqual({
      ok: false,
      error: failure('request-unsupported', { model: 'Birch', reason: 'other-model' }),
    });
    expect(engines).toHaveLength(0);
  });

  it('goes on for the others when one gives it up, and ends when the last does', async () => {
    const stops = [new AbortController(), new AbortController()] as const;
    const loads = stops.map((stop, member) => memberNumber(member).load(stop.signal, OWN));
    stops[0].abort();
    expect(await loads[0]).toMatchObject({ error: { code: 'cancelled' } });
    expect(engine()).toMatchObject({ loading: true, unloads: 0 });
    stops[1].abort();
    expect(await loads[1]).toMatchObject({ error: { code: 'cancelled' } });
    expect(engine()).toMatchObject({ loading: false, unloads: 1 });
  });

  it('fails for all who wait, and the next who asks starts anew', async () => {
    const loads = [0, 1].map((member) => memberNumber(member).load(NEVER, OWN));
    engine().fails(failure('out-of-memory', { model: 'Alder' }));
    for (const load of await Promise.all(loads))
      expect(load).toMatchObject({ error: { code: 'out-of-memory' } });
    expect(engine().unloads).toBe(1);
    const again = memberNumber(0).load(NEVER, OWN);
    engine(1).loaded();
    expect(await again).toMatchObject({ ok: true });
  });

  it('is a failure, and no exception, when the engine cannot even be launched', async () => {
    const broken = new SharedInstance(PLAN, () => {
      throw new Error('no worker');
    });
    const member = broken.member('wllama', () => undefined);
    expect(await member.load(NEVER, OWN)).toMatchObject({ error: { code: 'internal' } });
  });
});

describe('answers', () => {
  it('of one member are stopped without touching the others', async () => {
    const members = await seated(3);
    const stop = new AbortController();
    const asked = members.map((member, index) => ask(member, index === 1 ? stop.signal : NEVER));
    stop.abort();
    await turn();
    expect(asked.map(({ outcome }) => outcome?.ok === true && outcome.value.finish)).toEqual([
      false,
      'cancelled',
      false,
    ]);
    expect(engine().answers.filter(({ signal }) => signal.aborted)).toHaveLength(1);
  });

  it('need a model', async () => {
    expect(await memberNumber(0).generate(NEVER, REQUEST, () => undefined)).toEqual({
      ok: false,
      error: failure('engine-failed', { reason: 'no-model' }),
    });
  });
});

describe('unloading', () => {
  it('ends the answers of the one who goes; the engine stays for the others', async () => {
    const members = await seated(2);
    const asked = members.map((member) => ask(member));
    await members[0]?.unload();
    await turn();
    expect(asked[0]?.outcome).toMatchObject({ ok: true, value: { finish: 'cancelled' } });
    expect(asked[1]?.outcome).toBeNull();
    expect(engine().unloads).toBe(0);
  });

  it('frees the memory with the last, twice without harm', async () => {
    const members = await seated(2);
    for (const member of [...members, ...members]) await member.unload();
    expect(engine().unloads).toBe(1);
  });

  it('gives a load up that is under way', async () => {
    const member = memberNumber(0);
    const loading = member.load(NEVER, OWN);
    await member.unload();
    expect(await loading).toMatchObject({ error: { code: 'cancelled' } });
    expect(engine().unloads).toBe(1);
  });

  it('is followed by a fresh engine for whoever loads again', async () => {
    const [member] = await seated(1);
    await member?.unload();
    const again = member?.load(NEVER, OWN);
    engine(1).loaded();
    expect(await again).toMatchObject({ ok: true });
    expect(engines).toHaveLength(2);
  });
});

describe('a loss', () => {
  it('reaches every member once, and what they ask then', async () => {
    const members = await seated(2);
    const reason = failure('worker-lost', { member: 'alder' });
    engine().lose(reason);
    expect(lost).toEqual([
      { member: 0, reason },
      { member: 1, reason },
    ]);
    expect(await members[0]?.generate(NEVER, REQUEST, () => undefined)).toEqual({ ok: false, error: reason });
  });

  it('is repaired once for all of them', async () => {
    const members = await seated(3);
    engine().lose();
    const loads: (Promise<Outcome<LoadedModel>> | undefined)[] = [];
    for (const member of members) {
      await member.unload();
      loads.push(member.load(NEVER, OWN));
    }
    engine(1).loaded();
    for (const load of loads) expect(await load).toMatchObject({ ok: true });
    expect(engines).toHaveLength(2);
    expect(engine(1).unloads).toBe(0);
  });

  it('of a former engine is nobody’s business', async () => {
    const [member] = await seated(1);
    await member?.unload();
    engine().lose();
    expect(lost).toEqual([]);
  });
});

it('keeps the slowest pace that a member present asks for', async () => {
  const members = await seated(2);
  members[0]?.setPacing({ flushIntervalMs: 100, decodeDelayMs: 0 });
  members[1]?.setPacing({ flushIntervalMs: 16, decodeDelayMs: 20 });
  expect(engine().paces.at(-1)).toEqual({ flushIntervalMs: 100, decodeDelayMs: 20 });
  await members[1]?.unload();
  expect(engine().paces.at(-1)).toEqual({ flushIntervalMs: 100, decodeDelayMs: 0 });
});
