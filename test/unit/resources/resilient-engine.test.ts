import { beforeEach, describe, expect, it } from 'vitest';
import { err, ok } from '#kernel/result';
import type { Engine, GenerateRequest, Generation, TokenChunk } from '#contracts/engine';
import { failure, type ErrorCode, type Outcome, type WitanFailure } from '#contracts/errors';
import { ResilientEngine } from '../../../src/resources/resilient-engine.ts';
import { ManualEngine } from '../../fakes/manual-engine.ts';
import { turn } from '../../fakes/turn.ts';
import { VirtualClock } from '../../fakes/virtual-clock.ts';

const REQUEST: GenerateRequest = { prompt: 'What is 1 + 1?', maxTokens: 8, temperature: 0, seed: 7 };

let clock: VirtualClock;
let engines: readonly [ManualEngine, ManualEngine];
let current: ManualEngine | null;
let broken: (readonly [Engine, ErrorCode])[];
let losses: Map<Engine, WitanFailure>;
let replays: number;
let waiting: ((engine: Engine | null) => void)[];
let unloads: number;
let resilient: ResilientEngine;

beforeEach(() => {
  clock = new VirtualClock();
  engines = [
    new ManualEngine('alder', () => undefined),
    new ManualEngine('alder', () => undefined, 'web-llm'),
  ];
  current = engines[0];
  broken = [];
  losses = new Map();
  replays = 0;
  waiting = [];
  unloads = 0;
  resilient = new ResilientEngine(clock, {
    kind: () => current?.kind ?? 'wllama',
    current: () => current,
    successor: (signal) =>
      new Promise((resolve) => {
        waiting.push(resolve);
        signal.addEventListener('abort', () => {
          resolve(null);
        });
      }),
    broken: (engine, problem) => broken.push([engine, problem.code]),
    lossOf: (engine) => losses.get(engine) ?? null,
    onAwaited: () => (replays += 1),
    wake: (signal) =>
      new Promise((resolve) => {
        const end = (engine: Engine | null): void => {
          resolve(engine === null ? err(failure('engine-failed', { reason: 'no-model' })) : ok(engine));
        };
        waiting.push(end);
        signal.addEventListener('abort', () => {
          end(null);
        });
      }),
    unload: () => {
      unloads += 1;
      return Promise.resolve();
    },
  });
});

function ask(signal: AbortSignal = new AbortController().signal) {
  const asked: { outcome: Outcome<Generation> | null; readonly chunks: TokenChunk[] } = {
    outcome: null,
    chunks: [],
  };
  void resilient
    .generate(signal, REQUEST, (chunk) => asked.chunks.push(chunk))
    .then((outcome) => {
      asked.outcome = outcome;
    });
  return asked;
}

const answer = (engine: ManualEngine) => {
  const found = engine.answers.at(-1);
  if (found === undefined) throw new Error('nothing was asked');
  return found;
};
const text = (chunks: readonly TokenChunk[]): string => chunks.map((chunk) => chunk.text).join('');

it('is the engine behind it, as long as nothing happens', async () => {
  const asked = ask();
  answer(engines[0]).say('85');
  answer(engines[0]).end();
  await turn();
  expect(asked.outcome).toMatchObject({ ok: true, value: { text: '85', finish: 'stop' } });
  expect(asked.outcome).not.toHaveProperty('value.replayed');
  expect(asked.chunks).toEqual([{ text: '85', tokens: 1, elapsedMs: 10 }]);
  expect(answer(engines[0]).request).toBe(REQUEST);
  resilient.setPacing({ flushIntervalMs: 50, decodeDelayMs: 0 });
  expect(engines[0].paces).toHaveLength(1);
  await resilient.unload();
  expect([unloads, broken, replays]).toEqual([1, [], 0]);
});

