import type { Page } from '@playwright/test';
import type { Deliberation } from '../../src/contracts/deliberation.ts';
import type { Outcome } from '../../src/contracts/errors.ts';
import { ask, members, prepare, QUESTION } from './support/ports.ts';
import { expect, openApp, test } from './support/fixtures.ts';

/** When in a round the worker dies. `before`: the member sits idle. */
const POINTS = ['before', 'round-started', 'member-started', 'member-chunk', 'round-decided'] as const;
type Point = (typeof POINTS)[number];

/** Remembers the page's workers by their names, so that one can be killed in the very moment of an event. */
async function exposeWorkers(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const started = new Map<string, Worker>();
    Object.assign(globalThis, { startedWorkers: started });
    globalThis.Worker = class extends Worker {
      constructor(url: string | URL, options?: WorkerOptions) {
        super(url, options);
        if (options?.name !== undefined) started.set(options.name, this);
      }
    };
  });
}

/** Long enough to die in the middle of: the answer has about twenty tokens. The other points need one they agree on. */
const LONG_QUESTION = 'Arrange 83, 65, 75, 16, 71 from low to high.';

interface KilledRound {
  readonly outcome: Outcome<Deliberation>;
  /** Whether the round came to the point at which the worker was to die. */
  readonly reached: boolean;
}

/** Asks, and kills the worker of one member when the round reaches `point`. */
async function askAndKill(page: Page, memberId: string, point: Point): Promise<KilledRound> {
  return page.evaluate(
    async ({ memberId, point, prompt }) => {
      const { witan } = window;
      const workers = (globalThis as unknown as { startedWorkers: Map<string, Worker> }).startedWorkers;
      const names = [...workers.keys()];
      const name = names.find((name) => name.includes(memberId));
      if (witan === undefined || name === undefined)
        throw new Error(`no worker of ${memberId}: ${names.join()}`);
      let reached = false;
      const kill = (): void => {
        reached = true;
        workers.get(name)?.terminate();
      };
      if (point === 'before') kill();
      const leave = witan.council.subscribe((event) => {
        if (event.type !== point) return;
        if ('memberId' in event && event.memberId !== memberId) return;
        leave();
        kill();
      });
      const outcome = await witan.council.ask(new AbortController().signal, prompt, { fresh: true });
      leave();
      return { outcome, reached };
    },
    { memberId, point, prompt: point === 'member-chunk' ? LONG_QUESTION : QUESTION },
  );
}

/** Points at which the member surely still owes its vote. */
const OWES_VOTE: readonly Point[] = ['round-started', 'member-started', 'member-chunk'];

// The copy for offline use is made anew for every test: other specs try it.
test.use({ serviceWorkers: 'block' });

test.describe('a worker that dies', () => {
  for (const point of POINTS) {
    test(`at ${point}, each member in its turn`, async ({ page }) => {
      await exposeWorkers(page);
      await openApp(page);
      for (const { id: victim } of await prepare(page)) {
        const { outcome, reached } = await askAndKill(page, victim, point);
        expect(reached, `the round came to ${point}`).toBe(true);
        if (!outcome.ok) throw new Error(`the round failed: ${outcome.error.code}`);
        for (const part of outcome.value.members) {
          // The victim's successor is asked the same; the vote may be decided before it has answered.
          expect(part.status, part.id).toMatch(/answered|abstained|cut|late/);
          if (part.id === victim && OWES_VOTE.includes(point)) expect(part.restarts, part.id).toBe(1);
        }
        // It comes back by itself, as a new worker, and takes part again.
        await expect
          .poll(async () => (await members(page)).find((member) => member.id === victim))
          .toMatchObject({ state: 'ready', restarts: 1 });
        const next = await ask(page);
        expect(next.members.map((member) => member.status)).not.toContain('lost');
      }
    });
  }
});

/** Where a worker may hang: it runs, and hears nothing any more. */
const STALLS = [
  [0, 'before'],
  [1, 'member-started'],
  [2, 'member-chunk'],
] as const;

test.describe('a worker that hangs', () => {
  for (const [memberIndex, point] of STALLS) {
    test(`member ${memberIndex + 1} at ${point}`, async ({ page }) => {
      await openApp(page);
      const victim = (await prepare(page))[memberIndex]?.id ?? '';
      const named = await Promise.all(
        page.workers().map(async (worker) => ({ worker, name: await worker.evaluate(() => self.name) })),
      );
      const worker = named.find(({ name }) => name.includes(victim))?.worker;
      if (worker === undefined) throw new Error(`no worker of ${victim}`);
      let struck = false;
      const hang = (): void => {
        struck = true;
        // Never comes back; it ends with the worker.
        worker
          .evaluate(() => {
            for (;;) performance.now();
          })
          .catch(() => undefined);
      };
      await page.exposeFunction('strike', hang);
      if (point === 'before') hang();
      const outcome = await page.evaluate(
        async ({ victim, point, prompt }) => {
          const { witan } = window;
          if (witan === undefined) throw new Error('the page has no ports');
          const strike = Reflect.get(globalThis, 'strike') as () => Promise<void>;
          const leave = witan.council.subscribe((event) => {
            if (event.type !== point || event.memberId !== victim) return;
            leave();
            void strike();
          });
          const asked = await witan.council.ask(new AbortController().signal, prompt);
          leave();
          return asked;
        },
        { victim, point, prompt: point === 'member-chunk' ? LONG_QUESTION : QUESTION },
      );
      expect(struck, `the round came to ${point}`).toBe(true);
      if (!outcome.ok) throw new Error(`the round failed: ${outcome.error.code}`);
      const { members: parts, answer, missing } = outcome.value;
      expect(answer).not.toBeNull();
      for (const part of parts) {
        if (part.id !== victim) expect(part.status, part.id).toMatch(/answered|abstained|cut|late/);
        // What it has not said is told: nobody takes it for an answer.
        else if (!/answered|abstained|cut|late/.test(part.status)) expect(missing).toContain(victim);
      }
      // Found out by its silence, it is replaced.
      await expect
        .poll(async () => (await members(page)).find(({ id }) => id === victim), { timeout: 90_000 })
        .toMatchObject({ state: 'ready', restarts: 1 });
      const next = await ask(page);
      expect(next.members.map(({ status }) => status)).not.toContain('lost');
    });
  }
});

test('a worker that closes itself mid-answer is shown lost and comes back', async ({ page }) => {
  await openApp(page);
  await prepare(page);
  const [victim] = await members(page);
  const named = await Promise.all(
    page.workers().map(async (worker) => ({ worker, name: await worker.evaluate(() => self.name) })),
  );
  const worker = named.find(({ name }) => name.includes(victim?.id ?? '?'))?.worker;
  expect(worker, `worker of ${victim?.id ?? ''} among ${named.map(({ name }) => name).join()}`).toBeDefined();
  await worker?.evaluate(() => {
    self.close();
  });
  const record = await ask(page);
  expect(record.members).toHaveLength(3);
  await expect
    .poll(async () => (await members(page)).map((member) => member.state), { timeout: 60_000 })
    .toEqual(['ready', 'ready', 'ready']);
  await expect(page.getByRole('article', { name: victim?.name ?? '' })).toContainText('restarted');
});
