import { expect, test } from 'vitest';
import { PageKeeper, type OpenPage } from '../../../../../tools/witan/serve/page-keeper.ts';
import { FakeBackend } from '../../../../fakes/serve-backend.ts';
import { turn } from '../../../../fakes/turn.ts';

const NEVER = new AbortController().signal;
const QUESTION = { prompt: 'What is 38 + 47?', seed: 1, history: [], leaveOutHistory: false };

class FakePage implements OpenPage {
  readonly council = new FakeBackend();
  closed = 0;
  die: () => void = () => undefined;
  readonly died = new Promise<void>((resolve) => {
    this.die = resolve;
  });

  close(): Promise<void> {
    this.closed += 1;
    return Promise.resolve();
  }
}

function keep(opens: (page: FakePage, count: number) => Promise<void> = () => Promise.resolve()) {
  const pages: FakePage[] = [];
  const givenUp: string[] = [];
  const keeper = new PageKeeper({
    open: async () => {
      const page = new FakePage();
      pages.push(page);
      await opens(page, pages.length);
      return page;
    },
    onGivenUp: ({ message }) => givenUp.push(message),
    log: () => undefined,
  });
  const ask = () => keeper.ask(NEVER, QUESTION, () => undefined);
  const kill = async (index: number): Promise<void> => {
    pages[index]?.die();
    await turn();
  };
  return { keeper, pages, givenUp, ask, kill };
}

test('asks the page that is open', async () => {
  const { keeper, pages, ask } = keep();
  expect(keeper.state).toBe('starting');
  expect(await ask()).toMatchObject({ error: { code: 'council-unavailable' } });
  await keeper.start();
  expect(keeper.state).toBe('ready');
  expect(keeper.members()).toHaveLength(2);
  expect(await ask()).toMatchObject({ ok: true });
  expect(pages[0]?.council.questions).toEqual([QUESTION]);
});

test('a page that dies is replaced, and nobody can be asked meanwhile', async () => {
  let opened: () => void = () => undefined;
  const { keeper, pages, givenUp, ask, kill } = keep((_page, count) =>
    count === 2 ? new Promise((resolve) => (opened = resolve)) : Promise.resolve(),
  );
  await keeper.start();
  await kill(0);
  expect([keeper.state, keeper.members()]).toEqual(['starting', []]);
  expect(await ask()).toMatchObject({
    error: { code: 'council-unavailable', details: { cause: 'page-lost' } },
  });
  opened();
  await turn();
  expect(keeper.state).toBe('ready');
  expect(await ask()).toMatchObject({ ok: true });
  expect(pages.map(({ closed, council }) => [closed, council.questions.length])).toEqual([
    [1, 0],
    [0, 1],
  ]);
  expect(givenUp).toEqual([]);
});

test('one that dies after it has answered is replaced again', async () => {
  const { keeper, givenUp, ask, kill } = keep();
  await keeper.start();
  for (const index of [0, 1, 2]) {
    await kill(index);
    expect(await ask()).toMatchObject({ ok: true });
  }
  expect(givenUp).toEqual([]);
});

test('one that dies again before it has answered is given up', async () => {
  const { keeper, pages, givenUp, kill } = keep();
  await keeper.start();
  await kill(0);
  await kill(1);
  expect(keeper.state).toBe('failed');
  expect(givenUp).toHaveLength(1);
  expect(pages.map(({ closed }) => closed)).toEqual([1, 1]);
});

test('one that cannot be opened again is given up', async () => {
  const { keeper, givenUp, kill } = keep((_page, count) =>
    count === 1 ? Promise.resolve() : Promise.reject(new Error('no browser')),
  );
  await keeper.start();
  await kill(0);
  expect([keeper.state, givenUp]).toEqual(['failed', ['no browser']]);
});

test('the first that cannot be opened is the error of the start', async () => {
  const { keeper, givenUp } = keep(() => Promise.reject(new Error('no browser')));
  await expect(keeper.start()).rejects.toThrow('no browser');
  expect(givenUp).toEqual([]);
});

test('closed, it opens nothing any more', async () => {
  let opened: () => void = () => undefined;
  const { keeper, pages, kill } = keep((_page, count) =>
    count === 2 ? new Promise((resolve) => (opened = resolve)) : Promise.resolve(),
  );
  await keeper.start();
  await kill(0);
  await keeper.close();
  opened();
  await turn();
  expect([keeper.state, pages.map(({ closed }) => closed)]).toEqual(['failed', [1, 1]]);
  await kill(1);
  expect(pages).toHaveLength(2);
});
