import { beforeEach, describe, expect, it } from 'vitest';
import { err, ok } from '#kernel/result';
import type { Turn } from '#contracts/conversation';
import type { CouncilEvent, MemberState, MemberView } from '#contracts/council';
import type { AnswerKind } from '#contracts/deliberation';
import type { Engine, GenerateRequest } from '#contracts/engine';
import { failure } from '#contracts/errors';
import { NO_METRICS } from '#contracts/metrics';
import { ReadingAhead, type ReadingAheadPorts } from '../../../src/app/reading-ahead.ts';
import { Council } from '../../../src/council/council.ts';
import { instructManner } from '../../../src/app/instruct-manner.ts';
import { starterSpec, type MemberSpec, type SeatedMember } from '../../../src/resources/member-spec.ts';
import { deliberation } from '../../fakes/deliberations.ts';
import { starterMember } from '../../fakes/manual-engine.ts';
import { memberView } from '../../fakes/port-data.ts';
import { turn } from '../../fakes/turn.ts';
import { VirtualClock } from '../../fakes/virtual-clock.ts';

const ABSTAIN = 'I cannot answer that.';
const SHORT = instructManner(2048).system?.(true, ABSTAIN);
const LONG = instructManner(2048).system?.(false, ABSTAIN);

/** Of the council only its turns count here. */
const NO_ROUNDS = {
  metrics: NO_METRICS,
  emit: () => undefined,
  roster: () => Promise.resolve(err(failure('council-unavailable'))),
  watchFrames: () => () => null,
  newId: () => 'id',
  rounds: () => Promise.reject(new Error('nobody asks')),
  abstain: () => ABSTAIN,
  promptLimit: () => 100,
};

let clock: VirtualClock;
let council: Council;
let listeners: ((event: CouncilEvent) => void)[];
let views: readonly MemberView[];
let known: boolean;
let conversation: Awaited<ReturnType<NonNullable<ReadingAheadPorts['conversation']>>>;
let ahead: ReadingAhead;
let asked: (GenerateRequest & { readonly by: string })[];

/** Answers at once. */
function engineOf(by: string): Engine {
  return {
    kind: 'wllama',
    load: () => Promise.reject(new Error('it is loaded')),
    generate: (_signal, request) => {
      asked.push({ ...request, by });
      const figures = { timeToFirstTokenMs: 1, prefillTokensPerSecond: 1, decodeTokensPerSecond: 1 };
      return Promise.resolve(
        ok({
          text: 'ok',
          finish: 'stop',
          promptTokens: 9,
          cachedPromptTokens: 0,
          completionTokens: 1,
          durationMs: 1,
          ...figures,
        }),
      );
    },
    setPacing: () => undefined,
    unload: () => Promise.resolve(),
  };
}

function seatedMember(id: string, manner: boolean): SeatedMember {
  const bundled = starterSpec(starterMember(id), 'https://page/x.gguf', 1);
  const spec: MemberSpec = manner ? { ...bundled, bundled: false, manner: instructManner(2048) } : bundled;
  return { spec, rung: spec.rungs[0], backend: 'cpu' };
}

const hear = (event: CouncilEvent): void => {
  for (const listener of listeners) listener(event);
};

function become(...states: readonly MemberState[]): void {
  views = views.map((view, index) => ({ ...view, state: states[index] ?? view.state }));
  hear({ type: 'members-changed', members: views });
}

const ended = (answerKind: AnswerKind): void => {
  hear({ type: 'round-ended', roundId: 'r', deliberation: deliberation('r', 1, { answerKind }) });
};

async function rest(): Promise<void> {
  for (let n = 0; n < 30; n += 1) {
    await turn();
    clock.advance(100);
  }
  await turn();
}

