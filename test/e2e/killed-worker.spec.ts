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

/** Asks, and kills the worker of one member when the round reaches `point`. */
async function askAndKill(page: Page, memberId: string, point: Point): Promise<Outcome<Deliberation>> {
  const outcome = await page.evaluate(
    async ({ memberId, point, prompt }) => {
      const { witan } = window;
      const workers = (globalThis as unknown as { startedWorkers: Map<string, Worker> }).startedWorkers;
      const names = [...workers.keys()];
      const name = names.find((name) => name.includes(memberId));
      if (witan === undefined || name === undefined)
        throw new Error(`no worker of ${memberId}: ${names.join()}`);
      const kill = (): void => workers.get(name)?.terminate();
      if (point === 'before') kill();
      const leave = witan.council.subscribe((event) => {
        if (event.type !== point) return;
        if ('memberId' in event && event.memberId !== memberId) return;
        leave();
        kill();
      });
      const asked = await witan.council.ask(new AbortController().signal, prompt);
      leave();
      return asked;
    },
    { memberId, point, prompt: QUESTION },
  );
  return outcome;
}

test.describe('a worker that dies', () => {
  for (const memberIndex of [0, 1, 2]) {
    test(`member ${memberIndex + 1}, at five points of a round`, async ({ page }) => {
      await exposeWorkers(page);
      await openApp(page);
      const council = await prepare(page);
      const victim = council[memberIndex]?.id ?? '';
      for (const [index, point] of POINTS.entries()) {
        const outcome = await askAndKill(page, victim, point);
        expect(outcome, `round with ${victim} killed at ${point}`).toMatchObject({ ok: true });
        if (!outcome.ok) continue;
        const { members: parts } = outcome.value;
        for (const part of parts.filter((part) => part.id !== victim))
          expect(part.status, `${part.id} while ${victim} died at ${point}`).toMatch(
            /answered|abstained|cut|late/,
          );
        const lost = parts.find((part) => part.id === victim);
        if (point === 'round-started' || point === 'member-started' || point === 'member-chunk')
          expect(lost?.status, `${victim} killed at ${point}`).toBe('lost');
        // It comes back by itself, as a new worker.
        await expect
          .poll(async () => (await members(page)).find((member) => member.id === victim), { timeout: 60_000 })
          .toMatchObject({ state: 'ready', restarts: index + 1 });
      }
      const whole = await ask(page);
      expect(whole.members.map((member) => member.status)).not.toContain('lost');
      expect(
        whole.missing.filter((id) => id === victim && whole.members.every((m) => m.status !== 'cut')),
      ).toEqual([]);
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
