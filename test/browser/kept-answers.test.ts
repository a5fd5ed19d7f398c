import { deleteDB } from 'idb';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { systemClock } from '#kernel/clock';
import { ok } from '#kernel/result';
import type { RoundEvent } from '#contracts/council';
import type { Deliberation } from '#contracts/deliberation';
import type { Outcome } from '#contracts/errors';
import { NO_METRICS } from '#contracts/metrics';
import { composeResponses } from '../../src/app/response-composition.ts';
import type { ResponseCacheService } from '../../src/app/response-cache-service.ts';
import { starterSpec, type SeatedMember } from '../../src/resources/member-spec.ts';
import { DATABASE_NAME, openWitanDatabase, type WitanDatabase } from '../../src/storage/database.ts';
import { deliberation } from '../fakes/deliberations.ts';
import { starterMember } from '../fakes/manual-engine.ts';

// The browser's own IndexedDB and hash, with one connection for each tab.

const NEVER = new AbortController().signal;
const PROMPT = deliberation('any', 1).prompt;
const SEATED: readonly SeatedMember[] = ['alder', 'birch'].map((id) => {
  const spec = starterSpec(starterMember(id), `https://page/${id}.gguf`, 1);
  return { spec, rung: spec.rungs[0], backend: 'cpu' };
});

let opened: WitanDatabase[];
let rounds: number;
let events: RoundEvent[];

beforeEach(async () => {
  opened = [];
  rounds = 0;
  events = [];
  await deleteDB(DATABASE_NAME);
});

afterEach(() => {
  for (const database of opened) database.close();
});

async function tab(): Promise<ResponseCacheService> {
  const database = await openWitanDatabase({ onLost: () => undefined });
  if (!database.ok) throw new Error(database.error.code);
  opened.push(database.value);
  return composeResponses({
    clock: systemClock,
    metrics: NO_METRICS,
    database: Promise.resolve(database.value),
    emit: (event) => events.push(event),
  });
}

const ask = (cache: ResponseCacheService, fresh = false): Promise<Outcome<Deliberation>> =>
  cache.askCouncil(NEVER, {
    prompt: PROMPT,
    options: { fresh },
    manager: { seated: () => SEATED },
    abstain: 'I cannot answer that.',
    ask: async () => {
      rounds += 1;
      return ok(deliberation(`round-${String(rounds)}`, Date.now()));
    },
  });

it('what one tab asked, another knows, and one that was opened later', async () => {
  const [here, there] = [await tab(), await tab()];
  expect(await ask(here)).not.toHaveProperty('value.cached');
  expect(await ask(there)).toMatchObject({ value: { cached: { roundId: 'round-1' } } });
  expect(await ask(await tab())).toMatchObject({ value: { answer: '85', cached: { roundId: 'round-1' } } });
  expect(rounds).toBe(1);
  expect(events.filter(({ type }) => type === 'round-ended')).toHaveLength(2);
});

it('a newer answer takes the place of the old, and what is forgotten is forgotten everywhere', async () => {
  const [here, there] = [await tab(), await tab()];
  await ask(here);
  await ask(there, true);
  expect(await ask(here)).toMatchObject({ value: { cached: { roundId: 'round-2' } } });
  expect(await there.forgetModel('birch')).toEqual(ok(null));
  expect(await ask(here)).toMatchObject({ value: { id: 'round-3' } });
  expect(await here.stats()).toMatchObject({ value: { entries: 1, persistent: true, enabled: true } });
});

it('turned off in one tab it is off in all, over a new visit', async () => {
  const [here, there] = [await tab(), await tab()];
  await ask(here);
  await here.setEnabled(false);
  await ask(there);
  await ask(await tab());
  expect(rounds).toBe(3);
  expect(await there.stats()).toMatchObject({ value: { entries: 0, enabled: false } });
});

it('goes on in memory once the browser has taken the database away', async () => {
  const here = await tab();
  await ask(here);
  for (const database of opened) database.close();
  await ask(here);
  expect(await ask(here)).toMatchObject({ value: { cached: { roundId: 'round-2' } } });
  expect(await here.setEnabled(false)).toMatchObject({ error: { code: 'storage-failed' } });
  expect(await ask(here)).not.toHaveProperty('value.cached');
  expect(await here.stats()).toMatchObject({ value: { persistent: false } });
});