beforeEach(() => {
  clock = new VirtualClock();
  listeners = [];
  asked = [];
  known = true;
  conversation = null;
  views = ['tiny', 'general'].map((id) => memberView(id));
  council = new Council({ ...NO_ROUNDS, clock });
  ahead = new ReadingAhead({
    clock,
    metrics: NO_METRICS,
    idle: { idle: () => Promise.resolve(), reluctance: () => Promise.resolve(null) },
    conversation: () => Promise.resolve(conversation),
    council: {
      about: () =>
        Promise.resolve(
          known
            ? ok({ abstain: ABSTAIN } as never)
            : err(failure('model-fetch-failed', { url: 'council.json' })),
        ),
      members: () => views,
      spare: (task) => council.spare(task),
      subscribe: (listener) => {
        listeners.push(listener);
        return () => undefined;
      },
      manager: { seated: () => [seatedMember('tiny', false), seatedMember('general', true)] },
    },
  });
});

describe('before a question', () => {
  it('a general member reads its instruction as soon as it is loaded, and one for bare questions nothing', async () => {
    const watched = { tiny: engineOf('tiny'), general: engineOf('general') };
    ahead.watch('tiny', watched.tiny);
    ahead.watch('general', watched.general);
    become('loading', 'loading');
    await rest();
    expect(asked).toEqual([]);
    become('ready', 'ready');
    await rest();
    expect(asked).toMatchObject([{ by: 'general', system: LONG, prompt: '', maxTokens: 1 }]);
    expect(ahead.counts).toMatchObject({ warmed: 1, failed: 0 });
    become('ready', 'thinking');
    become('ready', 'ready');
    await rest();
    expect(asked).toHaveLength(1);
  });

  it('is nothing read while a measurement runs', async () => {
    ahead.watch('general', engineOf('general'));
    let end: () => void = () => undefined;
    const measuring = council.exclusively<null>(new AbortController().signal, () => {
      return new Promise((resolve) => {
        end = () => {
          resolve(ok(null));
        };
      });
    });
    become('ready', 'ready');
    await rest();
    expect(asked).toEqual([]);
    end();
    await measuring;
    ended('free');
    await rest();
    expect(asked).toHaveLength(1);
  });

  it('is nothing read to a member that is not in memory', async () => {
    ahead.watch('general', engineOf('general'));
    become('ready', 'absent');
    ended('free');
    await rest();
    expect(asked).toEqual([]);
  });

  it('is nothing read while nobody knows who sits on the council', async () => {
    known = false;
    ahead.watch('general', engineOf('general'));
    become('ready', 'ready');
    await rest();
    expect(asked).toEqual([]);
  });
});

describe('after a round', () => {
  it('the next question is expected to be as the last', async () => {
    ahead.watch('general', engineOf('general'));
    become('ready', 'ready');
    await rest();
    ended('number');
    await rest();
    expect(asked.map(({ system }) => system)).toEqual([LONG, SHORT]);
  });

  it('the conversation under way is read as the member is shown it', async () => {
    const engine = ahead.watch('general', engineOf('general'));
    become('ready', 'ready');
    await rest();
    await engine.generate(
      new AbortController().signal,
      { prompt: 'sea?', system: LONG ?? '', maxTokens: 8, temperature: 0, seed: 1 },
      () => undefined,
    );
    const said: Turn = {
      id: 't',
      parentId: null,
      kind: 'ask',
      deliberationId: 'r',
      askedAt: 1,
      prompt: 'sea?',
      answer: 'The council said water.',
      answers: [{ memberId: 'general', answer: 'ok' }],
    };
    conversation = { path: [said], view: 'own' };
    ended('free');
    await rest();
    expect(asked).toHaveLength(2); // it said so itself
    conversation = { path: [said], view: 'council' };
    await ahead.expect();
    await rest();
    expect(asked.at(-1)?.history?.at(-1)?.content).toBe('The council said water.');
  });
});

it('an engine that is gone reads nothing, and its successor does', async () => {
  const [old, next] = [engineOf('old'), engineOf('next')];
  ahead.watch('general', old);
  ahead.forget('general', old);
  become('ready', 'ready');
  await rest();
  expect(asked).toEqual([]);
  ahead.watch('general', next);
  ahead.forget('general', old); // its worker tells of its end late
  await ahead.expect();
  await rest();
  expect(asked.map(({ by }) => by)).toEqual(['next']);
});
