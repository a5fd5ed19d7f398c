import { beforeEach, describe, expect, it } from 'vitest';
import { err } from '#kernel/result';
import { failure } from '#contracts/errors';
import { CouncilModel } from '../../../../src/ui/council/council-model.svelte.ts';
import type { TalkModel, TurnRow } from '../../../../src/ui/council/talk-model.svelte.ts';
import { deliberation } from '../../../fakes/port-data.ts';
import { FakePorts } from '../../../fakes/ports.ts';
import { VirtualClock } from '../../../fakes/virtual-clock.ts';

const ROUND_MS = 1_500;

async function settle(): Promise<void> {
  for (let turn = 0; turn < 60; turn += 1) await Promise.resolve();
}

const rowsOf = (rows: readonly TurnRow[]): readonly string[] =>
  rows.map(
    ({ turn, prompt, branches, place, onScreen }) =>
      `${prompt}${turn === null ? ' …' : ''}${branches.length > 1 ? ` ${String(place)}/${String(branches.length)}` : ''}${onScreen ? ' *' : ''}`,
  );

describe('TalkModel', () => {
  let clock: VirtualClock;
  let ports: FakePorts;
  let model: CouncilModel;
  let talk: TalkModel;

  beforeEach(async () => {
    clock = new VirtualClock();
    ports = new FakePorts(clock, {
      records: [deliberation({ id: 'old', prompt: 'Sort 3, 1', answer: '1, 3' })],
      readers: [
        { id: 'alder', promptLimit: 500, followsConversations: true },
        { id: 'birch', promptLimit: 100, followsConversations: false },
      ],
    });
    model = new CouncilModel(ports);
    model.connect();
    talk = await model.loadTalk();
    await talk.port();
    await settle();
  });

  async function pass(ms = ROUND_MS): Promise<void> {
    for (let passed = 0; passed < ms; passed += 10) {
      clock.advance(10);
      await settle();
    }
  }

  async function ask(prompt: string, manner: 'ask' | 'again' = 'ask'): Promise<void> {
    const asked = model.ask(prompt, manner);
    await settle();
    await pass();
    await asked;
  }

  it('leaves a single question alone, and begins a conversation with the one that follows it', async () => {
    await ask('What is 38 + 47?');
    expect(model.following).toBe(true);
    expect(talk.conversation).toBeNull();
    expect(talk.rows).toEqual([]);
    const asked = model.ask('And then?');
    await settle();
    expect(rowsOf(talk.rows)).toEqual(['What is 38 + 47?']);
    expect(talk.kept).toBe(false);
    await pass();
    await asked;
    expect(model.problem).toBeNull();
    expect(talk.conversation).toMatchObject({ title: 'What is 38 + 47?', turns: [{}, {}] });
    expect(talk).toMatchObject({ kept: true, atHead: true, asking: false });
    expect(rowsOf(talk.rows)).toEqual(['What is 38 + 47?']);
    await ask('And now?');
    expect(rowsOf(talk.rows)).toEqual(['What is 38 + 47?', 'And then?']);
  });

  it('empties the box when its question was answered, and not when it was refused', async () => {
    model.draft = 'What is 38 + 47?';
    await ask(model.draft);
    expect(model.draft).toBe('');
    model.draft = 'x'.repeat(200);
    await ask(model.draft);
    expect(model.draft).toHaveLength(200);
    expect(model.problem?.code).toBe('prompt-too-long');
    expect(model.shown?.prompt).toBe('What is 38 + 47?');
    expect(rowsOf(talk.rows)).toEqual([]);
  });

  it('rewords an earlier question beside it, and turns between the versions', async () => {
    await ask('one');
    await ask('two');
    const first = talk.conversation?.turns[0] ?? null;
    await talk.edit(first);
    expect(model.draft).toBe('one');
    const asked = model.ask('one b');
    await settle();
    expect(rowsOf(talk.rows)).toEqual(['one b … 2/2 *']);
    await pass();
    await asked;
    expect(talk.editing).toBeNull();
    expect(rowsOf(talk.rows)).toEqual(['one b 2/2 *']);
    await talk.turnTo(first?.id ?? '');
    expect(model.shown?.prompt).toBe('two');
    expect(rowsOf(talk.rows)).toEqual(['one 1/2']);
    await talk.turnTo(talk.conversation?.turns[2]?.id ?? '');
    expect(model.shown?.prompt).toBe('one b');
  });

  it('asks the question on screen once more, fresh and as another version of it', async () => {
    await ask('one');
    const asked = model.askAgain();
    await settle();
    expect(rowsOf(talk.rows)).toEqual(['one … 2/2 *']);
    await pass();
    await asked;
    expect(talk.conversation?.turns.map(({ kind }) => kind)).toEqual(['ask', 'retry']);
    expect(ports.calls.filter((call) => call.startsWith('council.ask'))).toHaveLength(2);
  });

  it('goes on with a round of the history, and keeps it on screen where the question is refused', async () => {
    await model.open('old');
    await ask('x'.repeat(200));
    expect(model.record?.id).toBe('old');
    await ask('And then?');
    expect(talk.conversation?.turns.map(({ prompt }) => prompt)).toEqual(['Sort 3, 1', 'And then?']);
  });

  it('shows a round with the conversation that it is a turn of, and others without', async () => {
    await ask('one');
    await ask('two');
    const id = talk.conversation?.id;
    await model.open('old');
    await talk.follow(model.shown);
    expect(talk.conversation).toBeNull();
    const first = ports.records.find(({ prompt }) => prompt === 'one');
    await model.open(first?.id ?? '');
    await talk.follow(first === undefined ? null : { ...first, threadId: id ?? '' });
    expect(talk.conversation?.id).toBe(id);
    expect(rowsOf(talk.rows)).toEqual(['one *', 'two']);
    expect(talk.atHead).toBe(false);
  });

  it('goes on from the branch that is on screen', async () => {
    await ask('one');
    await ask('two');
    await talk.edit(talk.conversation?.turns[0] ?? null);
    await ask('one b');
    const second = talk.conversation?.turns[1];
    await model.open(second?.deliberationId ?? '');
    await talk.follow(model.shown);
    expect(rowsOf(talk.rows)).toEqual(['one 1/2']);
    await ask('three');
    expect(talk.conversation?.turns.at(-1)).toMatchObject({ prompt: 'three', parentId: second?.id });
  });

  it('opens a conversation by its address at its newest turn, and says when there is none', async () => {
    await ask('one');
    await ask('two');
    const id = talk.conversation?.id ?? '';
    model.anew();
    expect(model.question).toBeNull();
    expect(model.following).toBe(false);
    await model.open(null, id);
    expect(model.shown?.prompt).toBe('two');
    expect(model.following).toBe(true);
    model.anew();
    await model.open(null, 'nobody');
    expect(model.problem?.code).toBe('record-invalid');
  });

  it('keeps what members are to be shown, before the conversation has begun and after', async () => {
    await ask('one');
    await talk.setView('council');
    await ask('two');
    expect(talk.conversation?.view).toBe('council');
    await talk.setView('none');
    const stored = await (await ports.conversations()).get(talk.conversation?.id ?? '');
    expect(stored).toMatchObject({ value: { view: 'none' } });
    await talk.learn(new AbortController().signal);
    expect(talk.followers).toEqual(['alder']);
  });

  it('begins anew after it was deleted elsewhere', async () => {
    await ask('one');
    await ask('two');
    await (await ports.conversations()).remove(talk.conversation?.id ?? '');
    await settle();
    expect(talk.conversation).toBeNull();
    expect(model.shown?.prompt).toBe('two');
  });

  it('sees what another tab has asked in it, and goes on after that', async () => {
    await ask('one');
    await ask('two');
    const port = await ports.conversations();
    const elsewhere = port.ask(
      new AbortController().signal,
      talk.conversation ?? port.begin(),
      'from elsewhere',
    );
    await settle();
    await pass();
    await elsewhere;
    await settle();
    expect(talk.conversation?.turns.map(({ prompt }) => prompt)).toEqual(['one', 'two', 'from elsewhere']);
    await ask('and then?');
    expect(talk.conversation?.turns.at(-1)?.parentId).toBe(talk.conversation?.turns[2]?.id);
  });

  it('says that the code of conversations could not be fetched, and asks nobody', async () => {
    await ask('one');
    ports.talk.failure = new Error('offline');
    const before = ports.calls.length;
    await ask('two');
    expect(model.problem).not.toBeNull();
    expect(model.shown?.prompt).toBe('one');
    expect(ports.calls.slice(before).filter((call) => call.startsWith('council.ask'))).toEqual([]);
  });

  it('tells what went wrong when a turn cannot be turned to', async () => {
    await ask('one');
    await ask('two');
    const port = await ports.conversations();
    port.turnTo = () => Promise.resolve(err(failure('storage-failed')));
    await talk.turnTo(talk.conversation?.turns[0]?.id ?? '');
    expect(model.problem?.code).toBe('storage-failed');
  });

  it('reads the records of its turns, as far as they are there', async () => {
    await ask('one');
    await ask('two');
    const [turn] = talk.conversation?.turns ?? [];
    if (turn === undefined) throw new Error('no turn');
    await talk.read([turn, { ...turn, deliberationId: 'removed' }]);
    expect([...talk.records.keys()]).toContain(turn.deliberationId);
    expect(talk.records.has('removed')).toBe(false);
  });
});
