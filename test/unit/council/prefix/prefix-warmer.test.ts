import { beforeEach, describe, expect, it } from 'vitest';
import { err, ok } from '#kernel/result';
import type { Engine, GenerateRequest, Generation } from '#contracts/engine';
import { failure, type Outcome } from '#contracts/errors';
import type { Reluctance } from '#contracts/idle';
import type { MetricId } from '#contracts/metrics';
import { PrefixWarmer } from '../../../../src/council/prefix/prefix-warmer.ts';
import type { Prefix } from '../../../../src/council/prefix/likely-prefixes.ts';
import { ScriptedEngine } from '../../../fakes/scripted-engine.ts';
import { turn } from '../../../fakes/turn.ts';
import { VirtualClock } from '../../../fakes/virtual-clock.ts';

/** An engine of one slot that remembers its last prompt as llama.cpp does, a token a character, 10 ms for 100 tokens. */
class CachingEngine implements Engine {
  readonly kind: Engine['kind'];
  readonly requests: GenerateRequest[] = [];
  fails = false;
  readonly #clock: VirtualClock;
  #cache = '';

  constructor(clock: VirtualClock, kind: Engine['kind'] = 'wllama') {
    this.#clock = clock;
    this.kind = kind;
  }

  load(): Promise<never> {
    throw new Error('not loaded here');
  }

