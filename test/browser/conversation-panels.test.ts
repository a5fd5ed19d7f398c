import { flushSync, mount, unmount } from 'svelte';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { systemClock } from '#kernel/clock';
import CouncilPage from '../../src/ui/council/council-page.svelte';
import { CouncilModel } from '../../src/ui/council/council-model.svelte.ts';
import type { HistoryReader } from '../../src/app/conversation-service.ts';
import { defaultScript, FakePorts } from '../fakes/ports.ts';

let leave: (() => void)[] = [];
beforeEach(() => {
  location.hash = '#/';
});
afterEach(() => {
  for (const each of leave.reverse()) each();
  leave = [];
});

const reader = (id: string, followsConversations: boolean): HistoryReader => ({
  id,
  promptLimit: 500,
  followsConversations,
});

/** The council page over a scripted council whose members answer at once. */
function open(readers: readonly HistoryReader[]): {
  readonly ports: FakePorts;
  readonly model: CouncilModel;
} {
  const { round, ...script } = defaultScript();
  const members = round.members.map((member) => ({ ...member, stepMs: 1 }));
  const ports = new FakePorts(systemClock, { ...script, loadMs: 1, round: { ...round, members }, readers });
  const model = new CouncilModel(ports);
  const props = { model, ports, clock: systemClock, recordId: null, conversationId: undefined };
  const page = mount(CouncilPage, { target: document.body, props });
  leave.push(model.connect(), () => void unmount(page));
  flushSync();
  return { ports, model };
}

const text = (): string => document.body.innerText;
const says = (words: string): Promise<void> =>
  vi.waitFor(() => {
    expect(text()).toContain(words);
  });

test('whose members follow conversations, the page asks what they are to be shown', async () => {
  const { ports, model } = open([reader('alder', true), reader('birch', true), reader('cedar', false)]);
  await model.ask('What is 38 + 47?');
  await says('Alder and Birch are shown');
  // Seen where there is room for it.
  expect(document.querySelector('.others')?.textContent).toBe('Cedar reads bare questions only.');
  const choice = await vi.waitFor(() => {
    const found = document.querySelector<HTMLSelectElement>('.follow select');
    expect(found?.value).toBe('own');
    return found;
  });
  if (choice === null) throw new Error('no choice');
  choice.value = 'council';
  choice.dispatchEvent(new Event('change', { bubbles: true }));
  await model.ask('And then?');
  const port = await ports.conversations();
  expect(await port.list(1)).toMatchObject({ value: [{ view: 'council', turns: [{}, {}] }] });
  await vi.waitFor(() => {
    const list = document.querySelector('[aria-labelledby="turns-title"]');
    expect(list?.textContent).toContain('What is 38 + 47?');
  });
  // The page is not told of its address here, but it has asked for it.
  expect(location.hash).toMatch(/^#\/conversation\//);
});

test('members that read bare questions are not said to be shown anything', async () => {
  const { model } = open([reader('alder', false), reader('birch', false), reader('cedar', false)]);
  await model.ask('What is 38 + 47?');
  await says('nothing said before is shown to them');
  expect(document.querySelector('.follow select')).toBeNull();
  expect(
    document.querySelector<HTMLElement>('.examples')?.checkVisibility({ visibilityProperty: true }),
  ).toBe(false);
});

test('a version that is turned to stays, however long its record takes to come', async () => {
  const { ports, model } = open([reader('alder', true)]);
  await model.ask('one');
  await model.ask('two');
  const talk = await model.loadTalk();
  const first = talk.conversation?.turns[0] ?? null;
  await talk.edit(first);
  await model.ask('one b');
  await says('2 of 2');
  const { get } = ports.history;
  ports.history.get = async (id) => {
    await new Promise(requestAnimationFrame);
    await new Promise(requestAnimationFrame);
    return get(id);
  };
  await talk.turnTo(first?.id ?? '');
  await new Promise(requestAnimationFrame);
  expect(model.shown?.prompt).toBe('two');
  expect(talk.rows.map(({ prompt, place }) => [prompt, place])).toEqual([['one', 1]]);
  await says('1 of 2');
});

test('a part whose code cannot be fetched leaves the others whole', async () => {
  const { ports, model } = open([reader('alder', true)]);
  await model.ask('What is 38 + 47?');
  ports.talk.failure = new Error('offline');
  await model.ask('And then?');
  expect(model.problem).not.toBeNull();
  await vi.waitFor(() => {
    expect(document.querySelector('[role=alert]')).not.toBeNull();
  });
  expect(model.shown?.prompt).toBe('What is 38 + 47?');
  expect(text()).toContain('History');
});
