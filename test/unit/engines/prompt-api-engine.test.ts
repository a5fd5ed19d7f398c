import { beforeEach, describe, expect, it } from 'vitest';
import type { GenerateRequest, Generation, LoadOptions, TokenChunk } from '#contracts/engine';
import { failure, type Outcome, type WitanFailure } from '#contracts/errors';
import { PromptApiEngine } from '../../../src/engines/prompt-api-engine.ts';
import { FakeLanguageModel, FakeSession, type FakeAnswer } from '../../fakes/prompt-api.ts';
import { turn } from '../../fakes/turn.ts';
import { VirtualClock } from '../../fakes/virtual-clock.ts';

const NEVER = new AbortController().signal;
const OPTIONS: LoadOptions = {
  download: true,
  model: { format: 'built-in', id: 'browser', name: 'The browser’s model' },
  threads: 1,
  contextTokens: 4096,
  slots: 1,
};
const REQUEST: GenerateRequest = { prompt: 'What is 1 + 1?', maxTokens: 8, temperature: 0, seed: 1 };
const MODEL = 'The browser’s model';

let clock: VirtualClock;
let api: FakeLanguageModel;
let allowed: boolean;
let looked: number;
let progress: number[];
let losses: WitanFailure[];
let engine: PromptApiEngine;

beforeEach(() => {
  clock = new VirtualClock();
  api = new FakeLanguageModel();
  allowed = true;
  looked = 0;
  progress = [];
  losses = [];
  engine = new PromptApiEngine({
    languageModel: () => {
      looked += 1;
      return api;
    },
    allowed: () => allowed,
    clock,
    languages: ['en'],
    onLost: (reason) => losses.push(reason),
  });
});

function ask(change: Partial<GenerateRequest> = {}, signal: AbortSignal = NEVER) {
  const asked: { outcome: Outcome<Generation> | null; readonly chunks: TokenChunk[] } = {
    outcome: null,
    chunks: [],
  };
  void engine
    .generate(signal, { ...REQUEST, ...change }, (chunk) => asked.chunks.push(chunk))
    .then((outcome) => {
      asked.outcome = outcome;
    });
  return asked;
}

const root = (): FakeSession => {
  const [session] = api.sessions;
  if (session === undefined) throw new Error('no session was made');
  return session;
};

/** The answer that the newest clone of `session` is giving. */
function answering(session: FakeSession = root()): FakeAnswer {
  const answer = session.clones.at(-1)?.answers.at(-1);
  if (answer === undefined) throw new Error('nothing was asked');
  return answer;
}