  generate(signal: AbortSignal, request: GenerateRequest): Promise<Outcome<Generation>> {
    this.requests.push(request);
    const { system = '', history = [], prompt } = request;
    const text = `${system}|${history.map(({ content }) => `${content}|`).join('')}${prompt}`;
    let cached = 0;
    while (cached < text.length && text[cached] === this.#cache[cached]) cached += 1;
    return new Promise((resolve) => {
      let over = false;
      const end = (finish: Generation['finish'], read: number): void => {
        if (over) return;
        over = true;
        cancel();
        this.#cache = text.slice(0, cached + read) + (finish === 'stop' && prompt !== '' ? '|ok|' : '');
        if (this.fails) resolve(err(failure('engine-failed')));
        else
          resolve(
            ok({
              text: finish === 'stop' ? 'ok' : '',
              finish,
              promptTokens: text.length,
              ...(this.kind === 'wllama' ? { cachedPromptTokens: cached } : {}),
              completionTokens: 1,
              timeToFirstTokenMs: 1,
              prefillTokensPerSecond: null,
              decodeTokensPerSecond: null,
              durationMs: 1,
            }),
          );
      };
      const startedMs = this.#clock.nowMs();
      const toRead = text.length - cached;
      const cancel = this.#clock.after(toRead / 10, () => {
        end('stop', toRead);
      });
      signal.addEventListener('abort', () => {
        end('cancelled', Math.min(toRead, Math.floor((this.#clock.nowMs() - startedMs) * 10)));
      });
    });
  }

  setPacing(): void {
    // No pace here.
  }

  unload(): Promise<void> {
    return Promise.resolve();
  }
}

const SYSTEM = 's'.repeat(1_000);
const PREFIX: Prefix = { system: SYSTEM };
const NEVER = new AbortController().signal;
const ask = (prompt: string): GenerateRequest => ({
  ...PREFIX,
  prompt,
  maxTokens: 8,
  temperature: 0,
  seed: 1,
});

let clock: VirtualClock;
let reluctance: Reluctance | null;
/** A round or a measurement runs. */
let taken: boolean;
/** Aborts when one wants to. */
let turnTaken: AbortController;
let metrics: Map<MetricId, number>;
let warmer: PrefixWarmer;

beforeEach(() => {
  clock = new VirtualClock();
  reluctance = null;
  taken = false;
  turnTaken = new AbortController();
  metrics = new Map();
  warmer = new PrefixWarmer({
    clock,
    metrics: {
      add: (id, by) => {
        metrics.set(id, (metrics.get(id) ?? 0) + by);
      },
      set: () => undefined,
    },
    idle: { idle: () => Promise.resolve(), reluctance: async () => reluctance },
    spare: async (task) => {
      if (!taken) await task(turnTaken.signal);
    },
  });
});

async function pass(ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += 10) {
    clock.advance(10);
    await turn();
  }
}

async function answered(engine: Engine, request: GenerateRequest): Promise<Generation> {
  const asked = engine.generate(new AbortController().signal, request, () => undefined);
  let heard: Outcome<Generation> | null = null;
  void asked.then((outcome) => {
    heard = outcome;
  });
  for (let ms = 0; heard === null && ms < 5_000; ms += 10) await pass(10);
  const outcome = await asked;
  if (!outcome.ok) throw new Error(outcome.error.code);
  return outcome.value;
}

describe('a prefix that is likely', () => {
  it('is read when nobody asks, once, and the next question reads on from there', async () => {
    const bare = new CachingEngine(clock);
    const engine = warmer.watch('a', bare);
    warmer.expect(new Map([['a', PREFIX]]));
    await pass(400);
    expect(bare.requests).toHaveLength(0); // the user may go on at once
    await pass(2_000);
    expect(bare.requests).toEqual([
      { system: SYSTEM, prompt: '', maxTokens: 1, temperature: 0, seed: 1, cachePrompt: true },
    ]);
    const { cachedPromptTokens } = await answered(engine, ask('why?'));
    expect(cachedPromptTokens).toBe(1_001);
    expect(warmer.counts).toMatchObject({
      warmed: 1,
      warmedTokens: 1_001,
      told: 1,
      hits: 1,
      reusedTokens: 1_001,
    });
    expect([metrics.get('prefixTokensReused'), metrics.get('prefixTokensRead')]).toEqual([1_001, 4]);
    expect(metrics.get('prefixTokensAhead')).toBe(1_001);
    await pass(5_000);
    expect(bare.requests).toHaveLength(2);
  });

  it('is read again only when something else took its place', async () => {
    const bare = new CachingEngine(clock);
    const engine = warmer.watch('a', bare);
    warmer.expect(new Map([['a', PREFIX]]));
    await pass(2_000);
    await answered(engine, { ...ask('x'), system: 'else' });
    await pass(2_000);
    expect(bare.requests.map(({ system }) => system)).toEqual([SYSTEM, 'else', SYSTEM]);
  });

  it('is the conversation with its newest answer, which the engine itself has not read', async () => {
    const bare = new CachingEngine(clock);
    const engine = warmer.watch('a', bare);
    await answered(engine, ask('why?'));
    const user = { role: 'user', content: 'why?' } as const;
    warmer.expect(new Map([['a', { ...PREFIX, history: [user, { role: 'assistant', content: 'ok' }] }]]));
    await pass(2_000);
    expect(bare.requests).toHaveLength(1); // it said so itself
    warmer.expect(
      new Map([['a', { ...PREFIX, history: [user, { role: 'assistant', content: 'the council' }] }]]),
    );
    await pass(2_000);
    expect(bare.requests).toHaveLength(2);
  });
});

describe('reading ahead', () => {
  it('ends at once when a question comes, and what was read is not lost', async () => {
    const bare = new CachingEngine(clock);
    const engine = warmer.watch('a', bare);
    warmer.expect(new Map([['a', PREFIX]]));
    await pass(550);
    const { cachedPromptTokens = 0 } = await answered(engine, ask('why?'));
    expect(cachedPromptTokens).toBeGreaterThan(300);
    expect(cachedPromptTokens).toBeLessThan(700);
    expect(warmer.counts).toMatchObject({ warmed: 0, interrupted: 1 });
    await pass(5_000);
    expect(bare.requests).toHaveLength(2); // the question itself has read it
  });

  it('ends at once for a round or a measurement that asks other engines, and does not begin while one runs', async () => {
    const bare = new CachingEngine(clock);
    warmer.watch('a', bare);
    warmer.expect(new Map([['a', PREFIX]]));
    await pass(550);
    taken = true;
    turnTaken.abort();
    await pass(1_000);
    expect(warmer.counts).toMatchObject({ warmed: 0, interrupted: 1 });
    warmer.resume();
    await pass(1_000);
    expect(bare.requests).toHaveLength(1);
    [taken, turnTaken] = [false, new AbortController()];
    warmer.resume();
    await pass(1_000);
    expect(warmer.counts.warmed).toBe(1);
  });

  it('of one member ends for a question to another, and goes on after it', async () => {
    const [first, second] = [new CachingEngine(clock), new CachingEngine(clock)];
    warmer.watch('a', first);
    const other = warmer.watch('b', second);
    warmer.expect(new Map([['a', PREFIX]]));
    await pass(550);
    await answered(other, ask('why?'));
    expect(warmer.counts.interrupted).toBe(1);
    await pass(2_000);
    expect(warmer.counts.warmed).toBe(1);
    expect(first.requests).toHaveLength(2);
  });

  it('takes member after member', async () => {
    const engines = ['a', 'b', 'c'].map((id) => {
      const engine = new CachingEngine(clock);
      warmer.watch(id, engine);
      return engine;
    });
    warmer.expect(new Map(['a', 'b', 'c'].map((id) => [id, PREFIX])));
    await pass(600);
    expect(engines.map(({ requests }) => requests.length)).toEqual([1, 0, 0]);
    await pass(2_000);
    expect(engines.map(({ requests }) => requests.length)).toEqual([1, 1, 1]);
  });

  it('waits while the page is hidden, the device busy or on its battery, and is asked for again then', async () => {
    const bare = new CachingEngine(clock);
    warmer.watch('a', bare);
    reluctance = 'battery';
    warmer.expect(new Map([['a', PREFIX]]));
    await pass(5_000);
    expect(bare.requests).toHaveLength(0);
    expect(warmer.counts.deferred).toBe(1);
    reluctance = null;
    warmer.resume();
    await pass(2_000);
    expect(bare.requests).toHaveLength(1);
  });

  it('has a bound for one rest', async () => {
    const slow = { system: 's'.repeat(400_000) };
    const engines = ['a', 'b'].map((id) => {
      const engine = new CachingEngine(clock);
      warmer.watch(id, engine);
      return engine;
    });
    warmer.expect(new Map(['a', 'b'].map((id) => [id, slow])));
    await pass(60_000);
    expect(engines.map(({ requests }) => requests.length)).toEqual([1, 0]);
  });

  it('is not asked of engines that keep no such cache, and what they do not tell is not guessed', async () => {
    const bare = new CachingEngine(clock, 'web-llm');
    const engine = warmer.watch('a', bare);
    warmer.expect(new Map([['a', PREFIX]]));
    await pass(5_000);
    expect(bare.requests).toHaveLength(0);
    await answered(engine, ask('why?'));
    expect(warmer.counts).toMatchObject({ untold: 1, told: 0, hits: 0 });
  });

  it('that fails is not tried for ever', async () => {
    const bare = new CachingEngine(clock);
    warmer.watch('a', bare);
    bare.fails = true;
    warmer.expect(new Map([['a', PREFIX]]));
    await pass(5_000);
    warmer.resume();
    await pass(5_000);
    expect(bare.requests).toHaveLength(1);
    expect(warmer.counts.failed).toBe(1);
  });

  it('begins anew with a new engine, and never asks one that was unloaded', async () => {
    const old = new CachingEngine(clock);
    const watched = warmer.watch('a', old);
    warmer.expect(new Map([['a', PREFIX]]));
    await pass(2_000);
    await watched.unload();
    warmer.resume();
    await pass(2_000);
    expect(old.requests).toHaveLength(1);
    const fresh = new CachingEngine(clock);
    warmer.watch('a', fresh);
    warmer.resume();
    await pass(2_000);
    expect(fresh.requests).toHaveLength(1);
  });
});

it('a watched engine is the engine, for all that is asked of it', async () => {
  const bare = new ScriptedEngine(clock, { says: 'yes', atMs: 20 });
  const engine = warmer.watch('a', bare);
  expect(engine.kind).toBe('wllama');
  let heard = '';
  const asked = engine.generate(NEVER, ask('why?'), ({ text }) => {
    heard += text;
  });
  await pass(40);
  expect(await asked).toMatchObject({ value: { text: 'yes' } });
  expect(heard).toBe('yes');
  engine.setPacing({ flushIntervalMs: 1, decodeDelayMs: 0 });
  await engine.unload();
  const stopped = new AbortController();
  const stopping = engine.generate(stopped.signal, ask('again'), () => undefined);
  stopped.abort();
  expect(await stopping).toMatchObject({ value: { finish: 'cancelled' } });
  expect(bare.aborted).toBe(1);
});
