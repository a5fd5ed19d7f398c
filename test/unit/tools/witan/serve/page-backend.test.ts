import { afterEach, expect, test } from 'vitest';
import { err, ok } from '#kernel/result';
import type { CouncilEvent } from '#contracts/council';
import type { MemberHistory } from '#contracts/deliberation';
import { failure } from '#contracts/errors';
import type { ConversationPort } from '#contracts/conversation-port';
import type { CouncilPort, MemberPort, WitanPorts } from '#contracts/ports';
import type { RoundNews } from '../../../../../tools/witan/serve/backend.ts';
import { PageBackend, type PageSession } from '../../../../../tools/witan/serve/page-backend.ts';
import { DriverFailure } from '../../../../../tools/witan/failures.ts';
import { deliberation, member, memberView } from '../../../../fakes/port-data.ts';
import { aborted, generation } from '../../../../fakes/serve-backend.ts';

const NEVER = new AbortController().signal;
const QUESTION = { prompt: 'What is 38 + 47?', seed: 3, history: [], leaveOutHistory: false };
const REQUEST = {
  memberId: 'alder',
  request: { prompt: 'What is 38 + 47?', maxTokens: 9, temperature: 0, seed: 1 },
  leaveOut: ['system'] as const,
};

afterEach(() => {
  for (const name of ['witanServeTell', 'witanServeRunning']) Reflect.deleteProperty(globalThis, name);
});

interface Scene {
  readonly ask?: CouncilPort['ask'];
  readonly generate?: MemberPort['generate'];
  readonly histories?: ConversationPort['histories'];
  readonly allowRemote?: boolean;
}

