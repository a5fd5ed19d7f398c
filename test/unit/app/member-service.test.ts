import { expect, test } from 'vitest';
import { ok } from '#kernel/result';
import type { AbsentMember, CouncilMember, MemberView } from '#contracts/council';
import type { GenerateRequest } from '#contracts/engine';
import { MemberService } from '../../../src/app/member-service.ts';
import { memberView, starterCouncil } from '../../fakes/port-data.ts';
import { ScriptedEngine, type Script } from '../../fakes/scripted-engine.ts';
import { turn } from '../../fakes/turn.ts';
import { VirtualClock } from '../../fakes/virtual-clock.ts';

const NEVER = new AbortController().signal;
const REQUEST: GenerateRequest = { prompt: 'What is 38 + 47?', maxTokens: 9, temperature: 0.5, seed: 3 };
const INSTRUCTED: GenerateRequest = {
  ...REQUEST,
  system: 'Be brief.',
  history: [{ role: 'user', content: 'Hello' }],
};
const BARE: CouncilMember['manner'] = {
  system: null,
  freeAnswerTokens: 9,
  promptLimit: 140,
  softDeadlineMs: 1,
  hardDeadlineMs: 1,
};

interface Scene {
  readonly script?: Script;
  readonly manner?: CouncilMember['manner'];
  readonly views?: readonly MemberView[];
  readonly absent?: readonly AbsentMember[];
  readonly ready?: false;
}

function play({
  script = { says: '85' },
  manner,
  views = [memberView('alder')],
  absent = [],
  ready,
}: Scene = {}) {
  const clock = new VirtualClock();
  const engine = new ScriptedEngine(clock, script);
  const member: CouncilMember = {
    id: 'alder',
    name: 'Alder',
    backend: 'cpu',
    engine,
    accuracy: 1,
    ...(manner === undefined ? {} : { manner }),
  };
  const thinking: boolean[] = [];
  const wanted: string[] = [];
  const turns: string[] = [];
  const service = new MemberService({
    exclusively: async (_signal, task) => {
      turns.push('begin');
      const done = await task();
      turns.push('end');
      return done;
    },
    about: () => Promise.resolve(ok(starterCouncil())),
    members: () => views,
    roster: (_signal, { isWanted } = {}) => {
      wanted.push(...['alder', 'birch'].filter((id) => isWanted?.(memberView(id)) === true));
      return Promise.resolve(ok({ ready: ready === false ? [] : [member], absent }));
    },
    manager: {
      setThinking: (_id, now) => {
        thinking.push(now);
      },
    },
  });
  const pieces: string[] = [];
  const ask = async (
    request: GenerateRequest,
    options: Parameters<MemberService['generate']>[4] = {},
    signal = NEVER,
  ) => {
    const asked = service.generate(signal, 'alder', request, ({ text }) => pieces.push(text), options);
    for (let step = 0; step < 10; step += 1) {
      await turn();
      clock.advance(5);
    }
    return asked;
  };
  return { ask, engine, thinking, wanted, turns, pieces };
}

test('one member is asked the request as it stands, in a turn of its own', async () => {
  const { ask, engine, thinking, wanted, turns, pieces } = play();
  expect(await ask(INSTRUCTED)).toMatchObject({
    ok: true,
    value: { generation: { text: '85', finish: 'stop' }, leftOut: [] },
  });
  expect(engine.requests).toEqual([INSTRUCTED]);
  expect([wanted, turns, thinking, pieces.join('')]).toEqual([
    ['alder'],
    ['begin', 'end'],
    [true, false],
    '85',
  ]);
});

test('what one that reads bare questions cannot be given is refused, or left out and told', async () => {
  const { ask, engine } = play({ manner: BARE });
  expect(await ask(INSTRUCTED)).toMatchObject({
    error: { code: 'request-unsupported', details: { model: 'Alder', extra: 'system' } },
  });
  expect(await ask(INSTRUCTED, { leaveOut: ['system'] })).toMatchObject({
    error: { details: { extra: 'history' } },
  });
  expect(engine.requests).toEqual([]);
  expect(await ask(INSTRUCTED, { leaveOut: ['history', 'system'] })).toMatchObject({
    value: { leftOut: ['system', 'history'] },
  });
  expect(engine.requests).toEqual([REQUEST]);
});

test('nothing is left out of what a member can be given', async () => {
  const { ask, engine } = play();
  expect(await ask(INSTRUCTED, { leaveOut: ['history', 'system'] })).toMatchObject({
    value: { leftOut: [] },
  });
  expect(engine.requests).toEqual([INSTRUCTED]);
});

test('a member on a server is not called without a yes', async () => {
  const views = [memberView('alder', { backend: 'remote' })];
  const { ask, engine, wanted } = play({ views });
  expect(await ask(REQUEST)).toMatchObject({ error: { code: 'consent-required' } });
  expect([engine.requests, wanted]).toEqual([[], []]);
  expect(await ask(REQUEST, { allowRemote: true })).toMatchObject({ ok: true });
});

test('who does not sit on the council is unknown', async () => {
  expect(await play({ views: [] }).ask(REQUEST)).toMatchObject({ error: { code: 'member-unknown' } });
});

test('one that cannot be asked says why', async () => {
  const absent: AbsentMember = {
    id: 'alder',
    name: 'Alder',
    engine: 'wllama',
    backend: 'cpu',
    error: 'model-invalid',
  };
  expect(await play({ ready: false, absent: [absent] }).ask(REQUEST)).toMatchObject({
    error: { code: 'council-unavailable', details: { cause: 'model-invalid' } },
  });
});

test('a failure of its engine is told, and it does not go on thinking', async () => {
  const failing = play({ script: { fails: 'worker-lost' } });
  expect(await failing.ask(REQUEST)).toMatchObject({ error: { code: 'worker-lost' } });
  expect(failing.thinking).toEqual([true, false]);
  const throwing = play({ script: { throws: true } });
  expect(await throwing.ask(REQUEST)).toMatchObject({ error: { code: 'internal' } });
  expect(throwing.thinking).toEqual([true, false]);
});

test('stopped before its turn it is not asked', async () => {
  const { ask, engine } = play();
  expect(await ask(REQUEST, {}, AbortSignal.abort())).toMatchObject({ error: { code: 'cancelled' } });
  expect(engine.requests).toEqual([]);
});