describe('a loss in the middle of an answer', () => {
  it.each<[ErrorCode]>([['worker-lost'], ['worker-silent'], ['device-lost']])(
    '%s: the successor is asked the same once more',
    async (code) => {
      const asked = ask();
      answer(engines[0]).fail(failure(code, { member: 'alder' }));
      await turn();
      expect(broken).toEqual([[engines[0], code]]);
      expect([asked.outcome, replays]).toEqual([null, 0]);
      waiting[0]?.(engines[1]);
      await turn();
      expect(replays).toBe(1);
      expect(answer(engines[1])).toMatchObject({ request: REQUEST });
      answer(engines[1]).say('85');
      answer(engines[1]).end();
      await turn();
      expect(asked.outcome).toMatchObject({
        ok: true,
        value: { text: '85', finish: 'stop', replayed: true },
      });
    },
  );

  it('shows the answer going on where it stopped, not twice', async () => {
    const asked = ask();
    for (const piece of ['The ', 'answer ', 'is ']) answer(engines[0]).say(piece);
    answer(engines[0]).fail(failure('worker-lost'));
    clock.advance(500);
    await turn();
    waiting[0]?.(engines[1]);
    await turn();
    for (const piece of ['The ', 'answer', ' is 8', '5.']) answer(engines[1]).say(piece);
    answer(engines[1]).end();
    await turn();
    expect(asked.chunks.map((chunk) => chunk.text)).toEqual(['The ', 'answer ', 'is ', '8', '5.']);
    expect(asked.chunks.map((chunk) => chunk.tokens)).toEqual([1, 2, 3, 3, 4]);
    expect(asked.chunks.at(-1)?.elapsedMs).toBe(540);
    expect(asked.outcome).toMatchObject({ value: { text: text(asked.chunks) } });
  });

  it('says nothing more of an answer that turns out another; the end has the whole text', async () => {
    const asked = ask();
    answer(engines[0]).say('It is eight');
    answer(engines[0]).fail(failure('device-lost'));
    await turn();
    waiting[0]?.(engines[1]);
    await turn();
    for (const piece of ['It is 85, ', 'of course, ', 'as everybody knows']) answer(engines[1]).say(piece);
    answer(engines[1]).end();
    await turn();
    expect(text(asked.chunks)).toBe('It is eight');
    expect(asked.outcome).toMatchObject({ value: { text: 'It is 85, of course, as everybody knows' } });
  });

  it('ignores what the lost engine still sends', async () => {
    const asked = ask();
    const dead = answer(engines[0]);
    dead.fail(failure('worker-lost'));
    await turn();
    waiting[0]?.(engines[1]);
    await turn();
    dead.say('ghost');
    answer(engines[1]).say('85');
    answer(engines[1]).end();
    await turn();
    expect(text(asked.chunks)).toBe('85');
  });

  it('is replayed once: a second loss is the answer', async () => {
    const asked = ask();
    answer(engines[0]).fail(failure('worker-lost'));
    await turn();
    waiting[0]?.(engines[1]);
    await turn();
    answer(engines[1]).fail(failure('worker-silent'));
    await turn();
    expect(asked.outcome).toMatchObject({ ok: false, error: { code: 'worker-silent' } });
    expect(broken.map(([, code]) => code)).toEqual(['worker-lost', 'worker-silent']);
    expect(waiting).toHaveLength(1);
  });

  it('waits no longer than the round: the loss is what it says then', async () => {
    const controller = new AbortController();
    const asked = ask(controller.signal);
    answer(engines[0]).fail(failure('worker-lost'));
    await turn();
    controller.abort();
    await turn();
    expect(asked.outcome).toMatchObject({ ok: false, error: { code: 'worker-lost' } });
    waiting[0]?.(engines[1]);
    await turn();
    expect(engines[1].answers).toEqual([]);
  });

  it('nor does it begin on a successor that comes in the moment the round ends', async () => {
    const controller = new AbortController();
    const asked = ask(controller.signal);
    answer(engines[0]).fail(failure('worker-lost'));
    await turn();
    waiting[0]?.(engines[1]);
    controller.abort();
    await turn();
    expect(asked.outcome).toMatchObject({ error: { code: 'worker-lost' } });
    expect([engines[1].answers, replays]).toEqual([[], 0]);
  });

  it('is a loss also where it was heard of elsewhere, and the answer only knows that it was ended', async () => {
    losses.set(engines[0], failure('device-lost'));
    const asked = ask();
    answer(engines[0]).fail(failure('cancelled'));
    await turn();
    waiting[0]?.(engines[1]);
    await turn();
    answer(engines[1]).end();
    await turn();
    expect(asked.outcome).toMatchObject({ ok: true, value: { replayed: true } });
  });

  it('ends at once when the member is given up', async () => {
    const asked = ask();
    answer(engines[0]).fail(failure('device-lost'));
    await turn();
    waiting[0]?.(null);
    await turn();
    expect(asked.outcome).toMatchObject({ error: { code: 'device-lost' } });
  });

  it('is not replayed for a round that has ended', async () => {
    const controller = new AbortController();
    engines[0].generate = () => {
      controller.abort();
      return Promise.resolve({ ok: false, error: failure('worker-lost') });
    };
    const asked = ask(controller.signal);
    await turn();
    expect(asked.outcome).toMatchObject({ error: { code: 'worker-lost' } });
    expect([waiting, broken.length]).toEqual([[], 1]);
  });

  it('keeps what was shown when it is stopped before it has caught up', async () => {
    const controller = new AbortController();
    const asked = ask(controller.signal);
    answer(engines[0]).say('The answer');
    answer(engines[0]).fail(failure('worker-lost'));
    await turn();
    waiting[0]?.(engines[1]);
    await turn();
    answer(engines[1]).say('The');
    controller.abort();
    await turn();
    expect(asked.outcome).toMatchObject({ value: { text: 'The answer', finish: 'cancelled' } });
  });
});