/** A page whose code runs here instead of in a browser; the text of it is run by the end-to-end tests. */
async function open({ ask, generate, histories, allowRemote = false }: Scene = {}) {
  const listeners = new Set<(event: CouncilEvent) => void>();
  const views = [memberView('alder', { state: 'ready' }), memberView('far', { backend: 'remote' })];
  const council: Partial<CouncilPort> = {
    prepare: () => Promise.resolve(ok(views)),
    members: () => views,
    ask: ask ?? (() => Promise.resolve(ok(deliberation()))),
    subscribe: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
  const members: MemberPort = {
    generate: generate ?? (() => Promise.resolve(ok({ generation: generation('85'), leftOut: [] }))),
  };
  const limit = new AbortController();
  const page = { dead: null as DriverFailure | null };
  const session: PageSession = {
    limitMs: 5_000,
    run: (argument, body) => {
      if (page.dead !== null) return Promise.reject(page.dead);
      const conversations = () => Promise.resolve({ histories });
      const ports = { council, members, conversations } as unknown as WitanPorts;
      return body({ ports, signal: limit.signal, say: () => undefined }, argument);
    },
    page: {
      exposeFunction: ((name: string, callback: (...args: unknown[]) => unknown) => {
        // Calls of the page reach the driver later, in their order.
        Reflect.set(globalThis, name, async (...args: unknown[]) => {
          await Promise.resolve();
          callback(...(JSON.parse(JSON.stringify(args)) as unknown[]));
        });
        return Promise.resolve();
      }) as unknown as PageSession['page']['exposeFunction'],
      evaluate: ((script: string) => {
        const id = Number(/get\((\d+)\)/.exec(script)?.[1]);
        const running = Reflect.get(globalThis, 'witanServeRunning') as Map<number, AbortController>;
        running.get(id)?.abort();
        return Promise.resolve();
      }) as PageSession['page']['evaluate'],
    },
  };
  const backend = await PageBackend.open(session, allowRemote);
  const emit = (event: CouncilEvent): void => {
    for (const listener of listeners) listener(event);
  };
  return { backend, emit, limit, page, listeners };
}

test('tells who sits on the council; those on servers only where they may be asked', async () => {
  const { backend, emit } = await open();
  expect(backend.members().map(({ id }) => id)).toEqual(['alder']);
  emit({ type: 'members-changed', members: [memberView('birch')] });
  await new Promise(setImmediate);
  expect(backend.members().map(({ id }) => id)).toEqual(['birch']);
  expect((await open({ allowRemote: true })).backend.members()).toHaveLength(2);
});

test('asks the council, and hears of the round before its end', async () => {
  const asked: unknown[] = [];
  const scene = await open({
    ask: (_signal, ...what) => {
      asked.push(what);
      const roundId = 'r';
      scene.emit({ type: 'round-started', roundId, prompt: 'q', members: ['alder'] });
      scene.emit({
        type: 'member-chunk',
        roundId,
        memberId: 'alder',
        text: '85',
        tokens: 2,
        tokensPerSecond: 9,
      });
      scene.emit({
        type: 'round-decided',
        roundId,
        answer: '85',
        agreement: 1,
        outstanding: [],
        fixed: true,
      });
      scene.emit({ type: 'member-ended', roundId, member: member('alder') });
      return Promise.resolve(ok(deliberation()));
    },
  });
  const news: RoundNews[] = [];
  const outcome = await scene.backend.ask(NEVER, QUESTION, (each) => news.push(each));
  expect(outcome).toMatchObject({ ok: true, value: { answer: '85' } });
  expect(asked).toEqual([['What is 38 + 47?', { seed: 3, allowRemote: false, fresh: true }]]);
  expect(news).toEqual([
    { type: 'chunk', memberId: 'alder', characters: 2, tokens: 2 },
    { type: 'decided', answer: '85' },
    { type: 'ended', memberId: 'alder' },
  ]);
  // One that listens to the members, none to the round.
  expect(scene.listeners.size).toBe(1);
});

test('gives earlier turns to all who are asked, or refuses', async () => {
  const history = [
    { role: 'user', content: 'Hello' },
    { role: 'assistant', content: 'Hi' },
  ] as const;
  const question = { ...QUESTION, history };
  const whole = { turns: history, shown: 1, leftOut: 0 };
  const none = { turns: [], shown: 0, leftOut: 1 };
  const asked: unknown[] = [];
  const scene = (alder: MemberHistory, far: MemberHistory, allowRemote = false) =>
    open({
      allowRemote,
      ask: (_signal, _prompt, options) => {
        asked.push(options?.history);
        return Promise.resolve(ok(deliberation()));
      },
      histories: (_signal, earlier, prompt) => {
        expect([earlier, prompt]).toEqual([history, QUESTION.prompt]);
        return Promise.resolve(ok({ alder, far }));
      },
    });
  const refusal = { error: { code: 'request-unsupported' } };
  const ask = async (...what: Parameters<typeof scene>) =>
    (await scene(...what)).backend.ask(NEVER, question, () => undefined);
  expect(await ask(whole, none)).toMatchObject({ ok: true });
  expect(asked).toEqual([{ alder: whole, far: none }]);
  expect(await ask(whole, none, true)).toMatchObject(refusal);
  expect(await ask(none, whole)).toMatchObject(refusal);
  expect(asked).toHaveLength(1);
  const { backend } = await scene(none, none);
  expect(await backend.ask(NEVER, { ...question, leaveOutHistory: true }, () => undefined)).toMatchObject({
    ok: true,
  });
  expect(asked).toHaveLength(2);
});

test('asks a member, and hears its words before its end', async () => {
  const { backend } = await open({
    generate: (_signal, _memberId, _request, onChunk, options) => {
      expect(options).toEqual({ allowRemote: false, leaveOut: ['system'] });
      for (const [index, text] of ['8', '5'].entries()) onChunk({ text, tokens: index + 1, elapsedMs: 1 });
      return Promise.resolve(ok({ generation: generation('85'), leftOut: [] }));
    },
  });
  let text = '';
  await backend.generate(NEVER, REQUEST, (piece) => (text += piece));
  expect(text).toBe('85');
});

test('a stop reaches the page, and only the answer that it is for', async () => {
  const stopped: string[] = [];
  const { backend } = await open({
    generate: async (signal, memberId) => {
      await aborted(signal);
      stopped.push(memberId);
      return ok({ generation: generation('8', { finish: 'cancelled' }), leftOut: [] });
    },
  });
  const [first, second] = [new AbortController(), new AbortController()];
  const answers = [
    backend.generate(first.signal, REQUEST, () => undefined),
    backend.generate(second.signal, { ...REQUEST, memberId: 'birch' }, () => undefined),
  ];
  second.abort();
  expect(await answers[1]).toMatchObject({ ok: true, value: { generation: { finish: 'cancelled' } } });
  expect(stopped).toEqual(['birch']);
  first.abort();
  await answers[0];
  expect(await backend.generate(first.signal, REQUEST, () => undefined)).toMatchObject({
    error: { code: 'cancelled' },
  });
  expect(stopped).toEqual(['birch', 'alder']);
});

test('what the limit of time has stopped is late, not stopped', async () => {
  const stoppedRound = deliberation({ outcome: 'stopped', answer: null });
  for (const outcome of [ok(stoppedRound), err(failure('cancelled'))]) {
    const { backend, limit } = await open({
      ask: async (signal) => {
        await aborted(signal);
        return outcome;
      },
    });
    const asked = backend.ask(NEVER, QUESTION, () => undefined);
    limit.abort();
    expect(await asked).toMatchObject({ error: { code: 'deadline-exceeded', details: { limitMs: 5_000 } } });
  }
  const { backend, limit } = await open({
    generate: async (signal) => {
      await aborted(signal);
      return ok({ generation: generation('8', { finish: 'cancelled' }), leftOut: [] });
    },
  });
  const asked = backend.generate(NEVER, REQUEST, () => undefined);
  limit.abort();
  expect(await asked).toMatchObject({ error: { code: 'deadline-exceeded' } });
});

test('an answer that was there when time ran out is one', async () => {
  const { backend, limit } = await open();
  limit.abort();
  expect(await backend.ask(NEVER, QUESTION, () => undefined)).toMatchObject({ ok: true });
});

test.each([
  [new DriverFailure('page-failed', 'The page crashed.'), 'council-unavailable'],
  [new DriverFailure('deadline-exceeded', 'Late.'), 'deadline-exceeded'],
])('a page that does not answer is a failure: %s', async (dead, code) => {
  const { backend, page } = await open();
  page.dead = dead;
  expect(await backend.ask(NEVER, QUESTION, () => undefined)).toMatchObject({ error: { code } });
});
