import { beforeEach, describe, expect, it } from 'vitest';
import type { GenerateRequest, Generation, LoadOptions, TokenChunk } from '#contracts/engine';
import { failure, type Outcome, type WitanFailure } from '#contracts/errors';
import { PromptApiEngine } from '../../../src/engines/prompt-api-engine.ts';
import { FakeLanguageModel, FakeSession, QuotaExceeded, type FakeAnswer } from '../../fakes/prompt-api.ts';
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
let losses: WitanFailure[];
let engine: PromptApiEngine;

beforeEach(() => {
  clock = new VirtualClock();
  api = new FakeLanguageModel();
  allowed = true;
  losses = [];
  engine = new PromptApiEngine({
    languageModel: () => {
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

describe('what is asked for', () => {
  it('takes the system prompt and the conversation into a session, which the next question shares', async () => {
    await engine.load(NEVER, OPTIONS);
    const conversation = {
      system: 'Be brief.',
      history: [
        { role: 'user', content: 'Hello' },
        { role: 'assistant', content: 'Hi' },
      ],
    } as const;
    for (const question of ['One?', 'Two?']) {
      ask({ ...conversation, prompt: question, temperature: 0.7 });
      await turn();
      answering(api.sessions[1]).end();
      await turn();
    }
    expect(api.sessions).toHaveLength(2);
    expect(api.calls.at(-1)).toMatchObject([
      'create',
      {
        samplingMode: 'balanced',
        initialPrompts: [
          { role: 'system', content: 'Be brief.' },
          { role: 'user', content: 'Hello' },
          { role: 'assistant', content: 'Hi' },
        ],
      },
    ]);
    ask({ ...conversation, history: [] });
    await turn();
    expect(api.sessions[1]?.destroyed).toBe(true); // one conversation at a time
    expect(root().destroyed).toBe(false);
  });

  it('passes a schema on, and a short-answer grammar as an expression', async () => {
    await engine.load(NEVER, OPTIONS);
    const schema = { type: 'object' };
    ask({ jsonSchema: schema });
    await turn();
    expect(answering().options.responseConstraint).toBe(schema);
    answering().end();
    await turn();
    ask({ grammar: 'root ::= "yes" | "no"' });
    await turn();
    expect(answering().options.responseConstraint).toEqual(/^(?:(?:yes|no))$/);
    answering().end();
  });

  it.each<[string, Partial<GenerateRequest>]>([
    ['a grammar that needs itself', { grammar: 'root ::= "(" root ")" | ""' }],
    ['a grammar and a schema at once', { grammar: 'root ::= "a"', jsonSchema: {} }],
    ['a fixed length', { ignoreEos: true }],
  ])('refuses %s', async (_, change) => {
    await engine.load(NEVER, OPTIONS);
    const asked = ask(change);
    await turn();
    expect(asked.outcome).toMatchObject({ ok: false, error: { code: 'request-unsupported' } });
    expect(root().clones).toHaveLength(0);
  });

  it('is measured before it is put', async () => {
    await engine.load(NEVER, OPTIONS);
    root().contextWindow = 20;
    root().contextUsage = 10;
    const asked = ask();
    await turn();
    expect(asked.outcome).toEqual({
      ok: false,
      error: failure('context-exceeded', { model: MODEL, needed: 24, available: 20 }),
    });
    expect(root().clones[0]?.answers).toEqual([]);
    root().contextUsage = 0;
    root().measureError = new DOMException('The usage cannot be calculated.', 'OperationError');
    const unmeasured = ask();
    await turn();
    answering().end();
    await turn();
    expect(unmeasured.outcome).toMatchObject({ ok: true, value: { promptTokens: 0 } });
  });
});

describe('a fault', () => {
  it.each<[string, Error, WitanFailure['details'], string]>([
    ['too long', new QuotaExceeded(500, 200), { needed: 500, available: 200 }, 'context-exceeded'],
    ['withheld', new DOMException('', 'NotReadableError'), {}, 'request-unsupported'],
    ['in no known language', new DOMException('', 'NotSupportedError'), {}, 'request-unsupported'],
    ['of no such form', new DOMException('', 'SyntaxError'), {}, 'request-unsupported'],
    ['forbidden', new DOMException('', 'NotAllowedError'), {}, 'request-unsupported'],
    ['failed', new DOMException('', 'UnknownError'), {}, 'engine-failed'],
    [
      'ended by the browser',
      new DOMException('The response was disabled.', 'AbortError'),
      {},
      'engine-failed',
    ],
  ])('an answer that is %s is a typed error of this question', async (_, error, details, code) => {
    await engine.load(NEVER, OPTIONS);
    const asked = ask();
    await turn();
    answering().fail(error);
    await turn();
    expect(asked.outcome).toMatchObject({ ok: false, error: { code, details } });
    expect([losses, clock.pending]).toEqual([[], 0]);
    const next = ask();
    await turn();
    answering().end();
    await turn();
    expect(next.outcome).toMatchObject({ ok: true });
  });

  it('a session that is gone is a lost engine, told once', async () => {
    await engine.load(NEVER, OPTIONS);
    root().destroy();
    const asked = ask();
    await turn();
    expect(asked.outcome).toMatchObject({ ok: false, error: { code: 'worker-lost' } });
    expect(losses).toMatchObject([{ code: 'worker-lost', details: { member: MODEL } }]);
    const next = ask();
    await turn();
    expect(next.outcome).toMatchObject({ error: { code: 'engine-failed' } });
    expect(losses).toHaveLength(1);
  });

  it('a session that goes in the middle of an answer is lost as well', async () => {
    await engine.load(NEVER, OPTIONS);
    const asked = ask();
    await turn();
    answering().say('half');
    await turn();
    answering().fail(
      new DOMException('The model execution session has been destroyed.', 'InvalidStateError'),
    );
    await turn();
    expect(asked.outcome).toMatchObject({ error: { code: 'worker-lost' } });
    expect(losses).toHaveLength(1);
  });

  it('silence before the first piece and between two is given up', async () => {
    await engine.load(NEVER, OPTIONS);
    const first = ask();
    await turn();
    clock.advance(59_999);
    await turn();
    expect(first.outcome).toBeNull();
    clock.advance(1);
    await turn();
    expect(first.outcome).toMatchObject({ error: { code: 'worker-silent' } });
    expect(losses).toHaveLength(1);

    await engine.load(NEVER, OPTIONS);
    const session = api.sessions[1];
    const second = ask();
    await turn();
    answering(session).say('a');
    await turn();
    clock.advance(15_000);
    await turn();
    expect(second.outcome).toMatchObject({ error: { code: 'worker-silent' } });
    expect(losses).toHaveLength(2);
  });

  it('a clone that never comes is silence too', async () => {
    await engine.load(NEVER, OPTIONS);
    root().cloneHangs = true;
    const asked = ask();
    await turn();
    clock.advance(60_000);
    await turn();
    expect(asked.outcome).toMatchObject({ error: { code: 'worker-silent' } });
  });
});

describe('unloading', () => {
  it('also ends a session that is still being made for a conversation', async () => {
    await engine.load(NEVER, OPTIONS);
    api.manual = true;
    const asked = ask({ system: 'Be brief.' });
    await turn();
    await engine.unload();
    await turn();
    expect(asked.outcome).toMatchObject({ ok: false, error: { code: 'cancelled' } });
    const late = new FakeSession();
    api.creations[1]?.give(late);
    await turn();
    expect(late.destroyed).toBe(true);
  });

  it('of a load that came second leaves no session of the first', async () => {
    api.manual = true;
    const loads = [engine.load(NEVER, OPTIONS), engine.load(NEVER, OPTIONS)];
    for (const creation of api.creations) creation.give(new FakeSession());
    await Promise.all(loads);
    expect(api.sessions.map((session) => session.destroyed)).toEqual([true, false]);
  });

  it('lets nothing more reach the page, not even what was gathered', async () => {
    await engine.load(NEVER, OPTIONS);
    engine.setPacing({ flushIntervalMs: 100, decodeDelayMs: 0 });
    const asked = ask();
    await turn();
    answering().say('a', 'b');
    await turn();
    answering().fail(new DOMException('', 'UnknownError'));
    await turn();
    clock.advance(1000);
    expect(asked.chunks.map((chunk) => chunk.text)).toEqual(['a']);
    expect(clock.pending).toBe(0);
  });

  it('destroys every session, ends what is under way, and may be done twice', async () => {
    await engine.load(NEVER, OPTIONS);
    ask({ system: 'Be brief.' });
    await turn();
    answering(api.sessions[1]).end();
    await turn();
    const asked = ask();
    const waiting = ask();
    await turn();
    await engine.unload();
    await engine.unload();
    await turn();
    for (const cut of [asked, waiting])
      expect(cut.outcome).toEqual({ ok: false, error: failure('cancelled', { member: MODEL }) });
    expect(api.sessions.map((session) => session.destroyed)).toEqual([true, true]);
    expect([losses, clock.pending]).toEqual([[], 0]);
  });
});