describe('loading', () => {
  it('touches nothing of the browser’s model before the user has allowed it', async () => {
    allowed = false;
    expect(await engine.load(NEVER, OPTIONS)).toEqual({
      ok: false,
      error: failure('consent-required', { model: MODEL }),
    });
    expect([looked, api.calls]).toEqual([0, []]);
    allowed = true;
    expect(await engine.load(NEVER, OPTIONS)).toMatchObject({ ok: true });
  });

  it('asks for the session before anything is awaited: a download needs the click', () => {
    void engine.load(NEVER, OPTIONS);
    expect(api.calls).toMatchObject([
      [
        'create',
        {
          samplingMode: 'most-predictable',
          initialPrompts: [],
          expectedInputs: [{ type: 'text', languages: ['en'] }],
          expectedOutputs: [{ type: 'text', languages: ['en'] }],
        },
      ],
    ]);
    for (const [, options] of api.calls) {
      expect(options).not.toHaveProperty('topK');
      expect(options).not.toHaveProperty('temperature');
    }
  });

  it('without the user’s yes to a download loads only what the browser has at hand', async () => {
    const quietly: LoadOptions = { ...OPTIONS, download: false };
    for (const available of ['downloadable', 'downloading'] as const) {
      api.available = Promise.resolve(available);
      expect(await engine.load(NEVER, quietly)).toMatchObject({ error: { code: 'consent-required' } });
    }
    api.available = Promise.resolve('unavailable');
    expect(await engine.load(NEVER, quietly)).toMatchObject({ error: { code: 'engine-unavailable' } });
    expect(api.creations).toEqual([]);
    api.available = Promise.resolve('available');
    expect(await engine.load(NEVER, quietly)).toMatchObject({ ok: true });
  });

  it('says what the browser tells: its context, and nothing invented beside it', async () => {
    const loaded = await engine.load(NEVER, OPTIONS);
    expect(loaded).toEqual({
      ok: true,
      value: {
        modelId: 'browser',
        backend: 'browser',
        threads: 0,
        contextTokens: 9216,
        vocabularySize: 0,
        weightBytes: 0,
        loadMs: 0,
      },
    });
  });

  it('takes the wanted context for one without bounds', async () => {
    api.manual = true;
    const loading = engine.load(NEVER, OPTIONS);
    const session = new FakeSession();
    session.contextWindow = Number.POSITIVE_INFINITY;
    api.creations[0]?.give(session);
    expect(await loading).toMatchObject({ value: { contextTokens: 4096 } });
  });

  it('shows the download, waits for it as long as it goes on, and gives it up after five silent minutes', async () => {
    api.manual = true;
    const loading = engine.load(NEVER, OPTIONS, ({ phase, fraction }) => {
      expect(phase).toBe('fetch');
      progress.push(fraction);
    });
    for (const share of [0, 0.25, 0.5]) {
      clock.advance(299_000);
      api.creations[0]?.progress(share);
    }
    expect(progress).toEqual([0, 0.25, 0.5]);
    clock.advance(299_999);
    expect(clock.pending).toBe(1);
    clock.advance(1);
    expect(await loading).toMatchObject({ error: { code: 'deadline-exceeded' } });
    const late = new FakeSession();
    api.creations[0]?.give(late);
    await turn();
    expect(late.destroyed).toBe(true);
    api.creations[0]?.progress(1);
    expect(progress).toHaveLength(3);
    expect(clock.pending).toBe(0);
  });

  it('is given up at once; a session that comes later is destroyed', async () => {
    api.manual = true;
    const controller = new AbortController();
    const loading = engine.load(controller.signal, OPTIONS);
    controller.abort();
    expect(await loading).toMatchObject({ error: { code: 'cancelled' } });
    expect(api.creations[0]?.options.signal.aborted).toBe(true);
    const late = new FakeSession();
    api.creations[0]?.give(late);
    await turn();
    expect(late.destroyed).toBe(true);
    expect(await engine.generate(NEVER, REQUEST, () => undefined)).toMatchObject({
      error: { code: 'engine-failed', details: { reason: 'no-model' } },
    });
  });

  it('keeps its session when the signal of its loading aborts long after', async () => {
    const controller = new AbortController();
    await engine.load(controller.signal, OPTIONS);
    controller.abort();
    expect(root().destroyed).toBe(false);
  });

  it.each<[string, unknown, string]>([
    ['needs a click, or was refused', new DOMException('', 'NotAllowedError'), 'consent-required'],
    ['has no such model', new DOMException('', 'NotSupportedError'), 'engine-unavailable'],
    ['lost the line', new DOMException('', 'NetworkError'), 'model-fetch-failed'],
    ['cannot start its service', new DOMException('', 'OperationError'), 'model-load-failed'],
    ['ended it by itself', new DOMException('', 'AbortError'), 'model-load-failed'],
    ['throws something else', 'words', 'model-load-failed'],
  ])('that the browser %s is a typed error', async (_, error, code) => {
    api.manual = true;
    const loading = engine.load(NEVER, OPTIONS);
    api.creations[0]?.refuse(error);
    expect(await loading).toMatchObject({ ok: false, error: { code } });
  });

  it('says when there is no such thing in this browser, and refuses models that are not the browser’s', async () => {
    const bare = new PromptApiEngine({
      languageModel: () => null,
      allowed: () => true,
      clock,
      languages: ['en'],

      onLost: () => undefined,
    });
    expect(await bare.load(NEVER, OPTIONS)).toMatchObject({ error: { code: 'engine-unavailable' } });
    const model = { format: 'remote', id: 'x', name: 'X', model: 'x' } as const;
    expect(await engine.load(NEVER, { ...OPTIONS, model })).toMatchObject({
      error: { code: 'request-unsupported' },
    });
  });
});