describe('an engine that is there no more when the question comes', () => {
  it('is waited for', async () => {
    current = null;
    const asked = ask();
    await turn();
    waiting[0]?.(engines[1]);
    await turn();
    answer(engines[1]).say('85');
    answer(engines[1]).end();
    await turn();
    expect(asked.outcome).toMatchObject({ ok: true, value: { text: '85' } });
    expect(asked.outcome).not.toHaveProperty('value.replayed');
  });

  it.each([
    ['given up', false],
    ['stopped', true],
  ])('and settles when it is %s', async (_, aborts) => {
    current = null;
    const controller = new AbortController();
    const asked = ask(controller.signal);
    await turn();
    if (aborts) controller.abort();
    else waiting[0]?.(null);
    await turn();
    expect(asked.outcome).toMatchObject(
      aborts ? { ok: true, value: { finish: 'cancelled' } } : { ok: false, error: { code: 'engine-failed' } },
    );
  });
});

describe('what breaks an engine', () => {
  it.each<[ErrorCode, boolean]>([
    ['out-of-memory', true],
    ['context-exceeded', false],
    ['slots-exhausted', false],
    ['request-unsupported', false],
    ['cancelled', false],
    ['engine-failed', false],
  ])('%s: %s', async (code, breaks) => {
    const asked = ask();
    answer(engines[0]).fail(failure(code));
    await turn();
    expect(asked.outcome).toMatchObject({ error: { code } }); // none of these is replayed
    expect(broken).toHaveLength(breaks ? 1 : 0);
  });

  it('two failures in a row, which is what a trapped WASM instance does', async () => {
    const fail = async (code: ErrorCode | null): Promise<void> => {
      ask();
      if (code === null) answer(engines[0]).end();
      else answer(engines[0]).fail(failure(code));
      await turn();
    };
    await fail('engine-failed');
    await fail(null);
    await fail('engine-failed');
    expect(broken).toEqual([]);
    await fail('engine-failed');
    expect(broken).toEqual([[engines[0], 'engine-failed']]);
    await fail('engine-failed'); // its successor has a failure of its own free as well
    expect(broken).toHaveLength(1);
  });

  it('what is thrown is a failure like any other', async () => {
    engines[0].generate = () => {
      throw new Error('bug');
    };
    expect(await resilient.generate(new AbortController().signal, REQUEST, () => undefined)).toMatchObject({
      ok: false,
      error: { code: 'internal' },
    });
  });
});

it('is not loaded from outside', async () => {
  const options = {
    model: { format: 'built-in', id: 'x', name: 'X' },
    threads: 1,
    contextTokens: 1,
    slots: 1,
  } as const;
  expect(await resilient.load(new AbortController().signal, options)).toMatchObject({
    error: { code: 'internal' },
  });
});
