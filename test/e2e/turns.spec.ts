import type { Page } from '@playwright/test';
import type { AskOptions, Deliberation } from '../../src/contracts/deliberation.ts';
import type { WaitsFor } from '../../src/contracts/engine.ts';
import { SHAPE_1M, syntheticGguf } from '../browser/synthetic-gguf.ts';
import { expect, openApp, test } from './support/fixtures.ts';
import { Hub } from './support/hub.ts';
import { takeModel } from './support/store.ts';

const NAMES = ['one', 'two', 'three'] as const;
const MODELS = NAMES.map((_, index) => syntheticGguf(SHAPE_1M, { seed: index + 1 }));

// Its precache has the real catalogue.
test.use({ serviceWorkers: 'block' });

interface Watched {
  readonly record: Deliberation;
  /** What members waited for, once each, as `ID WHAT`. */
  readonly waits: readonly string[];
  /** Most members that were in memory at the same time, and those that ever were. */
  readonly mostLoaded: number;
  readonly everLoaded: readonly string[];
}

/** Asks, and watches who is in memory meanwhile. */
async function askWatched(page: Page, options: AskOptions): Promise<Watched> {
  return page.evaluate(async (options) => {
    const { witan } = window;
    if (witan === undefined) throw new Error('the page has no ports');
    const waits = new Set<string>();
    const ever = new Set<string>();
    let mostLoaded = 0;
    const look = (): void => {
      const loaded = witan.council.members().filter(({ state }) => state === 'ready' || state === 'thinking');
      for (const { id } of loaded) ever.add(id);
      mostLoaded = Math.max(mostLoaded, loaded.length);
    };
    const leave = witan.council.subscribe((event) => {
      look();
      const waitsFor: WaitsFor | null = event.type === 'member-waiting' ? event.waitsFor : null;
      if (event.type === 'member-waiting' && waitsFor !== null) waits.add(`${event.memberId} ${waitsFor}`);
    });
    look();
    const asked = await witan.council.ask(new AbortController().signal, 'What is 38 + 47?', {
      ...options,
      fresh: true,
    });
    leave();
    if (!asked.ok) throw new Error(JSON.stringify(asked.error));
    return { record: asked.value, waits: [...waits], mostLoaded, everLoaded: [...ever] };
  }, options);
}

/** A council of three models of the store, none of them loaded. */
async function seat(
  page: Page,
  serve: (headers: undefined, besides: Hub['handle']) => Promise<{ url: string }>,
) {
  const { url } = await serve(undefined, new Hub(new Uint8Array(1)).handle);
  await openApp(page, `${url}#/models`);
  for (const [index, name] of NAMES.entries()) await takeModel(page, name, MODELS[index] ?? new Uint8Array());
  await page.evaluate(
    (names) =>
      window.witan?.settings.choose(
        new AbortController().signal,
        names.map((name) => ({ engine: 'wllama', id: `import-${name}` }) as const),
      ),
    NAMES,
  );
}

const SPOKE = /answered|abstained|late/;

test('models that want all threads take turns on the processor, and waiting is no part of their time', async ({
  page,
  serve,
}) => {
  await seat(page, serve);
  const { record, waits, mostLoaded } = await askWatched(page, {});
  expect(mostLoaded).toBe(3);
  for (const { status, id } of record.members) expect(status, id).toMatch(SPOKE);
  expect(waits.filter((wait) => wait.endsWith('processor')).length).toBeGreaterThanOrEqual(2);
  const waited = record.members.filter(({ waitedMs = 0 }) => waitedMs > 0);
  expect(waited.length).toBeGreaterThanOrEqual(2);
  const worked = record.members.reduce((sum, { durationMs }) => sum + durationMs, 0);
  // At once they would have worked three times as long as the round took; one ends while the next begins.
  expect(worked).toBeLessThan(1.1 * record.wallMs);
});

test('models that memory does not hold all at once come into it in turn, and all of them answer', async ({
  page,
  serve,
}) => {
  await seat(page, serve);
  // Each is predicted to take some 130 MB.
  await page.evaluate(() => window.witan?.test.limitMemory({ processor: 200e6, card: Infinity }));
  const first = await askWatched(page, { rule: 'plurality', samples: 2 });
  expect(first.mostLoaded).toBe(1);
  expect(first.everLoaded).toHaveLength(3);
  for (const { status, id, samples } of first.record.members) {
    expect(status, id).toMatch(SPOKE);
    expect(samples, id).toHaveLength(2);
  }
  expect(first.waits.filter((wait) => wait.endsWith('memory')).length).toBeGreaterThanOrEqual(2);
  // The last one is still there: it is asked without being loaded again.
  const again = await askWatched(page, { rule: 'plurality' });
  expect(again.mostLoaded).toBe(1);
  for (const { status, id } of again.record.members) expect(status, id).toMatch(SPOKE);
  // With room for all they stay.
  await page.evaluate(() => window.witan?.test.limitMemory(null));
  const roomy = await askWatched(page, { rule: 'plurality' });
  expect(roomy.mostLoaded).toBe(3);
  for (const { status, id } of roomy.record.members) expect(status, id).toMatch(SPOKE);
});

test('under ModelSwitch a model is loaded when the ones before it disagree with themselves', async ({
  page,
  serve,
}) => {
  await seat(page, serve);
  // One answer agrees with itself: the first that gives one is the last that is loaded.
  const { record, everLoaded } = await askWatched(page, { rule: 'model-switch', samples: 1 });
  const asked = record.members.filter(({ status }) => status !== 'cut').map(({ id }) => id);
  expect([...everLoaded].sort()).toEqual([...asked].sort());
  if (asked.length < 3) expect(record.members.at(asked.length - 1)?.key).not.toBeNull();
});
