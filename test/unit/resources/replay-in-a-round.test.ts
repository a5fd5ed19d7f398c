import { beforeEach, expect, it } from 'vitest';
import type { CouncilMember, RoundEvent } from '#contracts/council';
import type { Deliberation } from '#contracts/deliberation';
import { answerShape } from '../../../src/council/answer-shape.ts';
import { Round } from '../../../src/council/round.ts';
import { CouncilManager } from '../../../src/resources/council-manager.ts';
import { starterSpec } from '../../../src/resources/member-spec.ts';
import { ManualEngine, starterMember, type ManualAnswer } from '../../fakes/manual-engine.ts';
import { turn } from '../../fakes/turn.ts';
import { VirtualClock } from '../../fakes/virtual-clock.ts';

const NEVER = new AbortController().signal;
const PROMPT = 'Arrange 3, 1, 2 from low to high.';

let clock: VirtualClock;
let engines: Map<string, ManualEngine[]>;
let manager: CouncilManager;
let members: readonly CouncilMember[];
let events: RoundEvent[];
let record: Omit<Deliberation, 'frames'> | null;

const newest = (id: string): ManualEngine => {
  const found = engines.get(id)?.at(-1);
  if (found === undefined) throw new Error(`${id} was not launched`);
  return found;
};
const answer = (id: string): ManualAnswer => {
  const found = newest(id).answers.at(-1);
  if (found === undefined) throw new Error(`${id} was not asked`);
  return found;
};
const part = (id: string) => record?.members.find((member) => member.id === id);

beforeEach(async () => {
  clock = new VirtualClock();
  engines = new Map();
  events = [];
  record = null;
  manager = new CouncilManager({
    clock,
    metrics: { add: () => undefined, set: () => undefined },
    launch: (memberId, onLost) => {
      const engine = new ManualEngine(memberId, onLost);
      engines.set(memberId, [...(engines.get(memberId) ?? []), engine]);
      return engine;
    },
    onChange: () => undefined,
  });
  manager.appoint(['alder', 'birch', 'cedar'].map((id) => starterSpec(starterMember(id), `${id}.gguf`, 1)));
  const prepared = manager.prepare(NEVER);
  for (const id of engines.keys()) newest(id).loaded();
  const roster = await prepared;
  if (!roster.ok) throw new Error('no council');
  members = roster.value.ready;
  const round = new Round(
    {
      id: 'r',
      prompt: PROMPT,
      shape: answerShape(PROMPT, 'no'),
      members,
      absent: [],
      abstain: 'no',
      seed: 1,
      softDeadlineMs: 10_000,
      hardDeadlineMs: 30_000,
      quorum: 3,
      graceMs: 400,
    },
    clock,
    (event) => {
      events.push(event);
      if (event.type === 'member-started') manager.setThinking(event.memberId, true);
      if (event.type === 'member-ended') manager.setThinking(event.member.id, false);
    },
  );
  void round.run().then((ended) => {
    record = ended;
  });
  await turn();
});

it('a member whose worker dies in the middle still gives its vote, and its words are shown once', async () => {
  answer('alder').say('1, ');
  newest('alder').lose();
  await turn();
  expect(manager.views()[0]).toMatchObject({ state: 'restarting', restarts: 1 });
  answer('birch').say('1, 2, 3');
  answer('birch').end();
  answer('cedar').say('3, 2, 1');
  answer('cedar').end();
  await turn();
  expect(record).toBeNull(); // one against one: the third decides
  newest('alder').loaded();
  await turn();
  expect(manager.views()[0]?.state).toBe('thinking');
  answer('alder').say('1, ');
  answer('alder').say('2, 3');
  answer('alder').end();
  await turn();
  expect(record).toMatchObject({ answer: '1, 2, 3', outcome: 'decided', missing: [] });
  expect(part('alder')).toMatchObject({ status: 'answered', answer: '1, 2, 3' });
  const shown = events.flatMap((event) =>
    event.type === 'member-chunk' && event.memberId === 'alder' ? [[event.text, event.tokens]] : [],
  );
  expect(shown).toEqual([
    ['1, ', 1],
    ['1, 2, 3', 2],
  ]);
  expect(manager.views()[0]?.state).toBe('ready');
});

it('the round waits for nobody beyond its deadlines, and the member is ready for the next one', async () => {
  newest('alder').lose();
  answer('birch').say('1, 2, 3');
  answer('birch').end();
  answer('cedar').say('3, 2, 1');
  answer('cedar').end();
  await turn();
  clock.advance(30_000);
  await turn();
  expect(record).toMatchObject({ wallMs: 30_000 });
  expect(part('alder')).toMatchObject({ status: 'timeout', answer: '' });
  newest('alder').loaded();
  await turn();
  expect(manager.views()[0]).toMatchObject({ state: 'ready', restarts: 1 });
  expect(newest('alder').answers).toEqual([]); // nobody waits for that answer any more
});

it('the others lose nothing by it: a vote that is decided is decided', async () => {
  newest('alder').lose();
  for (const id of ['birch', 'cedar']) {
    answer(id).say('1, 2, 3');
    answer(id).end();
  }
  await turn();
  clock.advance(400);
  await turn();
  expect(record).toMatchObject({ answer: '1, 2, 3', decidedEarly: true, wallMs: 400 });
  expect(part('alder')?.status).toBe('cut');
});

it('a member that is lost again says so', async () => {
  for (const text of ['1, ', '1, ']) {
    answer('alder').say(text);
    newest('alder').lose();
    newest('alder').loaded();
    await turn();
  }
  expect(events.filter((event) => event.type === 'member-ended')).toMatchObject([
    { member: { id: 'alder', status: 'lost', error: 'worker-lost' } },
  ]);
  expect(manager.views()[0]).toMatchObject({ state: 'ready', restarts: 2 });
});
