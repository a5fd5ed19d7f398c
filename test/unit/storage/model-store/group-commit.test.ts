import { describe, expect, it } from 'vitest';
import { err, ok } from '#kernel/result';
import { failure, type Outcome } from '#contracts/errors';
import { VirtualClock } from '../../../fakes/virtual-clock.ts';
import { GroupCommit, LONGEST_REST_MS } from '../../../../src/storage/model-store/group-commit.ts';

class Commits {
  readonly clock = new VirtualClock();
  readonly seen: (readonly number[])[] = [];
  readonly group = new GroupCommit<number>(this.clock, (items) => {
    this.seen.push(items);
    return new Promise((resolve, reject) => {
      this.#settle.push(resolve);
      this.#reject.push(reject);
    });
  });
  readonly #settle: ((outcome: Outcome<null>) => void)[] = [];
  readonly #reject: ((thrown: unknown) => void)[] = [];

  async settle(outcome: Outcome<null> = ok(null)): Promise<void> {
    this.#settle.shift()?.(outcome);
    this.#reject.shift();
    await turns();
  }

  async throw(thrown: unknown): Promise<void> {
    this.#reject.shift()?.(thrown);
    this.#settle.shift();
    await turns();
  }
}

const turns = async (): Promise<void> => {
  for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
};
const FULL = err(failure('storage-full'));

it('commits at once what comes alone, and together what comes meanwhile, in order', async () => {
  const commits = new Commits();
  const first = commits.group.add(1);
  await turns();
  const [second, third] = [commits.group.add(2), commits.group.add(3)];
  await turns();
  expect(commits.seen).toEqual([[1]]);
  await commits.settle();
  expect(await first).toEqual(ok(null));
  expect(commits.seen).toEqual([[1], [2, 3]]);
  await commits.settle();
  expect(await Promise.all([second, third])).toEqual([ok(null), ok(null)]);
  void commits.group.add(4);
  await turns();
  expect(commits.seen).toEqual([[1], [2, 3], [4]]);
});

it('tells those of a commit that failed, and only them; the next is made all the same', async () => {
  const commits = new Commits();
  const first = commits.group.add(1);
  await turns();
  const [second, third] = [commits.group.add(2), commits.group.add(3)];
  await commits.settle();
  await commits.settle(FULL);
  const fourth = commits.group.add(4);
  await turns();
  await commits.settle();
  expect(await Promise.all([first, second, third, fourth])).toEqual([ok(null), FULL, FULL, ok(null)]);
});

it('goes on after a commit that threw', async () => {
  const commits = new Commits();
  const first = commits.group.add(1);
  await turns();
  const second = commits.group.add(2);
  void commits.throw(new Error('it should not'));
  await expect(first).rejects.toThrow('it should not');
  await turns();
  await commits.settle();
  expect(await second).toEqual(ok(null));
});

it('is idle when everything that was added is committed', async () => {
  const commits = new Commits();
  await commits.group.idle();
  void commits.group.add(1);
  await turns();
  void commits.group.add(2);
  let isIdle = false;
  const idle = commits.group.idle().then(() => {
    isIdle = true;
  });
  await commits.settle();
  expect(isIdle).toBe(false);
  await commits.settle();
  await idle;
  expect(isIdle).toBe(true);
});

describe('what nobody waits for', () => {
  const COMMIT_MS = 10;

  /** One commit that took its time, and an item after it that nobody waits for. */
  async function rested(): Promise<Commits> {
    const commits = new Commits();
    void commits.group.add(1, false);
    await turns();
    expect(commits.seen).toEqual([[1]]); // the first never rests
    commits.clock.advance(COMMIT_MS);
    await commits.settle();
    void commits.group.add(2, false);
    await turns();
    return commits;
  }

  it('is committed when commits have taken no more than a tenth of the time', async () => {
    const commits = await rested();
    void commits.group.add(3, false);
    commits.clock.advance(9 * COMMIT_MS - 1);
    await turns();
    expect(commits.seen).toEqual([[1]]);
    commits.clock.advance(1);
    await turns();
    expect(commits.seen).toEqual([[1], [2, 3]]);
  });

  it.each([
    ['somebody waits for another', (commits: Commits) => void commits.group.add(3)],
    ['all is to be committed', (commits: Commits) => void commits.group.idle()],
    ['there is haste', (commits: Commits) => void commits.group.hurry()],
  ])('is committed at once when %s', async (_why, haste) => {
    const commits = await rested();
    haste(commits);
    await turns();
    expect(commits.seen.length).toBe(2);
    expect(commits.seen[1]?.[0]).toBe(2);
    expect(commits.clock.pending).toBe(0);
  });

  it('waits no longer than a quarter of a second, and haste of before does not count', async () => {
    const commits = await rested();
    commits.group.hurry();
    await turns();
    commits.clock.advance(60_000);
    await commits.settle();
    commits.group.hurry();
    void commits.group.add(3, false);
    await turns();
    expect(commits.seen.length).toBe(2);
    commits.clock.advance(LONGEST_REST_MS);
    await turns();
    expect(commits.seen.length).toBe(3);
  });
});