describe('an answer', () => {
  it('comes from a clone of its own, which is destroyed; the session itself stays clean', async () => {
    await engine.load(NEVER, OPTIONS);
    for (const word of ['2', 'two']) {
      const asked = ask();
      await turn();
      answering().say(word);
      answering().end();
      await turn();
      expect(asked.outcome).toMatchObject({ ok: true, value: { text: word, finish: 'stop' } });
    }
    expect(root().clones).toHaveLength(2);
    expect(root().clones.every((clone) => clone.destroyed)).toBe(true);
    expect(root()).toMatchObject({ answers: [], destroyed: false });
    expect(clock.pending).toBe(0);
  });

  it('counts pieces as tokens, and times them', async () => {
    await engine.load(NEVER, OPTIONS);
    const asked = ask();
    await turn();
    clock.advance(400);
    for (const piece of ['The', ' answer', ' is', ' 2']) {
      clock.advance(100);
      answering().say(piece);
      await turn();
    }
    answering().say('');
    answering().end();
    await turn();
    expect(asked.outcome).toEqual({
      ok: true,
      value: {
        text: 'The answer is 2',
        finish: 'stop',
        promptTokens: REQUEST.prompt.length,
        completionTokens: 4,
        timeToFirstTokenMs: 500,
        prefillTokensPerSecond: null,
        decodeTokensPerSecond: 10,
        durationMs: 800,
      },
    });
    expect(asked.chunks.map((chunk) => chunk.text).join('')).toBe('The answer is 2');
    expect(asked.chunks.map((chunk) => chunk.tokens)).toEqual([1, 2, 3, 4]);
  });

  it('reaches the page at most every flush interval, also when the pace changes meanwhile', async () => {
    await engine.load(NEVER, OPTIONS);
    engine.setPacing({ flushIntervalMs: 100, decodeDelayMs: 0 });
    const asked = ask({ maxTokens: 99 });
    await turn();
    for (const piece of 'abcdef') {
      answering().say(piece);
      await turn();
      clock.advance(30);
    }
    expect(asked.chunks.map((chunk) => chunk.text)).toEqual(['a', 'bcd']);
    engine.setPacing({ flushIntervalMs: 10, decodeDelayMs: 0 });
    clock.advance(100);
    answering().say('g');
    await turn();
    expect(asked.chunks.map((chunk) => chunk.text)).toEqual(['a', 'bcd', 'ef', 'g']);
    answering().end();
  });

  it('ends at the token limit, and the browser is told', async () => {
    await engine.load(NEVER, OPTIONS);
    const asked = ask({ maxTokens: 3 });
    await turn();
    const answer = answering();
    answer.say('a', 'b', 'c', 'd');
    await turn();
    expect(asked.outcome).toMatchObject({ value: { text: 'abc', finish: 'length', completionTokens: 3 } });
    expect(answer.options.signal.aborted).toBe(true);
  });

  it('keeps its text when it is stopped, at once', async () => {
    await engine.load(NEVER, OPTIONS);
    const controller = new AbortController();
    const asked = ask({}, controller.signal);
    await turn();
    answering().say('half an');
    await turn();
    controller.abort();
    await turn();
    expect(asked.outcome).toMatchObject({ ok: true, value: { text: 'half an', finish: 'cancelled' } });
    expect(answering().options.signal.aborted).toBe(true);
    expect(root().clones[0]?.destroyed).toBe(true);
    expect(losses).toEqual([]);
  });

  it('that is stopped while it is being prepared is empty, and what comes too late is destroyed', async () => {
    await engine.load(NEVER, OPTIONS);
    root().cloneHangs = true;
    const controller = new AbortController();
    const asked = ask({}, controller.signal);
    await turn();
    controller.abort();
    await turn();
    expect(asked.outcome).toMatchObject({ ok: true, value: { text: '', finish: 'cancelled' } });
    root().giveClones();
    await turn();
    expect(root().clones[0]?.destroyed).toBe(true);
    root().cloneHangs = false;
    const next = ask();
    await turn();
    answering().end();
    await turn();
    expect(next.outcome).toMatchObject({ ok: true });
  });

  it('waits for its slot, and leaves the queue when it is stopped there', async () => {
    await engine.load(NEVER, OPTIONS);
    const first = ask();
    const controller = new AbortController();
    const second = ask({}, controller.signal);
    await turn();
    expect(root().clones).toHaveLength(1);
    controller.abort();
    await turn();
    expect(second.outcome).toMatchObject({ ok: true, value: { finish: 'cancelled', text: '' } });
    answering().end();
    await turn();
    expect(first.outcome).toMatchObject({ ok: true });
  });
});
